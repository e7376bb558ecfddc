/*
 * sup_impl.h: the supervisor's own struct, for the rooms that make it up: sup.c (the loop,
 * signals, the stop) and sup_reload.c.
 */
#ifndef DEFERD_SUP_IMPL_H
#define DEFERD_SUP_IMPL_H

#include "control.h"
#include "core.h"
#include "events.h"
#include "http.h"
#include "notify.h"
#include "sup.h"

struct event;

enum sup_stage {
	SUP_UP,
	SUP_FINISHING, /* tasks finish */
	SUP_FLUSHING,  /* the last answers leave */
	SUP_GOODBYES,  /* workers leave */
	SUP_OVER
};

struct sup {
	const struct conf *conf; /* in force */
	struct conf *reloaded;   /* the same, when it came by a reload; owned */
	struct control_reload reload; /* how the last one ended */
	struct conf *loading;    /* of the reload under way; owned; NULL: none */
	struct event_base *base;
	struct core *core;
	struct http *http;
	struct control *control;
	struct notify *notify; /* NULL when only handlers are checked */
	struct event *signal[16];
	struct event *tick; /* while it stops */
	enum sup_stage stage;
	int64_t stage_ms;    /* since when */
	int64_t deadline_ms; /* of FINISHING; 0: none */
	const char **urls;   /* owned, NULL-terminated */
	sup_ready_cb *ready;
	void *ready_arg;
};

/* --- sup_reload.c --- */
/* Reads the config file again and changes over to it; why is for the log. False: not now. */
bool sup_reload(struct sup *, const char *why);

#endif

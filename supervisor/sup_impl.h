/*
 * sup_impl.h: the supervisor's own struct, for the rooms that make it up: sup.c (the loop,
 * signals), sup_stop.c, sup_reload.c, sup_restart.c.
 */
#ifndef DEFERD_SUP_IMPL_H
#define DEFERD_SUP_IMPL_H

#include "control.h"
#include "core.h"
#include "events.h"
#include "http.h"
#include "notify.h"
#include "sup.h"
#include "trial.h"
#include <event2/util.h>

struct event;

enum sup_stage {
	SUP_UP,
	SUP_LAST_CALLS, /* of a restart: new clients wait, the connected ones may ask once more */
	SUP_FINISHING, /* tasks finish */
	SUP_FLUSHING,  /* the last answers leave */
	SUP_GOODBYES,  /* workers leave */
	SUP_OVER
};

struct sup {
	const struct conf *conf; /* in force */
	struct conf *reloaded;   /* the same, when it came by a reload; owned */
	struct control_outcome reload; /* how the last one ended */
	struct handover *handover;   /* borrowed: what came, and what goes on */
	const char *program;         /* borrowed: what a restart executes */
	struct control_outcome restart; /* how the last one that was refused ended */
	struct trial trial;          /* of a restart */
	bool restarting;             /* it stops in order to start again */
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

/* --- sup_stop.c --- */
void sup_enter(struct sup *, enum sup_stage);
void sup_start_tick(struct sup *); /* of sup_tick_cb */
void sup_stop_tick(struct sup *);
/* grace_ms 0: at once; < 0: no limit. why is for the log. */
void sup_stop(struct sup *, const char *why, int64_t grace_ms);
/* One step of the stop, or of what leads to a restart. */
void sup_tick_cb(evutil_socket_t, short, void *);

/* --- sup_restart.c --- */
/* Tries program, config and handlers; when they are good, what is there finishes, and the
 * doors go to the next program. False: not now. */
bool sup_restart(struct sup *, const char *why);
/* SUP_UP: is the trial over? SUP_LAST_CALLS: are they? over: the grace is. */
void sup_restart_turn(struct sup *, bool over);
/* It shall stop instead. */
void sup_restart_cancel(struct sup *);
/* Puts what goes on into the handover. SUP_RESTART, or an exit code. From here on signals
 * wait for the next program. */
int sup_hand_over(struct sup *);
/* Waits for the children that were killed. */
void sup_reap_all(void);

/* --- sup_reload.c --- */
/* Reads the config file again and changes over to it; why is for the log. False: not now. */
bool sup_reload(struct sup *, const char *why);

#endif

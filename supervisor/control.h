/*
 * control.h: the control socket. Framing is common/ctlproto.h, commands are command.def.
 */
#ifndef DEFERD_CONTROL_H
#define DEFERD_CONTROL_H

#include "core.h"

struct control;

#define CONTROL_RELOAD_TEXT_BYTES 2048
struct control_reload {
	uint64_t count; /* reloads that have ended, well or not */
	bool ok;	/* the last one */
	char text[CONTROL_RELOAD_TEXT_BYTES]; /* what became of it; lines */
};

/* What the commands may ask of the process, given by main. */
struct control_ops {
	void (*stop)(void *arg); /* begin a graceful stop, as TERM does */
	bool (*reload)(void *arg); /* begin a reload, as HUP does; false: not now */
	const struct control_reload *reloaded; /* borrowed */
	void *arg;
	const char *const *urls; /* NULL-terminated; where HTTP listens; borrowed */
};

/* Binds config.control.socket (mode 0660; a stale file is removed, a live one is an
 * error) and serves it; the ops are copied. NULL with a logged sentence and errno. */
struct control *control_new(struct event_base *, struct core *, const struct control_ops *);
/* Closes everything and removes the socket file. */
void control_free(struct control *);

#endif

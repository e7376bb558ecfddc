/*
 * control.h: the control socket. Framing is common/ctlproto.h, commands are command.def.
 */
#ifndef DEFERD_CONTROL_H
#define DEFERD_CONTROL_H

#include "core.h"
#include "handover.h"

struct control;

#define CONTROL_TEXT_BYTES 2048
struct control_outcome { /* of reloads, of restarts */
	uint64_t count; /* how many have ended, well or not; a restart that goes well never does */
	bool ok;	/* the last one */
	char text[CONTROL_TEXT_BYTES]; /* what became of it; lines */
};

/* What the commands may ask of the process, given by main. */
struct control_ops {
	void (*stop)(void *arg); /* begin a graceful stop, as TERM does */
	bool (*reload)(void *arg); /* begin a reload, as HUP does; false: not now */
	bool (*restart)(void *arg); /* check, then begin a restart; false: not now */
	const struct control_outcome *reloaded, *restarted; /* borrowed */
	void *arg;
	const char *const *urls; /* NULL-terminated; where HTTP listens; borrowed */
};

/* Binds config.control.socket (mode 0660; a stale file is removed, a live one is an
 * error), or goes on with what a former deferd handed over, and serves it; the ops are
 * copied. NULL with a logged sentence and errno. */
struct control *control_new(struct event_base *, struct core *, const struct control_ops *,
    struct handover *);
/* Adds copies of the listening socket, and of the connections whose command the next program
 * answers. The socket's file will stay. 0 or -ERR_SYSTEM. */
int control_hand_over(struct control *, struct handover *) MUST_USE;
/* Closes everything and removes the socket file. */
void control_free(struct control *);

#endif

/*
 * control.h: the control socket. Framing is common/ctlproto.h, commands are command.def.
 */
#ifndef DEFERD_CONTROL_H
#define DEFERD_CONTROL_H

#include "core.h"

struct control;

/* What the commands may ask of the process, given by main. */
struct control_ops {
	void (*stop)(void *arg); /* begin a graceful stop, as TERM does */
	void *arg;
	const char *const *urls; /* NULL-terminated; where HTTP listens; borrowed */
};

/* Binds config.control.socket (mode 0660; a stale file is removed, a live one is an
 * error) and serves it; the ops are copied. NULL with a logged sentence and errno. */
struct control *control_new(struct event_base *, struct core *, const struct control_ops *);
/* Closes everything and removes the socket file. */
void control_free(struct control *);

#endif

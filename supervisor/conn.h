/*
 * conn.h: one connection to the control socket: lines in, frames out, or a stream of
 * events. It bounds what a client can make the daemon hold; it knows no listener.
 */
#ifndef DEFERD_CONN_H
#define DEFERD_CONN_H

#include "peer.h"

#define CONN_BACKLOG_BYTES (1024 * 1024) /* events that wait for a slow reader */
#define CONN_REPLY_BYTES (16 * 1024 * 1024)
#define CONN_IDLE_S 600 /* without a request */
#define CONN_STALL_S 30 /* with output that nobody reads */

struct conn;

struct conn_env { /* the same for all connections; borrowed */
	struct event_base *base;
	struct core *core;
	const struct control_ops *ops;
	int64_t started_ms;
	void (*closed)(struct conn *, void *arg); /* just before it is freed */
	void *arg;
};

/* Takes the descriptor (non-blocking) over, also when it fails. NULL: no memory. */
struct conn *conn_new(const struct conn_env *, int fd, const struct peer *);
/* It asked the former program for a restart: it is answered when this one is ready. */
void conn_resume(struct conn *, bool json);
/* Adds a copy of the descriptor when its command is answered by the next program. 0 or
 * -ERR_SYSTEM. */
int conn_hand_over(const struct conn *, struct handover *) MUST_USE;
/* Writes what can be written at once, then closes. */
void conn_free(struct conn *);

#endif

/*
 * conn_impl.h: a control connection's own struct, for the two rooms that make it up: conn.c
 * (lines in, frames out) and conn_stream.c (events).
 */
#ifndef DEFERD_CONN_IMPL_H
#define DEFERD_CONN_IMPL_H

#include "conn.h"
#include "events.h"
#include <event2/event.h>

struct conn {
	unsigned magic;
	const struct conn_env *env;
	struct bufferevent *bev;
	struct peer peer;
	struct events_sub *sub;       /* while it is a subscriber */
	struct command_call *waiting; /* owned: its answer comes later */
	struct event *tick; /* a subscriber's: is anybody there? or: is it there? */
	uint64_t lost;      /* events since the backlog was full; 0: it never was */
	bool eof;           /* nothing more to read */
	bool ending;        /* close when all is written */
};

/* --- conn.c --- */
size_t conn_pending(const struct conn *); /* bytes of output that wait */
void conn_close(struct conn *);
/* Frames the body into the output; out of memory ends the connection. */
void conn_send(struct conn *, int code, struct span body);
/* No more requests; it closes when all is written. */
void conn_end(struct conn *);
/* Both directions are closed, not only the peer's sending one. */
bool conn_is_gone(const struct conn *);
/* False: no memory, the connection ends. */
bool conn_start_tick(struct conn *, event_callback_fn, int64_t every_ms);

/* --- conn_stream.c --- */
/* Turns it into a subscriber of the events. */
void conn_subscribe(struct conn *);
/* It reads too slowly: the last frame says how many events it lost. */
void conn_say_lost(struct conn *);

#endif

/*
 * link.h: the NNG pipe to the supervisor, as events of a libevent loop. No callback runs
 * on an NNG thread but one, which writes to an eventfd. Opened after the fork only: NNG
 * does not survive one.
 */
#ifndef DEFERD_WORKER_LINK_H
#define DEFERD_WORKER_LINK_H

#include "../common/outbox.h"

struct event_base;
struct link;

struct link_calls {
	/* A whole NNG message: one or more packed messages. */
	void (*message)(void *arg, struct span);
	/* The pipe is gone. */
	void (*lost)(void *arg);
	void *arg;
};

/* Opens the socket and dials; all signals must be blocked. NULL: logged why. */
struct link *link_open(struct event_base *, const char *address, struct outbox *,
    const struct link_calls *);
void link_close(struct link *);
/* Hands batches of the outbox to NNG until it takes no more; goes on by itself then. */
void link_flush(struct link *);
/* Reads whatever is there, in case a wakeup was lost. True: something was. */
bool link_drain(struct link *);
/* For an engine that must not go on: sends what is in the outbox and reads messages until
 * `until` says so or wait_ms have passed. Needs no loop. */
void link_finish(struct link *, bool (*until)(void *arg), void *arg, int wait_ms);

#endif

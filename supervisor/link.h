/*
 * link.h: the pipe to one worker: the only supervisor room that knows NNG. It carries
 * batches of messages both ways and says when the worker's end appeared and went away.
 * It cannot spell task, lane or lease.
 *
 * A fresh socket and address for every worker: a message queued for a dead peer would be
 * delivered to the next one on the same socket (measured on NNG 1.5.2). NNG's callbacks
 * run on its own threads and only leave a note and write an eventfd.
 */
#ifndef DEFERD_LINK_H
#define DEFERD_LINK_H

#include "../common/msg.h"

struct event_base;
struct link;
struct link_hub;

struct link_ops {
	/* One NNG message: one or more packed messages, borrowed for the call. */
	void (*batch)(struct span bytes, void *arg);
	/* A peer has connected; pid and uid as the kernel gave them. */
	void (*up)(uint64_t pid, uint64_t uid, void *arg);
	/* The peer is gone. */
	void (*down)(void *arg);
	/* A batch has been handed over, with so many messages that carry a task. */
	void (*sent)(unsigned tasks, void *arg);
};

/* One hub per process: NNG's start, the notes of its callbacks. NULL and errno. */
struct link_hub *link_hub_new(struct event_base *);
void link_hub_free(struct link_hub *); /* after all links */

/* Listens on a new address; number names the link in notes and is never reused.
 * recv_max_bytes bounds what the peer may send in one message; batch_bytes is where an
 * outgoing batch closes (a single larger message still travels, alone). NULL: no
 * resources (logged). The callbacks may link_free this link only from `down` and
 * `batch`'s very end. */
struct link *link_new(struct link_hub *, uint64_t number, size_t recv_max_bytes,
    size_t batch_bytes, const struct link_ops *, void *arg);
/* "abstract://deferd-..." */
const char *link_address(const struct link *);
/* Queues a message for the next batch. 0 or -ERR_NOMEM. */
int link_put(struct link *, enum msg_number, const void *fields) MUST_USE;
/* Hands over as many batches as NNG takes now; the rest follows when it can. Call once at
 * the end of each loop turn. */
void link_flush(struct link *);
/* Takes whatever has arrived, now: what a worker said before it died still counts. */
void link_drain(struct link *);
void link_free(struct link *);

#endif

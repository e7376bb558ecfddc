/*
 * durable_impl.h: the struct behind durable.h, for durable.c and recover.c.
 */
#ifndef DEFERD_DURABLE_IMPL_H
#define DEFERD_DURABLE_IMPL_H

#include "durable.h"

struct event;

struct waiting {
	uint64_t ticket;
	struct task *task; /* NULL: nothing is left to do */
	task_accepted_cb *accepted;
	void *arg;
	int64_t due_wall_ms;
	uint64_t worker, request; /* of a step: who is told; 0: it is none */
};

struct durable {
	struct store *store; /* owned */
	struct event *event; /* the store's descriptor */
	enum store_state state; /* as it was last logged */
	struct buf packed;   /* the record that is being written */
	struct waiting *waiting; /* a ring; owned */
	size_t waiting_at, waiting_n, waiting_room;
};

static inline struct waiting *
durable_waiting(struct durable *d, size_t i)
{
	return &d->waiting[(d->waiting_at + i) % d->waiting_room];
}

/* recover.c: reads the store into the core: blocks. 0 or what store_load said. */
int recover(struct core *, struct store_report *) MUST_USE;

#endif

/*
 * steps.h: the finished steps of a task (req.step): the results that a re-run gets
 * instead of doing the work again. They live as long as the task's payload, without
 * which nothing runs again. The last three speak with workers, the rest is pure.
 */
#ifndef DEFERD_STEPS_H
#define DEFERD_STEPS_H

#include "../common/buf.h"
#include "task.h"

struct core;
struct msg_run;
struct msg_step;
struct seat;

struct step {
	uint64_t key; /* of its record in the store; 0: it has none */
	uint32_t name_bytes, value_bytes;
	uint8_t bytes[]; /* the name, then the value: msgpack */
};

struct task_steps { /* in the order in which they were finished */
	struct step **item;
	size_t n, room;
	size_t value_bytes; /* of all of them */
};

static inline struct span
step_name(const struct step *s)
{
	return span_of(s->bytes, s->name_bytes);
}
static inline struct span
step_value(const struct step *s)
{
	return span_of(s->bytes + s->name_bytes, s->value_bytes);
}

/* The task's, NULL: it has none. */
const struct task_steps *steps_of(const struct task *);
/* Copies both. 0, -ERR_NOMEM, -ERR_FULL over STEPS_MAX, -ERR_DUPLICATE when the name is
 * there (nothing is changed then). */
int steps_add(
    struct task *, struct span name, struct span value, struct step **out) MUST_USE;
/* Appends a msgpack map of name to value. */
void steps_pack(const struct task_steps *, struct buf *);
size_t steps_bytes(const struct task_steps *); /* of memory; NULL: 0 */
void steps_free(struct task_steps *);
/* The task has ended: they are not needed any more. */
void steps_drop(struct task *);

/* Sends RUN with the steps of the task filled in; the usual one has none. 0 or -ERR_NOMEM. */
int steps_put_run(const struct seat *, const struct task *, struct msg_run *) MUST_USE;
/* A worker says that a step is finished: it is kept and, when it is safe, answered. */
void steps_on_message(struct seat *, struct task *, const struct msg_step *);
/* The commit is over of what that worker asked for. */
void steps_stored(struct core *, uint64_t worker, uint64_t request, bool ok);

#endif

/*
 * mend.c: what an operator does to tasks that do not run: dead ones are queued again,
 * delayed ones run now, what waits is buried.
 */
#include "../common/log.h"
#include "core_impl.h"

/* Whether what is changed now could be kept; the memory engine keeps nothing. */
static enum fault
mend_may_change(const struct core *c, const struct task *t)
{
	return t->key != 0 && !durable_accepts(c->durable) ? FAULT_STORE : FAULT_NONE;
}

static enum fault
mend_may_queue(const struct core *c, const struct task *t)
{
	if (c->phase == CORE_STARTING)
		return FAULT_STARTING;
	if (c->phase != CORE_RUNNING)
		return FAULT_DRAINING;
	if ((int64_t)c->tasks.open >= c->conf->queue.tasks ||
	    (int64_t)(c->tasks.payload_bytes + t->payload_bytes) > c->conf->queue.bytes)
		return FAULT_QUEUE_FULL;
	return mend_may_change(c, t);
}

static void
mend_tell(struct core *c, const struct task *t, const char *what, struct jsonw *w)
{
	char id[TASKID_TEXT_BYTES];
	struct log_about about = tasks_about(t, id);

	if (w)
		events_end(c->events);
	log_about(LOG_LEVEL_DEBUG, &about, "an operator: %s", what);
}

enum fault
core_revive(struct core *c, struct task *t)
{
	enum fault f = t->state == TASK_DEAD ? mend_may_queue(c, t) : FAULT_NOT_NOW;

	if (f != FAULT_NONE)
		return f;
	core_refresh_clock(c);
	tasks_revive(&c->tasks, t);
	task_forget_attempts(t);
	core_place(c, t, 0);
	durable_revive(c, t);
	mend_tell(c, t, "revive", emit_task(c, "revive", t));
	return FAULT_NONE;
}

enum fault
core_promote(struct core *c, struct task *t)
{
	enum fault f = t->state == TASK_DELAYED ? mend_may_change(c, t) : FAULT_NOT_NOW;

	if (f != FAULT_NONE)
		return f;
	core_refresh_clock(c);
	delay_end(c, t);
	t->flags |= TASK_MARKED;
	durable_change(c, t, 0);
	mend_tell(c, t, "promote", emit_task(c, "promote", t));
	return FAULT_NONE;
}

enum fault
core_bury(struct core *c, struct task *t)
{
	bool waits = t->state == TASK_QUEUED || t->state == TASK_DELAYED;
	enum fault f =
	    waits && t->execution != EXEC_SYNC ? mend_may_change(c, t) : FAULT_NOT_NOW;

	if (f != FAULT_NONE)
		return f;
	core_refresh_clock(c);
	mend_tell(c, t, "bury", emit_task(c, "bury", t));
	settle_end(c, t, TASK_DEAD, FAULT_BURIED);
	return FAULT_NONE;
}

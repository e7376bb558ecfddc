/*
 * httpmend.c: of the core of canned answers: its store, and what is done to tasks that
 * do not run.
 */
#include "../../common/clock.h"
#include "httpcore.h"

void
core_view_store(const struct core *c, struct core_store *v)
{
	*v = (struct core_store){.durable = true, .store = c->store};
}
enum fault
core_revive(struct core *c, struct task *t)
{
	if (t->state != TASK_DEAD)
		return FAULT_NOT_NOW;
	tasks_revive(&c->tasks, t);
	task_move(t, TASK_QUEUED, clock_now_ms());
	return FAULT_NONE;
}
enum fault
core_promote(struct core *c UNUSED, struct task *t)
{
	return t->state == TASK_DELAYED ? FAULT_STORE : FAULT_NOT_NOW;
}
enum fault
core_bury(struct core *c, struct task *t)
{
	if (t->state != TASK_QUEUED)
		return FAULT_NOT_NOW;
	t->fault = FAULT_BURIED;
	task_move(t, TASK_DEAD, clock_now_ms());
	tasks_end(&c->tasks, t, t->payload_bytes);
	return FAULT_NONE;
}

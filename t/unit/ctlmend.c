/*
 * ctlmend.c: of the core of canned answers: dead tasks and what is done to tasks that
 * do not run.
 */
#include "ctlcore.h"

static enum fault
ctlcore_mend(struct core *c, struct task *t, bool fits, enum task_state to)
{
	if (!fits)
		return FAULT_NOT_NOW;
	if (c->mend_fault)
		return c->mend_fault;
	task_move(t, to, c->now_ms);
	return FAULT_NONE;
}
enum fault
core_revive(struct core *c, struct task *t)
{
	return ctlcore_mend(c, t, t->state == TASK_DEAD, TASK_QUEUED);
}
enum fault
core_promote(struct core *c, struct task *t)
{
	return ctlcore_mend(c, t, t->state == TASK_DELAYED, TASK_QUEUED);
}
enum fault
core_bury(struct core *c, struct task *t)
{
	return ctlcore_mend(c, t, t->state == TASK_QUEUED, TASK_DEAD);
}
const char *
bulk_verb_name(enum bulk_verb verb)
{
	return verb == BULK_RETRY ? "retry" : "bury";
}
uint64_t
bulk_start(struct core *c, enum bulk_verb verb, const struct task_filter *f, bool dry)
{
	c->bulk.verb = verb;
	c->bulk.dry = dry;
	c->bulk_filter = *f;
	return c->bulk_number;
}
const struct bulk_view *
bulk_view(const struct core *c, uint64_t number)
{
	return number == c->bulk_number ? &c->bulk : NULL;
}
bool
core_list_dead(const struct core *c, const struct task_filter *f,
    bool (*visit)(struct task *, void *arg), void *arg)
{
	return tasks_list_dead(&c->tasks, f, visit, arg);
}

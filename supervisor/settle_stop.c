/*
 * settle_stop.c: what has not ended when the process stops: stored tasks are put back
 * on their shelf, all others end.
 */
#include "../common/log.h"
#include "core_impl.h"

#define SETTLE_DROPS_LOGGED 20

static struct task *
settle_next_open(struct task *t)
{
	while (t && task_has_ended(t->state))
		t = TAILQ_NEXT(t, all);
	return t;
}

/* The first few by name; the sum is the caller's to log. */
static void
settle_log_drop(const struct task *t, size_t nth)
{
	char id[TASKID_TEXT_BYTES];

	if (nth >= SETTLE_DROPS_LOGGED)
		return;
	struct log_about about = tasks_about(t, id);
	log_about(LOG_LEVEL_WARN, &about, "%s: dropped: the server stops",
	    task_state_name(t->state));
}

void
settle_shelve(struct core *c, struct task *t)
{
	settle_leave(c, t);
	tasks_remove(&c->tasks, t);
}

static void
settle_drop(struct core *c, struct task *t, size_t nth)
{
	if (t->state == TASK_LEASED)
		settle_say(t, NULL, "the server stopped while the handler ran");
	settle_log_drop(t, nth);
	settle_end(c, t, TASK_CANCELLED, t->attempt ? FAULT_CANCELLED : FAULT_DROPPED);
	stats_add(&c->stats, STAT_TASKS_DROPPED, 1);
}

size_t
settle_shelve_waiting(struct core *c)
{
	struct task *t, *after;
	size_t n = 0, dropped = 0;

	for (t = settle_next_open(TAILQ_FIRST(&c->tasks.all)); t; t = after) {
		after = settle_next_open(TAILQ_NEXT(t, all));
		if (t->key != 0 &&
		    (t->state == TASK_QUEUED || t->state == TASK_DELAYED)) {
			settle_shelve(c, t);
			n++;
		} else if (t->state == TASK_DELAYED) {
			settle_drop(c, t, dropped++); /* it would outlast any grace */
		}
	}
	return n;
}

size_t
settle_drop_all(struct core *c, bool leased_too)
{
	struct task *t, *after;
	size_t n = 0;

	/* Ending one may free old ended ones, never an open one. */
	for (t = settle_next_open(TAILQ_FIRST(&c->tasks.all)); t; t = after) {
		after = settle_next_open(TAILQ_NEXT(t, all));
		if ((t->state == TASK_LEASED && !leased_too) ||
		    t->state == TASK_ACCEPTED)
			continue;
		if (t->key != 0)
			settle_shelve(c, t);
		else
			settle_drop(c, t, n++);
	}
	return n;
}

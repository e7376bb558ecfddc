/* cut.c: interrupting a scope, for its deadline or because it was cancelled: its
 * fibers' awaits raise, `ensure` runs, and what then goes on is given up. See engine.h.
 */
#include "../common/clock.h"
#include "../common/log.h"
#include "detached.h"
#include "error.h"
#include "scope.h"
#include <stdlib.h>

/* A scope is younger than those that it is within. The body may free t. */
#define SCOPES_YOUNGEST_FIRST(t, next, task)                                           \
	for ((t) = TAILQ_LAST(&(task)->scopes, scope_list);                            \
	     (t) && ((next) = TAILQ_PREV(t, scope_list, place), true); (t) = (next))

static bool
is_within(const struct scope *t, const struct scope *s)
{
	while (t && t != s)
		t = t->parent;
	return t == s;
}

void
cut_deadline(struct engine *e, struct due *d)
{
	scope_cut(e, CONTAINER_OF(d, struct scope, deadline), CAUSE_TIMEOUT, NULL);
}

static void
cut_log(const struct scope *s)
{
	char id[TASKID_TEXT_BYTES];
	struct log_about about = {.handler = s->handler->name,
	    .task = taskid_text(&s->task->id, id),
	    .attempt = s->task->attempt};

	log_about(LOG_LEVEL_WARN, &about,
	    "it awaits on after it was interrupted: its fiber is given up, the worker "
	    "will be replaced");
}

/* The time for `ensure` is over. */
void
cut_grace_over(struct engine *e, struct due *d)
{
	struct scope *s = CONTAINER_OF(d, struct scope, grace), *t, *next;
	struct fiber *f;

	SCOPES_YOUNGEST_FIRST(t, next, s->task)
	{
		if (!is_within(t, s))
			continue;
		while ((f = TAILQ_FIRST(&t->fibers))) {
			e->retire = "a handler went on awaiting after its deadline";
			cut_log(t);
			fiber_abandon(e, f);
		}
		scope_check(e, t);
	}
}

bool
cut_has_fibers(const struct scope *s)
{
	const struct scope *t;

	TAILQ_FOREACH (t, &s->task->scopes, place)
		if (is_within(t, s) && !TAILQ_EMPTY(&t->fibers))
			return true;
	return false;
}

/* What a scope leaves that was cut, or whose policy is not to wait, must end too. */
void
cut_end_within(struct engine *e, struct scope *s)
{
	struct scope *t, *next;

	SCOPES_YOUNGEST_FIRST(t, next, s->task)
	if (t != s && is_within(t, s))
		scope_free(e, t);
}

void
scope_cut(struct engine *e, struct scope *s, enum cause cause, const char *reason)
{
	struct scope *t, *next;
	struct fiber *f;
	struct pend *p;

	if (s->cut)
		return;
	s->cut_reason = reason ? xstrdup(reason) : detached_late_text(s);
	mrb_value exc = error_cut(&e->vm, cause, s->cut_reason);
	due_clear(e, &s->deadline);
	due_set(e, &s->grace, e->now_ns + e->conf.grace_ms * NS_PER_MS);
	SCOPES_YOUNGEST_FIRST(t, next, s->task)
	{
		if (!is_within(t, s) || t->cut)
			continue;
		t->cut = cause;
		t->cut_error = pin_put(&e->vm, exc);
		if (!t->cut_reason)
			t->cut_reason = xstrdup(s->cut_reason);
		if (t->phase == SCOPE_ENDED)
			detached_say_late(e, t);
		while (t->phase == SCOPE_ENDED && (p = TAILQ_FIRST(&t->pends)))
			pend_free(e, p); /* nobody will be told */
		TAILQ_FOREACH (f, &t->fibers, place)
			fiber_interrupt(e, f, exc);
	}
	scope_check(e, s);
}

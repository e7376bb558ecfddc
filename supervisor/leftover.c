/*
 * leftover.c: what handlers leave behind, as their workers tell it: deferreds that are
 * pending at a handler's end, rejections that nobody handled. Counted for the handler
 * that made them, which in a nested call is not the task's.
 */
#include "core_impl.h"
#include "../common/log.h"
#include <stdio.h>

/* The task, whether it is over or not; and what a line about it begins with. */
static struct task *
leftover_task(struct seat *s, struct span id, uint64_t attempt, struct log_about *about,
    char text[TASKID_TEXT_BYTES])
{
	struct task *t = NULL;

	if (id.n == TASKID_BYTES)
		t = tasks_find(&s->core->tasks, (const struct taskid *)id.p);
	if (t && t->attempt != attempt)
		t = NULL;
	*about = (struct log_about){.worker = s->worker};
	if (t)
		*about = tasks_about(t, text);
	return t;
}

/* NULL: a reload has taken it away since. */
static struct handler *
leftover_handler(
    const struct seat *s, const struct task *t, uint64_t kind, struct span name)
{
	const struct app *a = s->lease.app >= 0 ? s->core->app[s->lease.app] : NULL;

	if (t && t->handler->kind == (enum kind)kind && span_is(name, t->handler->name))
		return t->handler;
	return a ? app_find(a, (enum kind)kind, name) : NULL;
}

/* "7 times " of something that is told once; "" for 1. */
static const char *
leftover_times(uint64_t n, char *out, size_t room)
{
	snprintf(out, room, n > 1 ? "%llu times " : "", (unsigned long long)n);
	return out;
}

void
leftover_on_detached(struct seat *s, const struct msg_detached *d)
{
	static const char *const fate[] = {
	    [DETACHED_WAIT] = "its task is not over before it has settled",
	    [DETACHED_WARN] = "it runs on while the worker lives",
	    [DETACHED_FAIL] = "its task fails"};
	struct log_about about;
	char id[TASKID_TEXT_BYTES], times[32];
	struct task *t = leftover_task(s, d->task, d->attempt, &about, id);
	struct handler *h = leftover_handler(s, t, d->kind, d->name);

	if (h)
		h->detached += d->count;
	stats_add(&s->core->stats, STAT_DETACHED, d->count);
	log_about(LOG_LEVEL_WARN, &about,
	    "the handler %s \"%.*s\" (%s) ended while %s%.*s made at %.*s was pending: "
	    "%s. Return it, await it, or say .detach",
	    kind_name((enum kind)d->kind), SPAN_FMT(d->name), h ? h->place : "?",
	    leftover_times(d->count, times, sizeof times), SPAN_FMT(d->what),
	    SPAN_FMT(d->place), fate[d->policy < COUNT_OF(fate) ? d->policy : 0]);
}

void
leftover_on_unhandled(struct seat *s, const struct msg_unhandled *u)
{
	struct log_about about;
	char id[TASKID_TEXT_BYTES], times[32];
	struct task *t = leftover_task(s, u->task, u->attempt, &about, id);
	struct handler *h = leftover_handler(s, t, u->kind, u->name);

	if (h)
		h->unhandled += u->count;
	stats_add(&s->core->stats, STAT_UNHANDLED, u->count);
	log_about(LOG_LEVEL_WARN, &about,
	    "nobody handled %sthe rejection of the deferred made at %.*s by the "
	    "handler "
	    "%s \"%.*s\" (%s): %.*s: %.*s. Return it, await it, or give it a catch",
	    leftover_times(u->count, times, sizeof times), SPAN_FMT(u->place),
	    kind_name((enum kind)u->kind), SPAN_FMT(u->name), h ? h->place : "?",
	    SPAN_FMT(u->class), SPAN_FMT(u->message));
}

void
leftover_on_log(struct seat *s, const struct msg_log *l)
{
	enum log_level level =
	    l->level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : (enum log_level)l->level;
	struct log_about about;
	char id[TASKID_TEXT_BYTES];

	dossier_lines_add(&s->lines, level, l->text);
	leftover_task(s, l->task, l->attempt, &about, id);
	log_about(level, &about, "%.*s", SPAN_FMT(l->text));
}

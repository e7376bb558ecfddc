/* traces.c: see traces.h. */
#include "traces.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "core_impl.h"
#include "trace.h"
#include <stdio.h>
#include <stdlib.h>

void
traces_init(struct traces *all)
{
	*all = (struct traces){0};
	TAILQ_INIT(&all->kept);
}

static void
traces_drop(struct traces *all, struct kept_trace *k)
{
	TAILQ_REMOVE(&all->kept, k, place);
	all->n--;
	all->bytes -= sizeof *k + k->raw_bytes;
	free(k);
}

void
traces_fini(struct traces *all)
{
	while (!TAILQ_EMPTY(&all->kept))
		traces_drop(all, TAILQ_FIRST(&all->kept));
}

/* --- asking --- */

/* What counts of its wait: the others may have been told to wait. */
static int64_t
traces_waited_ms(const struct task *t)
{
	return t->execution == EXEC_SYNC ? t->started_ms - t->accepted_ms : 0;
}

static bool
traces_sample(struct core *c)
{
	struct traces *all = &c->traces;

	if (c->conf->trace.sample == 0)
		return false;
	if (all->until_sample == 0 ||
	    all->until_sample > (unsigned)c->conf->trace.sample)
		all->until_sample = (unsigned)c->conf->trace.sample;
	return --all->until_sample == 0;
}

uint32_t
traces_ask(struct core *c, const struct task *t)
{
	int64_t slow_ms = c->conf->trace.slow_ms, waited_ms = traces_waited_ms(t);

	if (traces_sample(c) || (t->flags & TASK_TRACE))
		return TRACE_ALWAYS;
	if (slow_ms == 0)
		return TRACE_FAILED_ONLY;
	return slow_ms > waited_ms ? (uint32_t)(slow_ms - waited_ms) : TRACE_ALWAYS;
}

/* --- keeping --- */

static const char *
traces_why(const struct core *c, const struct task *t, const struct kept_trace *k)
{
	int64_t slow_ns = c->conf->trace.slow_ms * NS_PER_MS;
	int64_t took_ns = traces_waited_ms(t) * NS_PER_MS + k->link_ns + k->ran_ns;

	if (k->failed)
		return "failed";
	if (t->flags & TASK_TRACE)
		return "asked";
	return slow_ns > 0 && took_ns >= slow_ns ? "slow" : "sampled";
}

/* The daemon's times are whole milliseconds, the worker's nanoseconds of the same
 * clock: it took the task between its lease and now. */
static void
traces_set_times(const struct core *c, const struct task *t, const struct msg_trace *m,
    struct kept_trace *k)
{
	int64_t leased_ns = t->started_ms * NS_PER_MS;
	int64_t most_ns = (c->now_ms + 1) * NS_PER_MS - leased_ns;
	int64_t took_ns =
	    m->began_ns <= INT64_MAX ? (int64_t)m->began_ns - leased_ns : 0;

	k->wait_ns = leased_ns - t->accepted_ms * NS_PER_MS;
	k->link_ns = took_ns < 0 ? 0 : took_ns > most_ns ? most_ns : took_ns;
	most_ns -= k->link_ns;
	k->ran_ns = m->ran_ns > (uint64_t)most_ns ? most_ns : (int64_t)m->ran_ns;
}

static struct kept_trace *
traces_copy(struct core *c, const struct task *t, const struct msg_trace *m)
{
	struct kept_trace *k = calloc(1, sizeof *k + m->spans.n);

	if (!k)
		return NULL;
	k->id = t->id;
	k->attempt = t->attempt;
	k->kind = kind_name(t->handler->kind);
	k->failed = m->failed != 0;
	k->accepted_wall_ms = t->accepted_wall_ms;
	k->dropped = m->dropped;
	k->raw_bytes = m->spans.n;
	memcpy(k->raw, m->spans.p, m->spans.n);
	snprintf(k->app, sizeof k->app, "%s", t->app->conf->id);
	snprintf(k->handler, sizeof k->handler, "%s", t->handler->name);
	traces_set_times(c, t, m, k);
	k->why = traces_why(c, t, k);
	return k;
}

int
traces_take(struct core *c, const struct task *t, const struct msg_trace *m)
{
	struct traces *all = &c->traces;
	struct trace check = {.ran_ns = INT64_MAX, .raw = m->spans};
	int r = m->spans.n ? trace_read(&check) : -ERR_MALFORMED;

	if (r)
		return r;
	struct kept_trace *k = traces_copy(c, t, m);
	if (!k)
		return 0;
	stats_add(&c->stats, STAT_TRACES, 1);
	TAILQ_INSERT_HEAD(&all->kept, k, place);
	all->n++;
	all->bytes += sizeof *k + k->raw_bytes;
	while (all->n > (size_t)c->conf->trace.count ||
	       all->bytes > (size_t)c->conf->trace.bytes)
		traces_drop(all, TAILQ_LAST(&all->kept, kept_traces));
	return 0;
}

/* --- finding --- */

const struct kept_trace *
traces_find(const struct traces *all, const struct taskid *id)
{
	const struct kept_trace *k;

	TAILQ_FOREACH (k, &all->kept, place)
		if (memcmp(k->id.b, id->b, TASKID_BYTES) == 0)
			return k;
	return NULL;
}

const struct kept_trace *
traces_find_text(const struct traces *all, struct span text, bool *ambiguous)
{
	const struct kept_trace *k, *found = NULL;

	*ambiguous = false;
	TAILQ_FOREACH (k, &all->kept, place) {
		if (!tasks_id_fits(&k->id, text))
			continue;
		if (found && memcmp(k->id.b, found->id.b, TASKID_BYTES) != 0) {
			*ambiguous = true;
			return NULL;
		}
		if (!found)
			found = k;
	}
	return found;
}

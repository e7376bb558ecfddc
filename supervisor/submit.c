/*
 * submit.c: how a task comes to be: refused, or accepted at once, or accepted once it
 * is on disk.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "core_impl.h"
#include <stdlib.h>

static int64_t
core_timeout_ms(const struct submission *s)
{
	const struct handler *h = s->handler;
	const struct conf_app *a = h->app->conf;
	bool long_kind = h->kind == KIND_JOB || h->kind == KIND_TIMER;
	int64_t most = h->timeout_ms ? h->timeout_ms
		       : long_kind   ? a->job_timeout_ms
				     : a->timeout_ms;

	if (most > UINT32_MAX)
		most = UINT32_MAX;
	return s->timeout_ms > 0 && s->timeout_ms < most ? s->timeout_ms : most;
}

/* A sync task dies with the connection that waits for it: it is not kept. */
static bool
core_keeps(const struct core *c, const struct submission *s)
{
	return c->durable && s->execution != EXEC_SYNC;
}

static enum fault
core_refusal(const struct core *c, const struct submission *s)
{
	if (!s->handler || !s->handler->present)
		return FAULT_UNKNOWN_HANDLER;
	if (c->phase == CORE_STARTING)
		return FAULT_STARTING;
	if (c->phase != CORE_RUNNING)
		return FAULT_DRAINING;
	if (s->execution == EXEC_LOW && c->conf->workers.threshold_e9 == 0)
		return FAULT_LANE_DISABLED;
	if (core_keeps(c, s) && !durable_accepts(c->durable))
		return FAULT_STORE;
	if ((int64_t)c->tasks.open >= c->conf->queue.tasks ||
	    (int64_t)(c->tasks.payload_bytes + s->envelope->n) > c->conf->queue.bytes)
		return FAULT_QUEUE_FULL;
	return FAULT_NONE;
}

static void
core_emit_accept(struct core *c, const struct task *t)
{
	struct jsonw *w = emit_task(c, "accept", t);

	if (!w)
		return;
	jsonw_kstr(w, "execution", execution_text(t->execution));
	events_end(c->events);
}

static struct task *
core_make_task(struct core *c, const struct submission *s)
{
	struct taskid id;
	struct task *t;
	int64_t wall_ms = clock_wall_ms();
	size_t n;

	taskid_next(&c->ids, wall_ms, &id);
	uint8_t *payload = buf_take(s->envelope, &n);
	if (!(t = task_new(&id, payload, n))) {
		free(payload);
		return NULL;
	}
	t->handler = s->handler;
	t->app = s->handler->app;
	t->execution = (uint8_t)s->execution;
	t->lane = s->execution == EXEC_LOW ? LANE_LOW : LANE_MAIN;
	t->accepted_ms = c->now_ms;
	t->accepted_wall_ms = wall_ms;
	t->timeout_ms = (uint32_t)core_timeout_ms(s);
	t->attempts_max =
	    (uint8_t)retry_attempts(s->handler, s->execution, s->attempts);
	t->done = s->done;
	t->done_arg = s->done_arg;
	t->flags = s->trace ? TASK_TRACE : 0;
	if (tasks_add(&c->tasks, t) != 0) {
		task_free(t);
		return NULL;
	}
	if (s->key.n && keys_add(&c->tasks.keys, t, s->key_sort, s->key) != 0) {
		tasks_remove(&c->tasks, t);
		return NULL;
	}
	return t;
}

void
core_place(struct core *c, struct task *t, int64_t due_wall_ms)
{
	if (due_wall_ms > 0 && heap_push(&c->delayed, &t->deadline, due_wall_ms) == 0) {
		task_move(t, TASK_DELAYED, c->now_ms);
	} else {
		task_move(t, TASK_QUEUED, c->now_ms);
		lease_queue(&c->lease, t);
		t->app->queued[t->lane]++;
	}
	if (t->execution == EXEC_SYNC)
		watch_arm_deadline(c, t, t->accepted_ms + t->timeout_ms);
}

void
core_enter(struct core *c, struct task *t, int64_t due_wall_ms)
{
	core_place(c, t, due_wall_ms);
	stats_add(&c->stats, STAT_TASKS_ACCEPTED, 1);
	core_emit_accept(c, t);
}

const char *
core_durability(const struct core *c, bool relaxed)
{
	return !c->durable ? "memory" : relaxed ? "relaxed" : "synced";
}

/* Whether the key stands for a task already: *out, unless it is none that can be handed
 * out: not yet on disk, or of another handler. */
static bool
core_is_repeated(
    struct core *c, const struct submission *s, struct task **out, enum fault *fault)
{
	struct task *t =
	    s->key.n && s->handler
		? keys_find(&c->tasks.keys, s->handler->app, s->key_sort, s->key)
		: NULL;

	if (!t)
		return false;
	*fault = t->state == TASK_ACCEPTED || t->handler != s->handler
		     ? FAULT_KEY_IN_USE
		     : FAULT_NONE;
	if (out)
		*out = t;
	return true;
}

enum fault
core_submit(struct core *c, const struct submission *s, struct task **out)
{
	enum fault f = core_refusal(c, s);
	struct task *t;

	if (core_is_repeated(c, s, out, &f))
		return f;
	/* The turn may have begun with a long wait. */
	core_refresh_clock(c);
	t = f == FAULT_NONE ? core_make_task(c, s) : NULL;
	if (!t) {
		stats_add(&c->stats, STAT_TASKS_REFUSED, 1);
		return f != FAULT_NONE ? f : FAULT_NO_MEMORY_HERE;
	}
	if (core_keeps(c, s) && !durable_accept(c, t, s)) {
		tasks_remove(&c->tasks, t);
		stats_add(&c->stats, STAT_TASKS_REFUSED, 1);
		return FAULT_STORE;
	}
	if (t->key == 0 || s->relaxed)
		core_enter(c, t, s->due_wall_ms);
	if (out)
		*out = t;
	return FAULT_NONE;
}

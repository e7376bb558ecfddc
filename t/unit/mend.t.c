/*
 * mend.t.c: what an operator does to tasks that do not run: one by one and by order. A
 * core whose lanes are paused, so that what is queued stays.
 */
#include "../../supervisor/envelope.h"
#include "world.h"
#include <event2/event.h>

#define FAR_MS 3600000

static struct world w;

static void
begin(void)
{
	world_init(&w, 1, 1, "");
	WAIT_FOR(&w, world_ready(&w) == 1);
	core_pause_lane(w.core, LANE_MAIN, true);
	core_pause_lane(w.core, LANE_LOW, true);
}

static struct task *
submit(enum execution execution, int64_t wait_ms)
{
	struct buf envelope;
	struct task *t = NULL;

	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, SPAN_NONE);
	struct submission sub = {
	    .handler = app_find(w.core->app[0], KIND_FUNCTION, span_str("hello")),
	    .execution = execution,
	    .envelope = &envelope,
	    .due_wall_ms = wait_ms ? clock_wall_ms() + wait_ms : 0};
	EQ_INT(core_submit(w.core, &sub, &t), FAULT_NONE);
	buf_fini(&envelope);
	return t;
}

static void
t_a_buried_task_is_kept_and_runs_when_retried(void)
{
	begin();
	struct task *t = submit(EXEC_ASYNC, 0);
	uint64_t open = w.core->tasks.open, bytes = w.core->tasks.payload_bytes;

	t->failures = t->deaths = 2;
	EQ_INT(core_revive(w.core, t), FAULT_NOT_NOW);
	EQ_INT(core_promote(w.core, t), FAULT_NOT_NOW);
	EQ_INT(core_bury(w.core, t), FAULT_NONE);
	EQ_INT(t->state, TASK_DEAD);
	EQ_INT(t->fault, FAULT_BURIED);
	OK(t->payload != NULL);
	EQ_INT(w.core->tasks.dead.n, 1);
	EQ_INT(w.core->tasks.ended.n, 0);
	EQ_INT(w.core->tasks.open, open - 1);
	EQ_INT(core_bury(w.core, t), FAULT_NOT_NOW);
	EQ_INT(core_revive(w.core, t), FAULT_NONE);
	EQ_INT(t->state, TASK_QUEUED);
	EQ_INT(t->fault, FAULT_NONE);
	EQ_INT(t->failures + t->deaths + t->ended_ms, 0);
	EQ_INT(w.core->tasks.dead.n + w.core->tasks.dead.bytes, 0);
	EQ_INT(w.core->tasks.open, open);
	EQ_INT(w.core->tasks.payload_bytes, bytes);
	core_pause_lane(w.core, LANE_MAIN, false);
	WAIT_FOR(&w, t->state == TASK_DONE);
	EQ_INT(t->attempt, 1);
	EQ_INT(w.core->tasks.ended.n, 1);
	world_fini(&w);
}

static void
t_a_delayed_task_is_promoted_or_buried(void)
{
	begin();
	struct task *a = submit(EXEC_ASYNC, FAR_MS), *b = submit(EXEC_LOW, FAR_MS);
	struct core_store v;

	EQ_INT(a->state, TASK_DELAYED);
	core_view_store(w.core, &v);
	EQ_INT(v.delayed, 2);
	OK(!v.durable);
	EQ_INT(core_promote(w.core, a), FAULT_NONE);
	EQ_INT(a->state, TASK_QUEUED);
	EQ_INT(core_bury(w.core, b), FAULT_NONE);
	EQ_INT(b->state, TASK_DEAD);
	core_view_store(w.core, &v);
	EQ_INT(v.delayed, 0);
	EQ_INT(v.dead, 1);
	OK(v.dead_bytes >= sizeof(struct task));
	EQ_INT(w.core->app[0]->queued[LANE_MAIN], 1);
	EQ_INT(w.core->app[0]->queued[LANE_LOW], 0);
	world_fini(&w);
}

static void
t_what_is_refused(void)
{
	begin();
	struct task *t = submit(EXEC_ASYNC, 0);
	struct call c;
	struct task *sync = world_start(&w, "hello", EXEC_SYNC, &c);

	EQ_INT(core_bury(w.core, sync), FAULT_NOT_NOW); /* somebody waits for it */
	EQ_INT(core_bury(w.core, t), FAULT_NONE);
	w.conf.queue.tasks = 1;
	EQ_INT(core_revive(w.core, t), FAULT_QUEUE_FULL);
	w.conf.queue.tasks = 1000;
	w.conf.queue.bytes = 1;
	EQ_INT(core_revive(w.core, t), FAULT_QUEUE_FULL);
	w.conf.queue.bytes = 1 << 20;
	core_drain(w.core);
	EQ_INT(core_revive(w.core, t), FAULT_DRAINING);
	EQ_INT(t->state, TASK_DEAD);
	world_fini(&w);
}

/* --- orders --- */

static const struct bulk_view *
order(enum bulk_verb verb, const char *name, size_t limit, bool dry)
{
	struct task_filter f = {.app = w.core->app[0],
	    .name = span_str(name),
	    .lane = LANE_COUNT,
	    .limit = limit};
	uint64_t n = bulk_start(w.core, verb, &f, dry);

	OK(n != 0);
	EQ_INT(bulk_start(w.core, verb, &f, dry), 0); /* one at a time */
	OK(!bulk_view(w.core, n + 1));
	WAIT_FOR(&w, bulk_view(w.core, n)->over);
	return bulk_view(w.core, n);
}

static void
t_an_order_for_many(void)
{
	begin();
	const struct bulk_view *v;
	struct task *first = submit(EXEC_ASYNC, FAR_MS);
	struct call c;

	world_start(&w, "hello", EXEC_SYNC, &c);
	for (int i = 1; i < 90; i++)
		submit(EXEC_ASYNC, i % 2 ? FAR_MS : 0);
	v = order(BULK_BURY, "hello", SIZE_MAX, true);
	EQ_INT(v->fit, 90); /* without the one that somebody waits for */
	EQ_INT(v->shown_n, BULK_SHOWN);
	EQ_INT(w.core->tasks.dead.n, 0);
	EQ_INT(order(BULK_BURY, "other", SIZE_MAX, false)->fit, 0);
	EQ_INT(order(BULK_PROMOTE, "hello", 3, false)->fit, 3);
	EQ_INT(first->state, TASK_QUEUED); /* the oldest come first */
	v = order(BULK_BURY, "hello", SIZE_MAX, false);
	EQ_INT(v->fit, 90);
	EQ_INT(w.core->tasks.dead.n, 90);
	OK(!c.over);
	v = order(BULK_RETRY, "hello", SIZE_MAX, false);
	EQ_INT(v->fit, 90);
	EQ_INT(v->stopped, FAULT_NONE);
	EQ_INT(w.core->tasks.dead.n, 0);
	EQ_INT(w.core->lease.lane[LANE_MAIN].n, 91);
	world_fini(&w);
}

static void
t_an_order_stops_when_it_cannot_go_on(void)
{
	begin();
	const struct bulk_view *v;

	for (int i = 0; i < 10; i++)
		submit(EXEC_ASYNC, 0);
	EQ_INT(order(BULK_BURY, "hello", SIZE_MAX, false)->fit, 10);
	w.conf.queue.tasks = 4;
	v = order(BULK_RETRY, "hello", SIZE_MAX, false);
	EQ_INT(v->fit, 4);
	EQ_INT(v->shown_n, 4);
	EQ_INT(v->stopped, FAULT_QUEUE_FULL);
	EQ_INT(w.core->tasks.dead.n, 6);
	world_fini(&w);
}

/* 20,000 tasks: no turn of the loop takes long. */
static void
t_an_order_leaves_the_loop_alone(void)
{
	begin();
	struct task_filter f = {
	    .app = w.core->app[0], .lane = LANE_COUNT, .limit = SIZE_MAX};
	int64_t longest_ns = 0;
	int turns = 0;

	w.conf.queue.tasks = w.conf.dead.count = 100000;
	w.conf.queue.bytes = w.conf.dead.bytes = 1 << 30;
	core_use_conf(w.core, &w.conf);
	for (int i = 0; i < 20000; i++)
		submit(EXEC_ASYNC, 0);
	uint64_t n = bulk_start(w.core, BULK_BURY, &f, false);
	while (!bulk_view(w.core, n)->over) {
		int64_t began_ns = clock_now_ns();
		event_base_loop(w.base, EVLOOP_ONCE);
		if (clock_now_ns() - began_ns > longest_ns)
			longest_ns = clock_now_ns() - began_ns;
		turns++;
	}
	EQ_INT(bulk_view(w.core, n)->fit, 20000);
	OK(turns >= 100);
	t_note("%d turns, the longest %lld us", turns, (long long)longest_ns / 1000);
	world_fini(&w);
}

TESTS(TEST(a_buried_task_is_kept_and_runs_when_retried),
    TEST(a_delayed_task_is_promoted_or_buried), TEST(what_is_refused),
    TEST(an_order_for_many), TEST(an_order_stops_when_it_cannot_go_on),
    TEST(an_order_leaves_the_loop_alone))

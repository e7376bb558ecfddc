/*
 * settle.t.c: who is charged when a worker dies, and what each task becomes. A core
 * with no process behind it: seats are set ready by hand, the page's words are made up.
 */
#include "t.h"
#include "../../common/log.h"
#include "../../supervisor/core_impl.h"
#include "../../supervisor/envelope.h"
#include <event2/event.h>
#include <stdlib.h>

struct world {
	struct event_base *base;
	struct conf conf;
	struct conf_app app;
	struct core *core;
	struct handler *handler;
	int told;
	enum task_state told_state;
	enum fault told_fault;
};

static void
world_init(struct world *w, int slots)
{
	memset(w, 0, sizeof *w);
	log_set_level(LOG_LEVEL_ERROR);
	w->base = event_base_new();
	w->app.id = (char *)(uintptr_t) "demo";
	w->app.timeout_ms = w->app.job_timeout_ms = 15000;
	w->conf.app = &w->app;
	w->conf.app_n = 1;
	w->conf.workers.concurrent = 1;
	w->conf.workers.slots = slots;
	w->conf.workers.threshold_e9 = 800000000;
	w->conf.workers.kill_grace_ms = 500;
	w->conf.workers.beat_timeout_ms = 10000;
	w->conf.queue.tasks = 100;
	w->conf.queue.bytes = w->conf.results.bytes = 1 << 20;
	w->conf.results.count = 100;
	w->conf.results.ttl_ms = 60000;
	w->conf.dead.bytes = 1 << 20;
	w->conf.dead.count = 100;
	w->conf.dead.ttl_ms = 600000;
	w->core = core_new(w->base, &w->conf);
	OK(w->core);
	app_begin_catalogue(w->core->app[0]);
	w->handler =
	    app_add_handler(w->core->app[0], KIND_FUNCTION, span_str("hello"), 0);
	w->handler->place = strdup("a.rb:1");
	app_end_catalogue(w->core->app[0]);
	w->core->phase = CORE_RUNNING;
	lease_seat_starting(&w->core->lease, &w->core->seat[0]->lease, 0);
	lease_seat_ready(&w->core->lease, &w->core->seat[0]->lease);
}

static void
world_fini(struct world *w)
{
	settle_drop_all(w->core, true);
	core_free(w->core);
	event_base_free(w->base);
}

static void
told_cb(struct task *t, void *arg)
{
	struct world *w = arg;

	w->told++;
	w->told_state = t->state;
	w->told_fault = t->fault;
}

static struct task *
submit(struct world *w, enum execution execution)
{
	struct buf envelope;
	struct task *t = NULL;

	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, SPAN_NONE);
	struct submission sub = {.handler = w->handler,
	    .execution = execution,
	    .envelope = &envelope,
	    .done = told_cb,
	    .done_arg = w};
	EQ_INT(core_submit(w->core, &sub, &t), FAULT_NONE);
	buf_fini(&envelope);
	return t;
}

/* What dispatch_grant does, less the message. */
static void
lease_all(struct world *w)
{
	struct lease_action act;

	while ((act = lease_next(&w->core->lease)).kind == LEASE_GRANT) {
		task_move(act.task, TASK_LEASED, w->core->now_ms);
		act.task->attempt++;
		w->core->app[0]->queued[act.task->lane]--;
		w->core->app[0]->leased++;
	}
}

static void
die(struct world *w, const struct task *culprit)
{
	struct page_burst burst = {0};

	if (culprit) {
		burst.began_ns = 1;
		burst.task = culprit->id;
		burst.attempt = culprit->attempt;
	}
	settle_death(w->core, w->core->seat[0], &burst, "it died");
}

static void
t_a_sync_culprit_is_told_at_once(void)
{
	struct world w;

	world_init(&w, 2);
	struct task *bad = submit(&w, EXEC_SYNC), *good = submit(&w, EXEC_SYNC);
	lease_all(&w);
	EQ_INT(w.core->lease.leased[LANE_MAIN], 2);
	die(&w, bad);
	EQ_INT(w.told, 1);
	EQ_INT(w.told_fault, FAULT_WORKER_DIED);
	EQ_INT(bad->state, TASK_FAILED);
	EQ_INT(good->state, TASK_QUEUED);
	EQ_INT(good->deaths, 0);
	EQ_INT(good->reruns, 1);
	OK(heap_has(&good->deadline)); /* its caller waits no longer than before */
	world_fini(&w);
}

static void
t_the_third_death_is_poison(void)
{
	struct world w;

	world_init(&w, 1);
	struct task *t = submit(&w, EXEC_ASYNC);
	for (int i = 1; i <= 3; i++) {
		EQ_INT(t->state, TASK_QUEUED);
		lease_all(&w);
		die(&w, t);
		EQ_INT(t->deaths, i);
	}
	EQ_INT(t->state, TASK_DEAD);
	EQ_INT(t->fault, FAULT_POISON);
	EQ_INT(w.told, 1);
	world_fini(&w);
}

static void
t_nobody_is_charged_without_a_burst(void)
{
	struct world w;

	world_init(&w, 2);
	struct task *a = submit(&w, EXEC_SYNC), *b = submit(&w, EXEC_ASYNC);
	for (int i = 1; i <= CORE_RERUNS_MAX; i++) {
		lease_all(&w);
		die(&w, NULL);
		EQ_INT(a->state, TASK_QUEUED);
		EQ_INT(b->reruns, i);
	}
	lease_all(&w);
	die(&w, NULL); /* even that is bounded */
	EQ_INT(a->fault, FAULT_WORKER_DIED);
	EQ_INT(b->fault, FAULT_WORKER_DIED);
	world_fini(&w);
}

static void
t_a_burst_of_an_older_attempt_charges_nobody(void)
{
	struct world w;
	struct page_burst stale = {.began_ns = 1, .attempt = 1};

	world_init(&w, 1);
	struct task *t = submit(&w, EXEC_ASYNC);
	lease_all(&w);
	die(&w, NULL);
	lease_all(&w);
	EQ_INT(t->attempt, 2);
	stale.task = t->id;
	settle_death(w.core, w.core->seat[0], &stale, "it died");
	EQ_INT(t->deaths, 0);
	EQ_INT(t->reruns, 2);
	world_fini(&w);
}

static void
t_repeat_false_is_never_run_again(void)
{
	struct world w;

	world_init(&w, 2);
	w.handler->flags = HANDLER_NO_REPEAT;
	struct task *a = submit(&w, EXEC_ASYNC), *b = submit(&w, EXEC_ASYNC);
	lease_all(&w);
	die(&w, a);
	EQ_INT(a->fault, FAULT_WORKER_DIED);
	EQ_INT(b->fault, FAULT_WORKER_DIED);
	world_fini(&w);
}

static void
t_a_killed_task_is_cancelled_its_neighbour_runs_again(void)
{
	struct world w;

	world_init(&w, 2);
	struct task *a = submit(&w, EXEC_ASYNC), *b = submit(&w, EXEC_ASYNC);
	lease_all(&w);
	a->flags |= TASK_KILLED;
	w.core->seat[0]->killed = KILL_ASKED;
	die(&w, b); /* b's burst ran, but it is not its fault */
	w.core->seat[0]->killed = KILL_NONE;
	EQ_INT(a->state, TASK_CANCELLED);
	EQ_INT(b->state, TASK_QUEUED);
	EQ_INT(b->deaths, 0);
	world_fini(&w);
}

static void
t_requeued_ones_keep_their_order(void)
{
	struct world w;
	struct task *t[4];

	world_init(&w, 3);
	for (int i = 0; i < 4; i++)
		t[i] = submit(&w, EXEC_ASYNC);
	lease_all(&w);
	EQ_INT(t[3]->state, TASK_QUEUED);
	die(&w, NULL);
	struct task *first = TAILQ_FIRST(&w.core->lease.app[0].lane[LANE_MAIN].fifo);
	for (int i = 0; i < 4; i++, first = TAILQ_NEXT(first, place))
		OK(first == t[i]);
	world_fini(&w);
}

static void
t_a_timed_out_one_says_timeout(void)
{
	struct world w;

	world_init(&w, 1);
	struct task *t = submit(&w, EXEC_SYNC);
	lease_all(&w);
	t->flags |= TASK_TIMED_OUT;
	settle_answer_early(w.core, t, FAULT_TIMEOUT);
	EQ_INT(w.told, 1);
	EQ_INT(w.told_fault, FAULT_TIMEOUT);
	EQ_INT(w.told_state, TASK_LEASED);
	die(&w, t);
	EQ_INT(w.told, 1); /* once */
	EQ_INT(t->state, TASK_FAILED);
	EQ_INT(t->fault, FAULT_TIMEOUT);
	world_fini(&w);
}

static void
t_a_full_queue_refuses(void)
{
	struct world w;
	struct buf envelope;

	world_init(&w, 1);
	for (int i = 0; i < 100; i++)
		submit(&w, EXEC_ASYNC);
	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, SPAN_NONE);
	struct submission sub = {.handler = w.handler, .envelope = &envelope};
	EQ_INT(core_submit(w.core, &sub, NULL), FAULT_QUEUE_FULL);
	OK(envelope.n > 0); /* still the caller's */
	core_drain(w.core);
	EQ_INT(core_submit(w.core, &sub, NULL), FAULT_DRAINING);
	sub.handler = NULL;
	EQ_INT(core_submit(w.core, &sub, NULL), FAULT_UNKNOWN_HANDLER);
	buf_fini(&envelope);
	EQ_INT(settle_drop_all(w.core, true), 100);
	EQ_INT(w.told, 100);
	EQ_INT(w.told_fault, FAULT_DROPPED);
	EQ_INT(core_open_tasks(w.core), 0);
	world_fini(&w);
}

TESTS(TEST(a_sync_culprit_is_told_at_once), TEST(the_third_death_is_poison),
    TEST(nobody_is_charged_without_a_burst),
    TEST(a_burst_of_an_older_attempt_charges_nobody),
    TEST(repeat_false_is_never_run_again),
    TEST(a_killed_task_is_cancelled_its_neighbour_runs_again),
    TEST(requeued_ones_keep_their_order), TEST(a_timed_out_one_says_timeout),
    TEST(a_full_queue_refuses))

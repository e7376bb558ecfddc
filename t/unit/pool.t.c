/*
 * pool.t.c: the task core with real processes and pipes, and a worker program without
 * Ruby that misbehaves (t/fault/oddworker.c). Whatever a worker says or does, its
 * caller gets an answer, the pool is back to size, and the core lives.
 */
#include "t.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../supervisor/core_impl.h"
#include "../../supervisor/envelope.h"
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PATIENCE_MS 10000

struct world {
	struct event_base *base;
	struct event *child;
	struct conf conf;
	struct conf_app app;
	struct core *core;
};

struct call {
	bool over;
	enum task_state state;
	enum fault fault;
	uint8_t result[16];
	size_t result_bytes;
};

static void
child_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	core_reap(((struct world *)arg)->core);
}

static void
world_init(struct world *w, int workers, int slots, const char *odd)
{
	char path[4096];
	const char *build = getenv("DEFERD_BUILD");

	memset(w, 0, sizeof *w);
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(path, sizeof path, "%s/t/fault/oddworker", build ? build : ".");
	setenv("DEFERD_WORKER", path, 1);
	setenv("ODDWORKER", odd, 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	w->app = (struct conf_app){.id = (char *)(uintptr_t) "odd",
	    .handlers = (char *)(uintptr_t) ".",
	    .timeout_ms = 5000,
	    .job_timeout_ms = 5000};
	w->conf.app = &w->app;
	w->conf.app_n = 1;
	w->conf.workers.concurrent = workers;
	w->conf.workers.slots = slots;
	w->conf.workers.threshold_e9 = 800000000;
	w->conf.workers.kill_grace_ms = 300;
	w->conf.workers.beat_interval_ms = 200;
	w->conf.workers.beat_timeout_ms = 1000;
	w->conf.handlers.load_timeout_ms = 5000;
	w->conf.limits.result_bytes = w->conf.limits.batch_bytes = 1 << 20;
	w->conf.queue.tasks = 1000;
	w->conf.queue.bytes = w->conf.results.bytes = 1 << 20;
	w->conf.results.count = 1000;
	w->conf.results.ttl_ms = 60000;
	w->base = event_base_new();
	w->core = core_new(w->base, &w->conf);
	OK(w->core);
	w->child = event_new(w->base, SIGCHLD, EV_SIGNAL | EV_PERSIST, child_cb, w);
	event_add(w->child, NULL);
	OK(core_load(w->core, NULL, NULL));
	core_run(w->core);
}

static void
world_fini(struct world *w)
{
	core_free(w->core);
	event_free(w->child);
	event_base_free(w->base);
}

static void
turn(struct world *w)
{
	struct timeval soon = {0, 20000};

	event_base_loopexit(w->base, &soon);
	event_base_loop(w->base, EVLOOP_ONCE);
	core_turn(w->core);
}

#define WAIT_FOR(w, condition)                                                         \
	do {                                                                           \
		int64_t until_ = clock_now_ms() + PATIENCE_MS;                         \
		while (!(condition)) {                                                 \
			if (clock_now_ms() > until_)                                   \
				t_fail(__FILE__, __LINE__, "never: %s", #condition);   \
			turn(w);                                                       \
		}                                                                      \
	} while (0)

static void
done_cb(struct task *t, void *arg)
{
	struct call *c = arg;

	c->over = true;
	c->state = t->state;
	c->fault = t->fault;
	c->result_bytes = t->result_bytes < sizeof c->result ? t->result_bytes : 0;
	if (c->result_bytes)
		memcpy(c->result, t->result, c->result_bytes);
}

static struct task *
start(struct world *w, const char *name, enum execution execution, struct call *c)
{
	struct buf envelope;
	struct task *t = NULL;

	memset(c, 0, sizeof *c);
	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, SPAN_NONE);
	struct submission sub = {
	    .handler = app_find(w->core->app[0], KIND_FUNCTION, span_str(name)),
	    .execution = execution,
	    .envelope = &envelope,
	    .done = done_cb,
	    .done_arg = c};
	EQ_INT(core_submit(w->core, &sub, &t), FAULT_NONE);
	buf_fini(&envelope);
	return t;
}

static struct call
call(struct world *w, const char *name, enum execution execution)
{
	struct call c;

	start(w, name, execution, &c);
	WAIT_FOR(w, c.over);
	return c;
}

static size_t
ready(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->core->seat_n; i++)
		n += w->core->seat[i]->life == LIFE_READY;
	return n;
}

static uint64_t
stat_of(const struct world *w, enum stat s)
{
	return w->core->stats.value[s];
}

static void
t_a_call_is_answered(void)
{
	struct world w;

	world_init(&w, 2, 1, "");
	struct call c = call(&w, "hello", EXEC_SYNC);
	EQ_INT(c.state, TASK_DONE);
	OK(c.result_bytes == 6 && memcmp(c.result, "\xa5hello", 6) == 0);
	WAIT_FOR(&w, ready(&w) == 2);
	world_fini(&w);
}

static void
t_many_calls_travel_in_batches(void)
{
	struct world w;
	static struct call c[500];

	world_init(&w, 2, 64, "");
	WAIT_FOR(&w, ready(&w) == 2);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		start(&w, "hello", i % 3 ? EXEC_SYNC : EXEC_LOW, &c[i]);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		WAIT_FOR(&w, c[i].over);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		EQ_INT(c[i].state, TASK_DONE);
	t_note("500 calls in %d messages", (int)stat_of(&w, STAT_LINK_SENT));
	OK(stat_of(&w, STAT_LINK_SENT) < 100);
	EQ_INT(core_open_tasks(w.core), 0);
	world_fini(&w);
}

/* A worker that breaks the protocol is killed; its task was not in a burst, so it is
 * run again, and again, and then its caller is told. */
static void
rule_breaker(const char *name)
{
	struct world w;

	world_init(&w, 2, 1, "");
	struct call c = call(&w, name, EXEC_SYNC);
	EQ_INT(c.state, TASK_FAILED);
	EQ_INT(c.fault, FAULT_WORKER_DIED);
	EQ_INT(stat_of(&w, STAT_WORKERS_DIED), CORE_RERUNS_MAX + 1);
	c = call(&w, "hello", EXEC_SYNC);
	EQ_INT(c.state, TASK_DONE);
	WAIT_FOR(&w, ready(&w) == 2);
	world_fini(&w);
}

static void
t_garbage(void)
{
	rule_breaker("garbage");
}

static void
t_an_unknown_cause(void)
{
	rule_breaker("cause");
}

static void
t_a_message_of_the_other_direction(void)
{
	rule_breaker("down");
}

static void
t_an_exit(void)
{
	rule_breaker("quit");
}

static void
late_one(const char *name, int late)
{
	struct world w;

	world_init(&w, 1, 1, "");
	struct call c = call(&w, name, EXEC_SYNC);
	EQ_INT(c.state, TASK_DONE);
	EQ_INT(c.fault, FAULT_NONE);
	WAIT_FOR(&w, stat_of(&w, STAT_LATE_MESSAGES) == (uint64_t)late);
	EQ_INT(ready(&w), 1);
	world_fini(&w);
}

static void
t_late_messages_are_dropped(void)
{
	late_one("twice", 1);
	late_one("stale", 1);
	late_one("wrong", 1);
	late_one("hello", 0);
}

static void
t_a_mute_worker_is_replaced(void)
{
	struct world w;

	world_init(&w, 1, 1, "");
	call(&w, "mute", EXEC_SYNC);
	uint64_t worker = w.core->seat[0]->worker;
	WAIT_FOR(&w, w.core->seat[0]->worker != worker && ready(&w) == 1);
	EQ_INT(stat_of(&w, STAT_WORKERS_KILLED_BEAT), 1);
	OK(strstr(w.core->seat[0]->obituary, "no beat"));
	world_fini(&w);
}

static void
t_a_task_that_never_ends_is_ended(void)
{
	struct world w;
	struct call c, bystander;

	world_init(&w, 1, 2, "");
	w.app.timeout_ms = 500;
	int64_t began = clock_now_ms();
	start(&w, "hang", EXEC_SYNC, &c);
	WAIT_FOR(&w, c.over);
	int64_t took = clock_now_ms() - began;
	t_note("answered after %d ms", (int)took);
	EQ_INT(c.fault, FAULT_TIMEOUT);
	OK(took >= 600 && took < 800); /* deadline + 100 ms */
	/* deadline + killGrace: the worker goes, and takes nobody along */
	w.app.timeout_ms = 5000;
	struct task *neighbour = start(&w, "hang", EXEC_ASYNC, &bystander);
	WAIT_FOR(&w, stat_of(&w, STAT_WORKERS_KILLED_DEADLINE) == 1);
	WAIT_FOR(&w, neighbour->reruns == 1 && neighbour->state == TASK_LEASED);
	EQ_INT(neighbour->deaths, 0);
	world_fini(&w);
}

static void
t_a_goodbye_with_tasks_left(void)
{
	struct world w;

	world_init(&w, 1, 1, "");
	struct call c = call(&w, "bye", EXEC_ASYNC);
	EQ_INT(c.fault, FAULT_WORKER_DIED);
	EQ_INT(stat_of(&w, STAT_WORKERS_RETIRED), CORE_RERUNS_MAX + 1);
	EQ_INT(stat_of(&w, STAT_WORKERS_DIED), 0);
	world_fini(&w);
}

static void
t_a_killed_worker_comes_back_fast(void)
{
	struct world w;
	int64_t worst = 0;

	world_init(&w, 1, 1, "");
	for (int i = 0; i < 30; i++) {
		EQ_INT(call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
		int64_t began = clock_now_ns();
		kill(w.core->seat[0]->pid, SIGKILL);
		EQ_INT(call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
		if (clock_now_ns() - began > worst)
			worst = clock_now_ns() - began;
	}
	t_note("kill to the next worker's first answer: worst of 30 is %.1f ms",
	    (double)worst / 1e6);
	EQ_INT(stat_of(&w, STAT_SPAWNS_DELAYED), 0);
	world_fini(&w);
}

/* Workers that never come up: the brake holds, the core answers and counts. */
static void
t_a_storm_is_braked(void)
{
	static const char *const odd[] = {"die", "token", "version", "early"};

	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		struct world w;
		world_init(&w, 2, 1, odd[i]);
		WAIT_FOR(&w, stat_of(&w, STAT_SPAWNS_DELAYED) >= 2);
		EQ_INT(ready(&w), 0);
		OK(stat_of(&w, STAT_WORKERS_SPAWNED) <= 2 * 5 + 4);
		OK(core_not_ready(w.core) != NULL);
		world_fini(&w);
	}
}

static void
t_the_forkserver_may_die(void)
{
	struct world w;

	world_init(&w, 2, 1, "");
	WAIT_FOR(&w, ready(&w) == 2);
	pid_t old = forkserver_pid(w.core->forkserver[0]);
	uint64_t worker = w.core->seat[0]->worker;
	kill(old, SIGKILL);
	EQ_INT(call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
	WAIT_FOR(&w, forkserver_state(w.core->forkserver[0]) == SPAWN_UP &&
			 forkserver_pid(w.core->forkserver[0]) != old);
	EQ_INT(w.core->seat[0]->worker, worker); /* workers live on */
	kill(w.core->seat[0]->pid, SIGKILL);
	WAIT_FOR(&w, w.core->seat[0]->worker != worker && ready(&w) == 2);
	world_fini(&w);
}

TESTS(TEST(a_call_is_answered), TEST(many_calls_travel_in_batches), TEST(garbage),
    TEST(an_unknown_cause), TEST(a_message_of_the_other_direction), TEST(an_exit),
    TEST(late_messages_are_dropped), TEST(a_mute_worker_is_replaced),
    TEST(a_task_that_never_ends_is_ended), TEST(a_goodbye_with_tasks_left),
    TEST(a_killed_worker_comes_back_fast), TEST(a_storm_is_braked),
    TEST(the_forkserver_may_die))

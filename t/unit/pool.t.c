/*
 * pool.t.c: whatever a worker says or does, its caller gets an answer, the pool is back
 * to size, and the core lives.
 */
#include "../../supervisor/spawn_impl.h"
#include "world.h"
#include <signal.h>
#include <unistd.h>

static void
t_a_call_is_answered(void)
{
	struct world w;

	world_init(&w, 2, 1, "");
	struct call c = world_call(&w, "hello", EXEC_SYNC);
	EQ_INT(c.state, TASK_DONE);
	OK(c.result_bytes == 6 && memcmp(c.result, "\xa5hello", 6) == 0);
	WAIT_FOR(&w, world_ready(&w) == 2);
	world_fini(&w);
}

static void
t_many_calls_travel_in_batches(void)
{
	struct world w;
	static struct call c[500];

	world_init(&w, 2, 64, "");
	WAIT_FOR(&w, world_ready(&w) == 2);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		world_start(&w, "hello", i % 3 ? EXEC_SYNC : EXEC_LOW, &c[i]);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		WAIT_FOR(&w, c[i].over);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		EQ_INT(c[i].state, TASK_DONE);
	t_note("500 calls in %d messages", (int)world_stat_of(&w, STAT_LINK_SENT));
	OK(world_stat_of(&w, STAT_LINK_SENT) < 100);
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
	struct call c = world_call(&w, name, EXEC_SYNC);
	EQ_INT(c.state, TASK_FAILED);
	EQ_INT(c.fault, FAULT_WORKER_DIED);
	EQ_INT(world_deaths(&w), CORE_RERUNS_MAX + 1);
	c = world_call(&w, "hello", EXEC_SYNC);
	EQ_INT(c.state, TASK_DONE);
	WAIT_FOR(&w, world_ready(&w) == 2);
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
t_a_trace_without_end(void)
{
	rule_breaker("trace");
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
	struct call c = world_call(&w, name, EXEC_SYNC);
	EQ_INT(c.state, TASK_DONE);
	EQ_INT(c.fault, FAULT_NONE);
	WAIT_FOR(&w, world_stat_of(&w, STAT_LATE_MESSAGES) == (uint64_t)late);
	EQ_INT(world_ready(&w), 1);
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
	world_call(&w, "mute", EXEC_SYNC);
	uint64_t worker = w.core->seat[0]->worker;
	WAIT_FOR(&w, w.core->seat[0]->worker != worker && world_ready(&w) == 1);
	EQ_INT(world_stat_of(&w, STAT_WORKERS_KILLED_BEAT), 1);
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
	world_start(&w, "hang", EXEC_SYNC, &c);
	WAIT_FOR(&w, c.over);
	int64_t took = clock_now_ms() - began;
	t_note("answered after %d ms", (int)took);
	EQ_INT(c.fault, FAULT_TIMEOUT);
	OK(took >= 600 && took < 800); /* deadline + 100 ms */
	/* deadline + killGrace: the worker goes, and takes nobody along */
	w.app.timeout_ms = 5000;
	struct task *neighbour = world_start(&w, "hang", EXEC_ASYNC, &bystander);
	WAIT_FOR(&w, world_stat_of(&w, STAT_WORKERS_KILLED_DEADLINE) == 1);
	WAIT_FOR(&w, neighbour->reruns == 1 && neighbour->state == TASK_LEASED);
	EQ_INT(neighbour->deaths, 0);
	world_fini(&w);
}

static void
t_a_goodbye_with_tasks_left(void)
{
	struct world w;

	world_init(&w, 1, 1, "");
	struct call c = world_call(&w, "bye", EXEC_ASYNC);
	EQ_INT(c.fault, FAULT_WORKER_DIED);
	EQ_INT(world_stat_of(&w, STAT_WORKERS_RETIRED_OWN), CORE_RERUNS_MAX + 1);
	EQ_INT(world_deaths(&w), 0);
	world_fini(&w);
}

static void
t_a_killed_worker_comes_back_fast(void)
{
	struct world w;
	int64_t worst = 0;

	world_init(&w, 1, 1, "");
	for (int i = 0; i < 30; i++) {
		EQ_INT(world_call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
		int64_t began = clock_now_ns();
		kill(w.core->seat[0]->pid, SIGKILL);
		EQ_INT(world_call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
		if (clock_now_ns() - began > worst)
			worst = clock_now_ns() - began;
	}
	t_note("kill to the next worker's first answer: worst of 30 is %.1f ms",
	    (double)worst / 1e6);
	EQ_INT(world_stat_of(&w, STAT_SPAWNS_DELAYED), 0);
	world_fini(&w);
}

/* A worker gets the pid that another process ended with before it was born. */
static void
t_a_pid_that_comes_back(void)
{
	struct world w;

	world_init(&w, 1, 1, "");
	WAIT_FOR(&w, world_ready(&w) == 1);
	struct reaper *r = &w.core->reaper;
	pid_t pid = w.core->seat[0]->pid;
	for (r->n = 0; r->n < REAP_UNKNOWN_MAX; r->n++)
		r->unknown[r->n] = (struct reap_exit){
		    .pid = pid + 1 + (pid_t)r->n, .at_ms = w.core->now_ms - 1000};
	kill(pid, SIGKILL);
	WAIT_FOR(&w, world_ready(&w) == 1 && w.core->seat[0]->pid != pid);
	EQ_INT(world_deaths(&w), 1);
	world_fini(&w);
}

/* Whoever connects in a worker's place must be of its app's user. */
static void
t_another_users_worker_is_refused(void)
{
	struct world w;

	world_init(&w, 1, 1, "");
	WAIT_FOR(&w, world_ready(&w) == 1);
	w.core->forkserver[0]->uid = getuid() + 1;
	kill(w.core->seat[0]->pid, SIGKILL);
	WAIT_FOR(&w, world_deaths(&w) >= 3);
	EQ_INT(world_ready(&w), 0);
	OK(strstr(w.core->seat[0]->obituary, "or user, answered for it"));
	w.core->forkserver[0]->uid = getuid();
	WAIT_FOR(&w, world_ready(&w) == 1);
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
		WAIT_FOR(&w, world_stat_of(&w, STAT_SPAWNS_DELAYED) >= 2);
		EQ_INT(world_ready(&w), 0);
		OK(world_stat_of(&w, STAT_WORKERS_SPAWNED) <= 2 * 5 + 4);
		OK(core_not_ready(w.core) != NULL);
		world_fini(&w);
	}
}

static void
t_the_forkserver_may_die(void)
{
	struct world w;

	world_init(&w, 2, 1, "");
	WAIT_FOR(&w, world_ready(&w) == 2);
	pid_t old = forkserver_pid(w.core->forkserver[0]);
	uint64_t worker = w.core->seat[0]->worker;
	kill(old, SIGKILL);
	EQ_INT(world_call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
	WAIT_FOR(&w, forkserver_state(w.core->forkserver[0]) == SPAWN_UP &&
			 forkserver_pid(w.core->forkserver[0]) != old);
	EQ_INT(w.core->seat[0]->worker, worker); /* workers live on */
	kill(w.core->seat[0]->pid, SIGKILL);
	WAIT_FOR(&w, w.core->seat[0]->worker != worker && world_ready(&w) == 2);
	world_fini(&w);
}

TESTS(TEST(a_call_is_answered), TEST(many_calls_travel_in_batches), TEST(garbage),
    TEST(an_unknown_cause), TEST(a_trace_without_end),
    TEST(a_message_of_the_other_direction), TEST(an_exit),
    TEST(late_messages_are_dropped), TEST(a_mute_worker_is_replaced),
    TEST(a_task_that_never_ends_is_ended), TEST(a_goodbye_with_tasks_left),
    TEST(a_killed_worker_comes_back_fast), TEST(a_pid_that_comes_back),
    TEST(another_users_worker_is_refused), TEST(a_storm_is_braked),
    TEST(the_forkserver_may_die))

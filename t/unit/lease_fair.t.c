/*
 * lease_fair.t.c: apps that share a pool, in simulated time: workers that come and go
 * in two milliseconds, tasks that take theirs. Nobody starves, nobody floods the others
 * out of their share, and workers do not change hands for nothing.
 */
#include "../../supervisor/lease.h"
#include "t.h"

#define APPS 12
#define SEATS 8
#define TASKS 600
#define CHANGE_MS 2 /* a worker leaves, or comes up */

struct sim {
	struct lease lease;
	struct lease_seat seat[SEATS];
	int64_t seat_ms[SEATS]; /* when what the seat goes through is over */
	struct app app[APPS];
	struct task task[TASKS];
	int64_t end_ms[TASKS];
	int app_n, seat_n;
	int64_t now_ms;
	int run_ms[APPS];         /* how long its tasks take */
	int64_t began_ms[APPS];   /* since when it has tasks and no lease */
	int64_t longest_ms[APPS]; /* ... at most */
	uint64_t done[APPS], busy_ms[APPS], changes, spawns;
};

static void
sim_init(struct sim *s, int apps, int seats, int slots)
{
	memset(s, 0, sizeof *s);
	s->app_n = apps;
	s->seat_n = seats;
	OK(lease_init(&s->lease, (size_t)apps, seats, slots, 800000000) == 0);
	for (int i = 0; i < seats; i++)
		OK(lease_add_seat(&s->lease, &s->seat[i]) == 0);
	for (int a = 0; a < apps; a++) {
		s->app[a].index = a;
		s->run_ms[a] = 5;
		lease_set_can_spawn(&s->lease, a, true);
	}
}

static void
sim_queue(struct sim *s, int app, enum lane_name lane)
{
	for (struct task *t = s->task; t < s->task + TASKS; t++) {
		if (t->app)
			continue;
		t->app = &s->app[app];
		t->lane = (uint8_t)lane;
		lease_queue(&s->lease, t);
		return;
	}
	t_fail(__FILE__, __LINE__, "TASKS is too small");
}

static size_t
sim_waiting(const struct sim *s, int app)
{
	return s->lease.app[app].lane[LANE_MAIN].n + s->lease.app[app].lane[LANE_LOW].n;
}

/* Keeps n tasks of the app waiting. */
static void
sim_flood(struct sim *s, int app, enum lane_name lane, size_t n)
{
	while (sim_waiting(s, app) < n)
		sim_queue(s, app, lane);
}

static void
sim_end_tasks(struct sim *s)
{
	for (int i = 0; i < TASKS; i++) {
		struct task *t = &s->task[i];
		if (!t->seat || s->end_ms[i] > s->now_ms)
			continue;
		lease_release(&s->lease, t);
		s->done[t->app->index]++;
		s->busy_ms[t->app->index] += (uint64_t)s->run_ms[t->app->index];
		t->app = NULL;
	}
}

static void
sim_move_workers(struct sim *s)
{
	for (int i = 0; i < s->seat_n; i++) {
		struct lease_seat *seat = &s->seat[i];
		if (seat->state == LEASE_SEAT_CLOSING && seat->leased > 0)
			s->seat_ms[i] = s->now_ms + CHANGE_MS;
		if (s->seat_ms[i] > s->now_ms)
			continue;
		if (seat->state == LEASE_SEAT_STARTING)
			lease_seat_ready(&s->lease, seat);
		else if (seat->state == LEASE_SEAT_CLOSING)
			lease_seat_empty(&s->lease, seat);
	}
}

static void
sim_ask(struct sim *s)
{
	struct lease_action act;

	while ((act = lease_next(&s->lease)).kind != LEASE_NONE) {
		s->seat_ms[act.seat->index] = s->now_ms + CHANGE_MS;
		if (act.kind == LEASE_GRANT) {
			s->end_ms[act.task - s->task] = s->now_ms + s->run_ms[act.app];
			s->began_ms[act.app] = s->now_ms;
		} else if (act.kind == LEASE_SPAWN) {
			s->spawns++;
			lease_seat_starting(&s->lease, act.seat, act.app);
		} else {
			s->changes++;
		}
	}
}

/* One millisecond. */
static void
sim_step(struct sim *s)
{
	lease_set_now(&s->lease, ++s->now_ms);
	sim_end_tasks(s);
	sim_move_workers(s);
	sim_ask(s);
	for (int a = 0; a < s->app_n; a++) {
		if (sim_waiting(s, a) == 0)
			s->began_ms[a] = s->now_ms;
		if (s->now_ms - s->began_ms[a] > s->longest_ms[a])
			s->longest_ms[a] = s->now_ms - s->began_ms[a];
	}
}

static unsigned
sim_seats(const struct sim *s, int app)
{
	return s->lease.app[app].seats;
}

static void
t_twelve_floods_on_few_seats(void)
{
	static struct sim s;

	for (int seats = 1; seats <= SEATS; seats++)
		for (int slots = 1; slots <= 8; slots *= 2) {
			sim_init(&s, APPS, seats, slots);
			for (int ms = 0; ms < 4000; ms++) {
				for (int a = 0; a < APPS; a++)
					sim_flood(&s, a, LANE_MAIN, 20);
				sim_step(&s);
			}
			/* Each of the others may have its turn before. */
			int bound = (APPS + seats - 1) / seats *
				    (LEASE_TURN_MS + 5 + 5 + 3 * CHANGE_MS);
			for (int a = 0; a < APPS; a++)
				if (s.longest_ms[a] > bound)
					t_fail(__FILE__, __LINE__,
					    "%d seats, %d slots: app %d got nothing "
					    "for %d ms, the bound is %d",
					    seats, slots, a, (int)s.longest_ms[a],
					    bound);
			/* ... and nobody's is cut short. */
			EQ_INT(s.changes * (LEASE_TURN_MS + 2 * CHANGE_MS) >
				   (uint64_t)s.now_ms * (uint64_t)seats,
			    0);
			lease_fini(&s.lease);
		}
}

/* One app floods, eleven ask for a little now and then: they are served, all of them.
 */
static void
flood_and_trickle(int slots, enum lane_name flood_lane)
{
	static struct sim s;
	uint64_t random = t_seed();

	sim_init(&s, APPS, 4, slots);
	for (int ms = 0; ms < 10000; ms++) {
		sim_flood(&s, 0, flood_lane, 40);
		if (t_below(&random, 10) == 0)
			sim_queue(&s, 1 + (int)t_below(&random, APPS - 1), LANE_MAIN);
		sim_step(&s);
	}
	for (int a = 1; a < APPS; a++)
		if (s.longest_ms[a] > 60)
			t_fail(__FILE__, __LINE__, "slots %d: app %d waited for %d ms",
			    slots, a, (int)s.longest_ms[a]);
	t_note("slots %d: the flood got %llu ms of %d, %llu workers changed hands",
	    slots, (unsigned long long)s.busy_ms[0], 4 * slots * 10000,
	    (unsigned long long)s.changes);
	OK(s.busy_ms[0] > (uint64_t)slots * 10000 / 2);
	lease_fini(&s.lease);
}

static void
t_a_flood_leaves_the_others_theirs(void)
{
	flood_and_trickle(1, LANE_MAIN);
	flood_and_trickle(2, LANE_MAIN);
	flood_and_trickle(8, LANE_LOW);
}

/* Two that always have work share evenly, whoever came first; nothing swings then. */
static void
t_two_floods_share_evenly(void)
{
	static struct sim s;

	sim_init(&s, 2, 4, 1);
	for (int ms = 0; ms < 12000; ms++) {
		sim_flood(&s, 0, LANE_MAIN, 40);
		if (ms >= 2000)
			sim_flood(&s, 1, LANE_MAIN, 40);
		sim_step(&s);
		if (ms == 1999)
			EQ_INT(sim_seats(&s, 0), 3); /* all but the other's last */
	}
	EQ_INT(sim_seats(&s, 0), 2);
	EQ_INT(sim_seats(&s, 1), 2);
	OK(s.changes <= 2);
	lease_fini(&s.lease);
}

static void
t_a_long_rest_frees_the_last_worker(void)
{
	static struct sim s;

	sim_init(&s, 4, 4, 1);
	for (int ms = 0; ms < LEASE_LAST_REST_MS + 1000; ms++) {
		sim_flood(&s, 0, LANE_MAIN, 40);
		sim_step(&s);
		if (ms == LEASE_LAST_REST_MS - 1000)
			EQ_INT(sim_seats(&s, 0), 1);
	}
	EQ_INT(sim_seats(&s, 0), 3); /* one stays idle, for whoever comes */
	EQ_INT(s.lease.idle, 1);
	int64_t asked_ms = s.now_ms;
	for (int a = 1; a < 4; a++)
		sim_queue(&s, a, LANE_MAIN);
	while (s.done[1] + s.done[2] + s.done[3] < 3) {
		sim_flood(&s, 0, LANE_MAIN, 40);
		sim_step(&s);
	}
	OK(s.now_ms - asked_ms < 60);
	lease_fini(&s.lease);
}

static void
t_a_short_rest_frees_none(void)
{
	static struct sim s;

	sim_init(&s, 2, 4, 1);
	while (s.lease.idle < 4)
		sim_step(&s);
	int64_t idle_ms = s.now_ms;
	while (s.changes == 0) {
		sim_flood(&s, 0, LANE_MAIN, 40);
		sim_step(&s);
	}
	EQ_INT(s.now_ms - idle_ms, LEASE_REST_MS);
	lease_fini(&s.lease);
}

/* Calls one after the other, the apps in turn: a worker changes hands for each, at
 * once. */
static void
t_round_robin(void)
{
	static struct sim s;
	uint64_t calls = 0;

	sim_init(&s, APPS, 4, 1);
	while (s.now_ms < 20)
		sim_step(&s);
	for (int a = 0; s.now_ms < 5000; a = (a + 1) % APPS) {
		uint64_t done = s.done[a];
		int64_t asked_ms = s.now_ms;
		s.run_ms[a] = 1;
		sim_queue(&s, a, LANE_MAIN);
		while (s.done[a] == done)
			sim_step(&s);
		OK(s.now_ms - asked_ms <= 2 * CHANGE_MS + 3);
		calls++;
	}
	OK(s.changes <= calls);
	lease_fini(&s.lease);
}

/* A low task of an app without a worker, while another app fills the low lane. */
static void
t_low_of_another_app(void)
{
	static struct sim s;

	sim_init(&s, 3, 2, 1);
	for (int ms = 0; ms < 5000; ms++) {
		for (int a = 0; a < 3; a++)
			sim_flood(&s, a, LANE_LOW, 10);
		sim_step(&s);
	}
	for (int a = 0; a < 3; a++)
		OK(s.done[a] > 100 && s.longest_ms[a] < 200);
	lease_fini(&s.lease);
}

/* Long tasks everywhere: the owed app gets the first worker that is free of one. */
static void
t_nothing_that_runs_is_disturbed(void)
{
	static struct sim s;

	sim_init(&s, 2, 2, 1);
	s.run_ms[0] = 3000;
	for (int ms = 0; ms < 200; ms++)
		sim_step(&s);
	sim_queue(&s, 0, LANE_MAIN);
	sim_step(&s);
	sim_flood(&s, 0, LANE_MAIN, 10);
	for (int ms = 0; ms < 1000; ms++)
		sim_step(&s);
	sim_queue(&s, 1, LANE_MAIN);
	while (s.done[1] == 0)
		sim_step(&s);
	OK(s.longest_ms[1] <= 3000 + 2 * CHANGE_MS + 2);
	lease_fini(&s.lease);
}

TESTS(TEST(twelve_floods_on_few_seats), TEST(a_flood_leaves_the_others_theirs),
    TEST(two_floods_share_evenly), TEST(a_long_rest_frees_the_last_worker),
    TEST(a_short_rest_frees_none), TEST(round_robin), TEST(low_of_another_app),
    TEST(nothing_that_runs_is_disturbed))

/*
 * lease.t.c: the lane rule, against an executable model with random events, and its
 * arithmetic and corners by hand.
 */
#include "lease_model.h"
#include "t.h"

#define EVENTS 200000
#define EVENTS_PER_POOL 400

static void
t_property(void)
{
	uint64_t random = t_seed(), sum[6] = {0};
	static struct model m;

	for (int pool = 0; pool < EVENTS / EVENTS_PER_POOL; pool++) {
		model_init(&m, &random);
		for (int i = 0; i < EVENTS_PER_POOL; i++) {
			const char *wrong;
			model_event(&m);
			if ((wrong = model_settle(&m))) {
				model_note_trace(&m);
				t_fail(__FILE__, __LINE__, "pool %d, event %d: %s",
				    pool, i, wrong);
			}
		}
		sum[0] += m.granted[LANE_MAIN];
		sum[1] += m.granted[LANE_LOW];
		sum[2] += m.spawned;
		sum[3] += m.taken;
		sum[4] += m.closed;
		sum[5] += m.refused;
		model_fini(&m);
	}
	t_note(
	    "%d events: %llu main and %llu low leases, %llu spawns, %llu taken, %llu "
	    "closed",
	    EVENTS, (unsigned long long)sum[0], (unsigned long long)sum[1],
	    (unsigned long long)sum[2], (unsigned long long)sum[3],
	    (unsigned long long)sum[4]);
	/* A run that never got somewhere proves nothing about it. */
	for (size_t i = 0; i < COUNT_OF(sum); i++)
		OK(sum[i] > 100);
}

static void
t_low_limit(void)
{
	EQ_INT(lease_low_limit(100, 290000000), 29);
	EQ_INT(lease_low_limit(20, 800000000), 16);
	EQ_INT(lease_low_limit(100, 550000000), 55);
	EQ_INT(lease_low_limit(7, 550000000), 3);
	EQ_INT(lease_low_limit(10, 999999999), 9);
	EQ_INT(lease_low_limit(20, 1000000000), 20);
	EQ_INT(lease_low_limit(4, 100000000), 1);
	EQ_INT(lease_low_limit(1, 1), 1);
	EQ_INT(lease_low_limit(20, 0), 0);
	EQ_INT(lease_low_limit(1000000, 1000000000), 1000000);
}

/* A pool of one app whose workers are all ready. */
struct pool {
	struct lease lease;
	struct lease_seat seat[20];
	struct app app;
	struct task task[64];
	int used;
};

static void
pool_init(struct pool *p, int concurrent, int slots, int64_t threshold_e9)
{
	memset(p, 0, sizeof *p);
	OK(lease_init(&p->lease, 1, concurrent, slots, threshold_e9) == 0);
	for (int i = 0; i < concurrent; i++) {
		OK(lease_add_seat(&p->lease, &p->seat[i]) == 0);
		lease_seat_starting(&p->lease, &p->seat[i], 0);
		lease_seat_ready(&p->lease, &p->seat[i]);
	}
}

static struct task *
pool_queue(struct pool *p, enum lane_name lane)
{
	struct task *t = &p->task[p->used++];

	t->app = &p->app;
	t->lane = (uint8_t)lane;
	lease_queue(&p->lease, t);
	return t;
}

/* Grants until nothing more is to do; how many. */
static int
pool_grants(struct pool *p)
{
	int n = 0;

	while (lease_next(&p->lease).kind == LEASE_GRANT)
		n++;
	return n;
}

static void
t_seed_promise(void)
{
	static struct pool p;

	/* 20 workers, 0.8: low takes 16; main then has 4 at once, and the next ones. */
	pool_init(&p, 20, 1, 800000000);
	for (int i = 0; i < 30; i++)
		pool_queue(&p, LANE_LOW);
	EQ_INT(pool_grants(&p), 16);
	for (int i = 0; i < 10; i++)
		pool_queue(&p, LANE_MAIN);
	EQ_INT(pool_grants(&p), 4);
	EQ_INT(lease_count_leasable(&p.lease, LANE_MAIN), 0);
	for (int i = 0; i < 7; i++) {
		lease_release(&p.lease, &p.task[i]);
		struct lease_action act = lease_next(&p.lease);
		EQ_INT(act.kind, LEASE_GRANT);
		/* The last of the ten has gone before low gets its turn again. */
		EQ_INT(act.task->lane, i < 6 ? LANE_MAIN : LANE_LOW);
		EQ_INT(act.leasable_main, i < 6 ? 6 - i : 0);
		EQ_INT(lease_next(&p.lease).kind, LEASE_NONE);
	}
	lease_fini(&p.lease);
}

static void
t_main_may_use_all(void)
{
	static struct pool p;

	pool_init(&p, 4, 4, 100000000);
	for (int i = 0; i < 20; i++)
		pool_queue(&p, LANE_MAIN);
	EQ_INT(pool_grants(&p), 16);
	for (int i = 0; i < 4; i++)
		EQ_INT(p.seat[i].leased, 4);
	lease_fini(&p.lease);
}

static void
t_low_disabled(void)
{
	static struct pool p;

	pool_init(&p, 4, 1, 0);
	pool_queue(&p, LANE_LOW);
	EQ_INT(pool_grants(&p), 0);
	pool_queue(&p, LANE_MAIN);
	EQ_INT(pool_grants(&p), 1);
	lease_fini(&p.lease);
}

static void
t_spreads_load(void)
{
	static struct pool p;

	pool_init(&p, 3, 4, 1000000000);
	for (int i = 0; i < 3; i++)
		pool_queue(&p, LANE_MAIN);
	EQ_INT(pool_grants(&p), 3);
	for (int i = 0; i < 3; i++)
		EQ_INT(p.seat[i].leased, 1);
	lease_fini(&p.lease);
}

static void
t_requeued_runs_first(void)
{
	static struct pool p;

	pool_init(&p, 1, 1, 800000000);
	struct task *first = pool_queue(&p, LANE_MAIN);
	EQ_INT(pool_grants(&p), 1);
	pool_queue(&p, LANE_MAIN);
	lease_release(&p.lease, first);
	lease_requeue(&p.lease, first);
	lease_seat_empty(&p.lease, &p.seat[0]);
	EQ_INT(lease_next(&p.lease).kind, LEASE_NONE);
	EQ_INT(lease_count_leasable(&p.lease, LANE_MAIN), 0);
	lease_set_can_spawn(&p.lease, 0, true);
	EQ_INT(lease_count_leasable(&p.lease, LANE_MAIN), 2);
	struct lease_action act = lease_next(&p.lease);
	EQ_INT(act.kind, LEASE_SPAWN);
	lease_seat_starting(&p.lease, act.seat, act.app);
	EQ_INT(lease_next(&p.lease).kind, LEASE_NONE);
	lease_seat_ready(&p.lease, act.seat);
	act = lease_next(&p.lease);
	EQ_INT(act.kind, LEASE_GRANT);
	OK(act.task == first);
	EQ_INT(act.leasable_main, 2);
	lease_fini(&p.lease);
}

static void
t_scaled_down(void)
{
	static struct pool p;

	pool_init(&p, 4, 1, 1000000000);
	for (int i = 0; i < 6; i++)
		pool_queue(&p, LANE_MAIN);
	EQ_INT(pool_grants(&p), 4);
	lease_set_pool(&p.lease, 2, 1, 1000000000);
	for (int i = 0; i < 2; i++) {
		lease_release(&p.lease, &p.task[i]);
		EQ_INT(pool_grants(&p), 0);
	}
	lease_release(&p.lease, &p.task[2]);
	EQ_INT(pool_grants(&p), 1);
	lease_fini(&p.lease);
}

/* A second reload finds a worker that still finishes what the first one left it with:
 * it counts for nothing, before and after. */
static void
t_aside_twice(void)
{
	static struct pool p;

	pool_init(&p, 2, 1, 1000000000);
	struct task *long_one = pool_queue(&p, LANE_MAIN);
	EQ_INT(pool_grants(&p), 1);
	for (int i = 0; i < 3; i++) {
		lease_seat_aside(&p.lease, &p.seat[0]);
		EQ_INT(p.lease.app[0].seats, 1);
		EQ_INT(p.lease.app[0].closing, 0);
		EQ_INT(p.lease.occupied, 1);
	}
	lease_release(&p.lease, long_one);
	lease_seat_empty(&p.lease, &p.seat[0]);
	EQ_INT(p.lease.app[0].seats, 1);
	EQ_INT(p.lease.app[0].closing, 0);
	EQ_INT(p.lease.occupied, 1);
	lease_seat_beside(&p.lease, &p.seat[0], 0);
	lease_seat_enter(&p.lease, &p.seat[0]);
	EQ_INT(p.lease.app[0].seats, 2);
	EQ_INT(p.lease.occupied, 2);
	EQ_INT(p.lease.idle, 2);
	lease_fini(&p.lease);
}

TESTS(TEST(aside_twice), TEST(low_limit), TEST(seed_promise), TEST(main_may_use_all),
    TEST(low_disabled), TEST(spreads_load), TEST(requeued_runs_first),
    TEST(scaled_down), TEST(property))

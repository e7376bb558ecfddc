/*
 * lane.t.c: the FIFOs and the ring of the apps.
 */
#include "../../supervisor/lane.h"
#include "t.h"

struct fixture {
	struct lane lane;
	struct lane_app app[3];
	struct task task[6];
};

static void
fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	lane_init(&f->lane);
	for (int i = 0; i < 3; i++)
		lane_app_init(&f->app[i], i);
}

/* The ring as digits ("120"), the app whose turn it is first. */
static const char *
ring_text(const struct lane *l)
{
	static char text[8];
	struct lane_app *a;
	size_t n = 0;

	TAILQ_FOREACH (a, &l->ring, ring)
		text[n++] = (char)('0' + a->app);
	text[n] = '\0';
	return text;
}

static void
t_empty(void)
{
	struct fixture f;

	fixture_init(&f);
	EQ_INT(f.lane.n, 0);
	EQ_STR(ring_text(&f.lane), "");
	OK(!f.lane.paused);
	lane_turn(&f.lane, &f.app[0]);
	EQ_STR(ring_text(&f.lane), "");
}

static void
t_fifo(void)
{
	struct fixture f;

	fixture_init(&f);
	for (int i = 0; i < 4; i++)
		lane_push(&f.lane, &f.app[0], &f.task[i]);
	lane_push_head(&f.lane, &f.app[0], &f.task[4]);
	EQ_INT(f.lane.n, 5);
	lane_remove(&f.lane, &f.app[0], &f.task[2]);
	static const int want[] = {4, 0, 1, 3};
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		struct task *t = TAILQ_FIRST(&f.app[0].fifo);
		EQ_INT(t - f.task, want[i]);
		lane_remove(&f.lane, &f.app[0], t);
	}
	EQ_INT(f.lane.n, 0);
	EQ_INT(f.app[0].n, 0);
	EQ_STR(ring_text(&f.lane), "");
}

static void
t_ring(void)
{
	struct fixture f;

	fixture_init(&f);
	lane_push(&f.lane, &f.app[2], &f.task[0]);
	lane_push(&f.lane, &f.app[0], &f.task[1]);
	lane_push_head(&f.lane, &f.app[1], &f.task[2]);
	lane_push(&f.lane, &f.app[2], &f.task[3]);
	EQ_STR(ring_text(&f.lane), "201");
	lane_turn(&f.lane, &f.app[2]);
	EQ_STR(ring_text(&f.lane), "012");
	lane_remove(&f.lane, &f.app[0], &f.task[1]);
	EQ_STR(ring_text(&f.lane), "12");
	lane_push(&f.lane, &f.app[0], &f.task[1]);
	EQ_STR(ring_text(&f.lane), "120");
	EQ_INT(f.lane.n, 4);
}

TESTS(TEST(empty), TEST(fifo), TEST(ring))

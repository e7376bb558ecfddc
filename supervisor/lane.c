#include "lane.h"

void
lane_init(struct lane *l)
{
	TAILQ_INIT(&l->ring);
	l->n = 0;
	l->paused = false;
}

void
lane_app_init(struct lane_app *a, int app)
{
	TAILQ_INIT(&a->fifo);
	a->n = 0;
	a->app = app;
}

static void
lane_count_in(struct lane *l, struct lane_app *a)
{
	if (a->n++ == 0)
		TAILQ_INSERT_TAIL(&l->ring, a, ring);
	l->n++;
}

void
lane_push(struct lane *l, struct lane_app *a, struct task *t)
{
	TAILQ_INSERT_TAIL(&a->fifo, t, place);
	lane_count_in(l, a);
}

void
lane_push_head(struct lane *l, struct lane_app *a, struct task *t)
{
	TAILQ_INSERT_HEAD(&a->fifo, t, place);
	lane_count_in(l, a);
}

void
lane_remove(struct lane *l, struct lane_app *a, struct task *t)
{
	ASSERT(a->n > 0 && l->n > 0);
	TAILQ_REMOVE(&a->fifo, t, place);
	l->n--;
	if (--a->n == 0)
		TAILQ_REMOVE(&l->ring, a, ring);
}

void
lane_turn(struct lane *l, struct lane_app *a)
{
	if (a->n == 0)
		return;
	TAILQ_REMOVE(&l->ring, a, ring);
	TAILQ_INSERT_TAIL(&l->ring, a, ring);
}

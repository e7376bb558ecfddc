/*
 * lease.c: the lane rule: whose task is leased next. It reads the books of
 * lease_books.c; whose worker a seat gets is lease_pool.c's. See lease.h.
 */
#include "lease.h"

struct lease_seat *
lease_free_seat(const struct lease *l, const struct lease_app *a)
{
	struct heap_node *n = heap_peek(&a->ready);

	if (!n)
		return NULL;
	struct lease_seat *s = CONTAINER_OF(n, struct lease_seat, load);
	return s->leased < (unsigned)l->slots ? s : NULL;
}

bool
lease_under_limit(const struct lease_app *a)
{
	return a->limit == 0 || a->leased < a->limit;
}

/* Decision 1: a worker of the app has a free slot, or can be made. */
static bool
lease_app_has_place(const struct lease *l, const struct lease_app *a)
{
	return lease_free_seat(l, a) || a->starting > 0 || lease_can_make(l, a);
}

static size_t
lease_app_leasable(
    const struct lease *l, const struct lease_app *a, enum lane_name lane)
{
	size_t n = a->lane[lane].n;

	if (n == 0 || l->lane[lane].paused || !lease_under_limit(a) ||
	    !lease_app_has_place(l, a))
		return 0;
	return a->limit && n > a->limit - a->leased ? a->limit - a->leased : n;
}

size_t
lease_count_leasable(const struct lease *l, enum lane_name lane)
{
	struct lane_app *la;
	size_t n = 0;

	TAILQ_FOREACH (la, &l->lane[lane].ring, ring)
		n += lease_app_leasable(l, &l->app[la->app], lane);
	return n;
}

static bool
lease_grant_from(struct lease *l, enum lane_name lane, struct lease_action *act)
{
	struct lane_app *la;

	if (l->lane[lane].paused)
		return false;
	TAILQ_FOREACH (la, &l->lane[lane].ring, ring) {
		struct lease_app *a = &l->app[la->app];
		struct lease_seat *s = lease_free_seat(l, a);
		if (!s || !lease_under_limit(a))
			continue;
		act->kind = LEASE_GRANT;
		act->task = TAILQ_FIRST(&la->fifo);
		act->seat = s;
		act->app = la->app;
		lease_book(l, a, s, act->task);
		return true;
	}
	return false;
}

static bool
lease_grant(struct lease *l, struct lease_action *act)
{
	if (l->leased[LANE_MAIN] + l->leased[LANE_LOW] >= l->capacity)
		return false;
	act->leasable_main = lease_count_leasable(l, LANE_MAIN);
	if (lease_grant_from(l, LANE_MAIN, act))
		return true;
	/* What is still leasable in main waits for a worker that is being made. */
	if (act->leasable_main > 0 || l->leased[LANE_LOW] >= l->low_limit)
		return false;
	return lease_grant_from(l, LANE_LOW, act);
}

bool
lease_lane_open(const struct lease *l, enum lane_name lane)
{
	if (l->leased[LANE_MAIN] + l->leased[LANE_LOW] >= l->capacity)
		return false;
	return lane == LANE_MAIN || (l->leased[LANE_LOW] < l->low_limit &&
					lease_count_leasable(l, LANE_MAIN) == 0);
}

struct lease_action
lease_next(struct lease *l)
{
	struct lease_action act = {.kind = LEASE_NONE, .app = -1};

	if (lease_grant(l, &act) || lease_make_worker(l, &act))
		return act;
	act.kind = LEASE_NONE;
	return act;
}

/*
 * lease.c: the lane rule. It reads the books of lease_books.c and answers one question:
 * what next? See lease.h.
 */
#include "lease.h"

static struct lease_seat *
lease_free_seat(const struct lease *l, const struct lease_app *a)
{
	struct heap_node *n = heap_peek(&a->ready);

	if (!n)
		return NULL;
	struct lease_seat *s = CONTAINER_OF(n, struct lease_seat, load);
	return s->leased < (unsigned)l->slots ? s : NULL;
}

/* An empty seat that may be filled, or NULL. */
static struct lease_seat *
lease_empty_seat(const struct lease *l)
{
	if (l->occupied >= (unsigned)l->concurrent)
		return NULL;
	for (size_t i = 0; i < l->seat_n; i++)
		if (l->seat[i]->state == LEASE_SEAT_EMPTY)
			return l->seat[i];
	return NULL;
}

static bool
lease_idle(const struct lease_seat *s)
{
	return s->state == LEASE_SEAT_READY && s->leased == 0;
}

/* The idle worker that another app can best do without: of the app with the most seats,
 * the least recently used one. */
static struct lease_seat *
lease_idle_seat_for(const struct lease *l, int app)
{
	struct lease_seat *best = NULL;

	for (size_t i = 0; i < l->seat_n; i++) {
		struct lease_seat *s = l->seat[i];
		if (!lease_idle(s) || s->app == app)
			continue;
		unsigned mine = l->app[s->app].seats;
		unsigned its = best ? l->app[best->app].seats : 0;
		if (!best || mine > its || (mine == its && s->used < best->used))
			best = s;
	}
	return best;
}

static bool
lease_under_limit(const struct lease_app *a)
{
	return a->limit == 0 || a->leased < a->limit;
}

/* Decision 1: a worker of the app has a free slot, or can be made. */
static bool
lease_app_has_place(const struct lease *l, const struct lease_app *a)
{
	if (lease_free_seat(l, a) || a->starting > 0)
		return true;
	if (!a->can_spawn)
		return false;
	if (a->promised > 0 || lease_empty_seat(l))
		return true;
	/* Only an app without a worker is owed another app's. */
	return a->seats == 0 && lease_idle_seat_for(l, (int)(a - l->app));
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

/* Whether the rule would let the lane have a lease, if only there was a free slot. */
static bool
lease_lane_open(const struct lease *l, enum lane_name lane)
{
	if (l->leased[LANE_MAIN] + l->leased[LANE_LOW] >= l->capacity)
		return false;
	return lane == LANE_MAIN || (l->leased[LANE_LOW] < l->low_limit &&
					lease_count_leasable(l, LANE_MAIN) == 0);
}

/* The next app in turn with a task that only lacks a worker of its own: -1 when none.
 * now: and only where that worker would be given a task at once. */
static int
lease_owed_app(const struct lease *l, bool now)
{
	struct lane_app *la;

	for (int lane = 0; lane < LANE_COUNT; lane++) {
		if (l->lane[lane].paused || (lane == LANE_LOW && l->low_limit == 0) ||
		    (now && !lease_lane_open(l, lane)))
			continue;
		TAILQ_FOREACH (la, &l->lane[lane].ring, ring) {
			const struct lease_app *a = &l->app[la->app];
			if (a->can_spawn && a->seats == 0 && a->promised == 0 &&
			    lease_under_limit(a))
				return la->app;
		}
	}
	return -1;
}

/* The app that has the fewest workers, among those that can have more. */
static int
lease_smallest_app(const struct lease *l)
{
	int best = -1;

	for (size_t i = 0; i < l->app_n; i++)
		if (l->app[i].can_spawn &&
		    (best < 0 || l->app[i].seats < l->app[best].seats))
			best = (int)i;
	return best;
}

static bool
lease_make_worker(struct lease *l, struct lease_action *act)
{
	struct lease_seat *s = lease_empty_seat(l);
	/* No worker gives way to one that would only wait: two apps behind the low
	 * limit would take the seat from each other without end. */
	int owed = lease_owed_app(l, !s);

	if (s) {
		act->app = owed >= 0 ? owed : lease_smallest_app(l);
		act->kind = LEASE_SPAWN;
		act->seat = s;
		return act->app >= 0;
	}
	if (owed < 0 || !(s = lease_idle_seat_for(l, owed)))
		return false;
	lease_seat_closing(l, s, owed);
	act->kind = LEASE_RETIRE;
	act->seat = s;
	act->app = owed;
	return true;
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

/*
 * lease_pool.c: how apps share the pool: which of them gets a seat, and whose worker
 * gives way for it. Rules 4 to 6 of lease.h; it changes nothing but the seat that it
 * closes.
 */
#include "lease.h"

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

/* --- who lacks one --- */

/* Tasks that only wait for a slot. */
static size_t
lease_waiting(const struct lease *l, const struct lease_app *a, enum lane_name lane)
{
	if (l->lane[lane].paused || (lane == LANE_LOW && l->low_limit == 0) ||
	    !lease_under_limit(a))
		return 0;
	return a->lane[lane].n;
}

static bool
lease_lacks(const struct lease *l, const struct lease_app *a)
{
	if (!a->can_spawn || a->starting > 0 || a->coming > 0)
		return false;
	size_t n = lease_waiting(l, a, LANE_MAIN) + lease_waiting(l, a, LANE_LOW);
	return n > 0 && n >= (size_t)a->seats * (size_t)l->slots &&
	       !lease_free_seat(l, a);
}

static bool
lease_main_waits(const struct lease *l)
{
	struct lane_app *la;

	TAILQ_FOREACH (la, &l->lane[LANE_MAIN].ring, ring) {
		const struct lease_app *a = &l->app[la->app];
		if (lease_waiting(l, a, LANE_MAIN) > 0 &&
		    (a->can_spawn || a->seats > 0))
			return true;
	}
	return false;
}

/* How a worker would come to an app, from the cheapest on. */
enum lease_way { LEASE_FILL, LEASE_TAKE, LEASE_CLOSE };

/* Whether a worker that came that way would be of use to the lane. No idle worker gives
 * way to one that would only wait: two apps behind the low limit would take the seat
 * from each other without end. And nobody's main tasks lose a worker to low ones. */
static bool
lease_way_open(const struct lease *l, enum lease_way way, enum lane_name lane)
{
	if (way == LEASE_FILL)
		return true;
	if (way == LEASE_TAKE)
		return lease_lane_open(l, lane);
	return lane == LANE_MAIN || !lease_main_waits(l);
}

static bool
lease_way_fits(const struct lease *l, enum lease_way way, enum lane_name lane,
    const struct lease_app *a)
{
	if (lease_waiting(l, a, lane) == 0 || !lease_lacks(l, a))
		return false;
	if (way != LEASE_CLOSE)
		return true;
	/* Whoever has no worker must get one even then: the ring sees to the rest. */
	return a->promised == 0 && (lane == LANE_MAIN || a->seats == 0 ||
				       l->leased[LANE_LOW] < l->low_limit);
}

/* The app that lacks a worker most; -1: none does. */
static int
lease_neediest(const struct lease *l, enum lease_way way)
{
	struct lane_app *la;
	int best = -1;

	for (int lane = 0; lane < LANE_COUNT; lane++) {
		if (TAILQ_EMPTY(&l->lane[lane].ring) || !lease_way_open(l, way, lane))
			continue;
		TAILQ_FOREACH (la, &l->lane[lane].ring, ring)
			if (lease_way_fits(l, way, lane, &l->app[la->app]) &&
			    (best < 0 || l->app[la->app].seats < l->app[best].seats))
				best = la->app;
	}
	return best;
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

/* --- who gives way --- */

/* Workers that are there to stay. */
static unsigned
lease_staying(const struct lease *l, const struct lease_seat *s)
{
	return l->app[s->app].seats - l->app[s->app].closing;
}

static bool
lease_can_take(
    const struct lease *l, const struct lease_app *a, const struct lease_seat *s)
{
	int64_t rest_ms = l->now_ms - s->idle_ms;

	if (s->leased > 0)
		return false;
	if (a->seats == 0)
		return true;
	return lease_staying(l, s) > 1 ? rest_ms >= LEASE_REST_MS
				       : rest_ms >= LEASE_LAST_REST_MS && l->idle > 1;
}

static bool
lease_can_close(
    const struct lease *l, const struct lease_app *a, const struct lease_seat *s)
{
	if (l->now_ms - s->ready_ms < LEASE_TURN_MS)
		return false;
	/* An idle worker that is its app's only one waits for something itself. */
	return a->seats == 0 ? s->leased > 0 || lease_staying(l, s) > 1
			     : lease_staying(l, s) >= a->seats + 2;
}

/* Which of two can better be done without: of the app with the most workers; the least
 * loaded one; of idle ones the least recently used one. Of busy ones the most recently
 * used: what has run for long may run for longer. */
static bool
lease_is_spare(
    const struct lease *l, const struct lease_seat *s, const struct lease_seat *than)
{
	if (!than || lease_staying(l, s) != lease_staying(l, than))
		return !than || lease_staying(l, s) > lease_staying(l, than);
	if (s->leased != than->leased)
		return s->leased < than->leased;
	return s->leased == 0 ? s->used < than->used : s->used > than->used;
}

static struct lease_seat *
lease_spare_seat(const struct lease *l, const struct lease_app *a, enum lease_way way)
{
	struct lease_seat *best = NULL;

	if (way == LEASE_TAKE && l->idle == 0)
		return NULL;
	for (size_t i = 0; i < l->seat_n; i++) {
		struct lease_seat *s = l->seat[i];
		if (s->state != LEASE_SEAT_READY || &l->app[s->app] == a)
			continue;
		if ((way == LEASE_TAKE ? lease_can_take(l, a, s)
				       : lease_can_close(l, a, s)) &&
		    lease_is_spare(l, s, best))
			best = s;
	}
	return best;
}

/* --- what to do --- */

bool
lease_can_make(const struct lease *l, const struct lease_app *a)
{
	if (!a->can_spawn)
		return false;
	if (a->coming > 0 || lease_empty_seat(l))
		return true;
	return l->idle > 0 && lease_lacks(l, a) && lease_spare_seat(l, a, LEASE_TAKE);
}

static bool
lease_fill(struct lease *l, struct lease_action *act)
{
	if (!(act->seat = lease_empty_seat(l)))
		return false;
	act->kind = LEASE_SPAWN;
	act->app = lease_neediest(l, LEASE_FILL);
	if (act->app < 0)
		act->app = lease_smallest_app(l);
	return act->app >= 0;
}

static bool
lease_give_way(struct lease *l, struct lease_action *act, enum lease_way way)
{
	act->app = lease_neediest(l, way);
	act->seat = act->app < 0 ? NULL : lease_spare_seat(l, &l->app[act->app], way);
	if (!act->seat)
		return false;
	act->kind = LEASE_RETIRE;
	lease_seat_closing(l, act->seat, act->app);
	return true;
}

bool
lease_make_worker(struct lease *l, struct lease_action *act)
{
	if (lease_fill(l, act))
		return true;
	return !lease_empty_seat(l) && (lease_give_way(l, act, LEASE_TAKE) ||
					   lease_give_way(l, act, LEASE_CLOSE));
}

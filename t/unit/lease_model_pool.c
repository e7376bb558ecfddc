/*
 * lease_model_pool.c: rules 4 to 6 of lease.h in the plainest words: which app lacks a
 * worker, and whose gives way. See lease_model.h.
 */
#include "lease_model.h"
#include "t.h"

enum model_way { MODEL_FILL, MODEL_TAKE, MODEL_CLOSE };

/* --- counting --- */

static int
model_seats(const struct model *m, int app)
{
	int n = 0;

	for (int s = 0; s < MODEL_SEATS; s++)
		n += m->seat[s].state != LEASE_SEAT_EMPTY && !m->seat[s].beside &&
		     m->seat[s].app == app;
	return n;
}

static int
model_staying(const struct model *m, int app)
{
	int n = 0;

	for (int s = 0; s < MODEL_SEATS; s++)
		n +=
		    m->seat[s].app == app && (m->seat[s].state == LEASE_SEAT_STARTING ||
						 m->seat[s].state == LEASE_SEAT_READY);
	return n;
}

static int
model_idle(const struct model *m)
{
	int n = 0;

	for (int s = 0; s < MODEL_SEATS; s++)
		n += m->seat[s].state == LEASE_SEAT_READY && m->seat[s].n == 0;
	return n;
}

static int
model_promised(const struct model *m, int app, bool and_empty)
{
	int n = 0;

	for (int s = 0; s < MODEL_SEATS; s++)
		n += m->seat[s].state == LEASE_SEAT_CLOSING &&
		     m->seat[s].promised == app && !(and_empty && m->seat[s].n > 0);
	return n;
}

static bool
model_starting(const struct model *m, int app)
{
	for (int s = 0; s < MODEL_SEATS; s++)
		if (m->seat[s].state == LEASE_SEAT_STARTING && m->seat[s].app == app)
			return true;
	return false;
}

/* Whether the pool may have one worker more, wherever the free seat is. */
static bool
model_has_empty_seat(const struct model *m)
{
	int occupied = 0;

	for (int s = 0; s < MODEL_SEATS; s++)
		occupied += m->seat[s].state != LEASE_SEAT_EMPTY && !m->seat[s].beside;
	for (int s = 0; s < MODEL_SEATS && occupied < m->concurrent; s++)
		if (m->seat[s].state == LEASE_SEAT_EMPTY)
			return true;
	return false;
}

/* --- who lacks a worker --- */

static int
model_waiting(const struct model *m, int app, int lane)
{
	if (m->paused[lane] || (lane == LANE_LOW && model_low_limit(m) == 0))
		return 0;
	return model_under_limit(m, app) ? m->app[app].queue[lane].n : 0;
}

static bool
model_lacks(const struct model *m, int app)
{
	int n = model_waiting(m, app, LANE_MAIN) + model_waiting(m, app, LANE_LOW);

	return n > 0 && n >= model_seats(m, app) * m->slots &&
	       !model_free_slot(m, app) && m->app[app].can_spawn &&
	       !model_starting(m, app) && model_promised(m, app, true) == 0;
}

static bool
model_main_waits(const struct model *m)
{
	for (int a = 0; a < m->app_n; a++)
		if (model_waiting(m, a, LANE_MAIN) > 0 &&
		    (m->app[a].can_spawn || model_seats(m, a) > 0))
			return true;
	return false;
}

static bool
model_of_use(const struct model *m, enum model_way way, int app, int lane)
{
	bool low_room = model_leased(m, LANE_LOW, -1) < model_low_limit(m);

	if (model_waiting(m, app, lane) == 0)
		return false;
	if (way == MODEL_FILL)
		return true;
	if (way == MODEL_TAKE)
		return !model_full(m) &&
		       (lane == LANE_MAIN ||
			   (low_room && model_leasable(m, LANE_MAIN) == 0));
	return model_promised(m, app, false) == 0 &&
	       (lane == LANE_MAIN ||
		   (!model_main_waits(m) && (low_room || model_seats(m, app) == 0)));
}

/* -1: none. Main's ring first, then low's; of equals the first. */
static int
model_neediest(const struct model *m, enum model_way way)
{
	int best = -1;

	for (int lane = 0; lane < LANE_COUNT; lane++)
		for (int i = 0; i < m->turn_n[lane]; i++) {
			int a = m->turn[lane][i];
			if (model_lacks(m, a) && model_of_use(m, way, a, lane) &&
			    (best < 0 || model_seats(m, a) < model_seats(m, best)))
				best = a;
		}
	return best;
}

/* --- whose gives way --- */

static bool
model_gives_way(const struct model *m, enum model_way way, int s, int app)
{
	const struct model_seat *seat = &m->seat[s];
	int64_t rest = m->now_ms - seat->idle_ms;

	if (seat->state != LEASE_SEAT_READY || seat->app == app)
		return false;
	int theirs = model_staying(m, seat->app), ours = model_seats(m, app);
	if (way == MODEL_CLOSE && ours == 0)
		return m->now_ms - seat->ready_ms >= LEASE_TURN_MS &&
		       (seat->n > 0 || theirs > 1);
	if (way == MODEL_CLOSE)
		return m->now_ms - seat->ready_ms >= LEASE_TURN_MS &&
		       theirs >= ours + 2;
	if (seat->n > 0)
		return false;
	return ours == 0 || (theirs > 1 && rest >= LEASE_REST_MS) ||
	       (theirs == 1 && rest >= LEASE_LAST_REST_MS && model_idle(m) > 1);
}

static bool
model_any_gives_way(const struct model *m, enum model_way way, int app)
{
	for (int s = 0; s < MODEL_SEATS; s++)
		if (model_gives_way(m, way, s, app))
			return true;
	return false;
}

bool
model_can_make(const struct model *m, int app)
{
	return m->app[app].can_spawn &&
	       (model_has_empty_seat(m) || model_promised(m, app, true) > 0 ||
		   (model_lacks(m, app) && model_any_gives_way(m, MODEL_TAKE, app)));
}

static bool
model_possible(const struct model *m, enum model_way way)
{
	int app = model_neediest(m, way);

	return app >= 0 && !model_has_empty_seat(m) && model_any_gives_way(m, way, app);
}

/* --- judging --- */

const char *
model_spawn(struct model *m, const struct lease_action *act)
{
	int s = act->seat->index, neediest = model_neediest(m, MODEL_FILL);

	if (!model_has_empty_seat(m) || m->seat[s].state != LEASE_SEAT_EMPTY)
		return "SPAWN not into an empty seat of the pool";
	if (act->app < 0 || act->app >= m->app_n || !m->app[act->app].can_spawn)
		return "SPAWN for an app that cannot spawn";
	if (neediest >= 0 && neediest != act->app)
		return "SPAWN for another app than the neediest";
	for (int a = 0; a < m->app_n && neediest < 0; a++)
		if (m->app[a].can_spawn && model_seats(m, a) < model_seats(m, act->app))
			return "SPAWN for another app than the smallest";
	if ((int)t_below(m->random, 100) < m->refuse_pct) {
		m->refused++;
		m->app[act->app].can_spawn = false;
		lease_set_can_spawn(&m->lease, act->app, false);
		return NULL;
	}
	m->spawned++;
	m->seat[s].state = LEASE_SEAT_STARTING;
	m->seat[s].app = act->app;
	lease_seat_starting(&m->lease, act->seat, act->app);
	return NULL;
}

/* Judged before the seat is marked in the model; the real one is already. */
const char *
model_retire(struct model *m, const struct lease_action *act)
{
	int at = act->seat->index;
	enum model_way way = model_possible(m, MODEL_TAKE) ? MODEL_TAKE : MODEL_CLOSE;

	if (model_has_empty_seat(m))
		return "RETIRE while a seat is empty";
	if (model_neediest(m, way) != act->app)
		return "RETIRE for another app than the neediest";
	if (!model_gives_way(m, way, at, act->app))
		return "RETIRE of a worker that need not give way";
	int theirs = model_staying(m, m->seat[at].app);
	for (int s = 0; s < MODEL_SEATS; s++) {
		if (!model_gives_way(m, way, s, act->app))
			continue;
		int other = model_staying(m, m->seat[s].app);
		if (other > theirs)
			return "RETIRE of another app than the one with the most "
			       "workers";
		if (other == theirs && m->seat[s].n < m->seat[at].n)
			return "RETIRE of another worker than the least loaded one";
	}
	if (act->seat->state != LEASE_SEAT_CLOSING || act->seat->promised != act->app)
		return "RETIRE left the seat as it was";
	m->seat[at].state = LEASE_SEAT_CLOSING;
	m->seat[at].promised = act->app;
	m->taken += way == MODEL_TAKE;
	m->closed += way == MODEL_CLOSE;
	return NULL;
}

const char *
model_no_worker(const struct model *m)
{
	for (int a = 0; a < m->app_n; a++)
		if (m->app[a].can_spawn && model_has_empty_seat(m))
			return "NONE although a worker could be made";
	if (model_possible(m, MODEL_TAKE))
		return "NONE although an idle worker could give way";
	if (model_possible(m, MODEL_CLOSE))
		return "NONE although a worker could be closed";
	return NULL;
}

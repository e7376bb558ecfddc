/*
 * lease_model.c: what the contract of lease.h says, in the plainest words. The events
 * are in lease_events.c. See lease_model.h.
 */
#include "lease_model.h"
#include "t.h"

int
model_leased(const struct model *m, int lane, int app)
{
	int n = 0;

	for (int s = 0; s < MODEL_SEATS; s++)
		for (int i = 0; i < m->seat[s].n; i++) {
			const struct task *t = m->seat[s].task[i];
			n += (lane < 0 || t->lane == lane) &&
			     (app < 0 || t->app->index == app);
		}
	return n;
}

bool
model_under_limit(const struct model *m, int app)
{
	return m->app[app].limit == 0 || model_leased(m, -1, app) < m->app[app].limit;
}

static bool
model_takes(const struct model *m, int s, int app)
{
	return m->seat[s].state == LEASE_SEAT_READY && m->seat[s].app == app &&
	       m->seat[s].n < m->slots;
}

bool
model_free_slot(const struct model *m, int app)
{
	for (int s = 0; s < MODEL_SEATS; s++)
		if (model_takes(m, s, app))
			return true;
	return false;
}

/* A worker of the app has a free slot, is starting, or can be made at once. */
static bool
model_has_place(const struct model *m, int app)
{
	for (int s = 0; s < MODEL_SEATS; s++)
		if (model_takes(m, s, app) ||
		    (m->seat[s].state == LEASE_SEAT_STARTING && m->seat[s].app == app))
			return true;
	return model_can_make(m, app);
}

int
model_leasable(const struct model *m, enum lane_name lane)
{
	int n = 0;

	for (int a = 0; a < m->app_n && !m->paused[lane]; a++) {
		int waiting = m->app[a].queue[lane].n;
		if (!model_under_limit(m, a) || !model_has_place(m, a))
			continue;
		int room = m->app[a].limit - model_leased(m, -1, a);
		n += m->app[a].limit && waiting > room ? room : waiting;
	}
	return n;
}

int
model_low_limit(const struct model *m)
{
	int capacity = m->concurrent * m->slots;

	for (int limit = capacity; limit > 0; limit--)
		if ((int64_t)limit * 1000000000 <= capacity * m->threshold_e9)
			return limit;
	return m->threshold_e9 > 0 ? 1 : 0;
}

bool
model_full(const struct model *m)
{
	return model_leased(m, -1, -1) >= m->concurrent * m->slots;
}

/* The app whose task of this lane must be leased next; -1: none may be. */
static int
model_next_app(const struct model *m, enum lane_name lane)
{
	if (m->paused[lane] || model_full(m))
		return -1;
	if (lane == LANE_LOW &&
	    (model_leasable(m, LANE_MAIN) > 0 ||
		model_leased(m, LANE_LOW, -1) >= model_low_limit(m)))
		return -1;
	for (int i = 0; i < m->turn_n[lane]; i++) {
		int a = m->turn[lane][i];
		if (model_under_limit(m, a) && model_free_slot(m, a))
			return a;
	}
	return -1;
}

/* --- judging what lease_next says --- */

static void
model_take_turn(struct model *m, int lane)
{
	int app = -1, at = 0;

	while (!(model_under_limit(m, m->turn[lane][at]) &&
		 model_free_slot(m, m->turn[lane][at])))
		at++;
	app = m->turn[lane][at];
	for (; at + 1 < m->turn_n[lane]; at++)
		m->turn[lane][at] = m->turn[lane][at + 1];
	if (m->app[app].queue[lane].n > 1)
		m->turn[lane][at] = app;
	else
		m->turn_n[lane]--;
}

static const char *
model_grant(struct model *m, const struct lease_action *act)
{
	int lane = act->task->lane, app = act->task->app->index, s = act->seat->index;
	struct model_queue *q = &m->app[app].queue[lane];

	if (act->leasable_main != (size_t)model_leasable(m, LANE_MAIN))
		return "GRANT: leasable_main is not what waits";
	if (model_full(m))
		return "GRANT over capacity";
	if (lane == LANE_LOW && model_leasable(m, LANE_MAIN) > 0)
		return "GRANT of a low task while a leasable main task waits";
	if (lane == LANE_LOW && model_leased(m, LANE_LOW, -1) >= model_low_limit(m))
		return "GRANT of a low task over the low limit";
	if (m->seat[s].state != LEASE_SEAT_READY || m->seat[s].app != app)
		return "GRANT to a seat without a ready worker of the app";
	if (m->seat[s].n >= m->slots)
		return "GRANT over the worker's slots";
	if (app != act->app || q->n == 0 || q->task[0] != act->task)
		return "GRANT of a task that is not the first of its app";
	if (!model_under_limit(m, app) || m->paused[lane])
		return "GRANT over the app's limit or from a paused lane";
	if (model_next_app(m, lane) != app)
		return "GRANT out of turn";
	model_take_turn(m, lane);
	memmove(q->task, q->task + 1, (size_t)--q->n * sizeof q->task[0]);
	m->seat[s].task[m->seat[s].n++] = act->task;
	m->granted[lane]++;
	return act->task->seat == act->seat ? NULL : "GRANT left task.seat unset";
}

static const char *
model_none(const struct model *m)
{
	if (model_next_app(m, LANE_MAIN) >= 0 || model_next_app(m, LANE_LOW) >= 0)
		return "NONE although a lease could be granted";
	for (int lane = 0; lane < LANE_COUNT; lane++)
		if (lease_count_leasable(&m->lease, lane) !=
		    (size_t)model_leasable(m, lane))
			return "lease_count_leasable is not the model's count";
	return model_no_worker(m);
}

static const char *
model_judge(struct model *m, const struct lease_action *act)
{
	if (act->kind == LEASE_NONE)
		return model_none(m);
	if (act->kind == LEASE_GRANT)
		return model_grant(m, act);
	if (model_next_app(m, LANE_MAIN) >= 0 || model_next_app(m, LANE_LOW) >= 0)
		return "SPAWN or RETIRE although a lease could be granted";
	return act->kind == LEASE_SPAWN ? model_spawn(m, act) : model_retire(m, act);
}

const char *
model_settle(struct model *m)
{
	/* Each task can be granted once, each seat filled or retired, each app refused.
	 */
	for (int i = 0; i < MODEL_TASKS + 2 * MODEL_SEATS + MODEL_APPS + 1; i++) {
		struct lease_action act = lease_next(&m->lease);
		const char *wrong = model_judge(m, &act);
		if (wrong)
			return wrong;
		if ((int)m->lease.leased[LANE_MAIN] != model_leased(m, LANE_MAIN, -1) ||
		    (int)m->lease.leased[LANE_LOW] != model_leased(m, LANE_LOW, -1))
			return "the lease counts are not the model's";
		if (act.kind == LEASE_NONE)
			return NULL;
	}
	return "lease_next never says NONE";
}

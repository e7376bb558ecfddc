/*
 * operate.c: the operator's hand on the task core: drain, pause, scale, recycle.
 * Commands and signals ask for it; what follows is the lease rule's.
 */
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"

void
core_drain(struct core *c)
{
	if (c->phase == CORE_DRAINING || c->phase == CORE_STOPPING)
		return;
	log_info("draining: no new tasks are accepted, %llu open ones are finished",
	    (unsigned long long)c->tasks.open);
	c->phase = CORE_DRAINING;
	if (events_begin(c->events, "drain"))
		events_end(c->events);
}

int
core_undrain(struct core *c)
{
	if (c->phase != CORE_DRAINING)
		return -ERR_STATE;
	log_info("no longer draining: new tasks are accepted again");
	c->phase = CORE_RUNNING;
	if (events_begin(c->events, "undrain"))
		events_end(c->events);
	return 0;
}

void
core_stop(struct core *c)
{
	size_t n;

	core_drain(c);
	c->phase = CORE_STOPPING;
	if ((n = settle_shelve_waiting(c)) > 0)
		log_info("store: %zu waiting tasks stay there for the next start", n);
}

void
core_pause_lane(struct core *c, enum lane_name lane, bool paused)
{
	struct jsonw *w;

	if (c->lease.lane[lane].paused == paused)
		return;
	lease_set_paused(&c->lease, lane, paused);
	w = events_begin(c->events, paused ? "pause" : "resume");
	if (!w)
		return;
	jsonw_kstr(w, "lane", lane_text(lane));
	events_end(c->events);
}

/* --- the pool --- */

static bool
operate_stays(const struct seat *s)
{
	return s->lease.state == LEASE_SEAT_STARTING ||
	       s->lease.state == LEASE_SEAT_READY;
}

/* The worker that can best be done without: the one with the fewest tasks, among equals
 * the one in the highest seat. */
static struct seat *
operate_least_needed(struct core *c)
{
	struct seat *best = NULL;

	for (size_t i = c->seat_n; i-- > 0;)
		if (operate_stays(c->seat[i]) &&
		    (!best || c->seat[i]->lease.leased < best->lease.leased))
			best = c->seat[i];
	return best;
}

int
core_pool_size(const struct core *c)
{
	return c->lease.concurrent;
}

uint64_t
core_last_worker(const struct core *c)
{
	return c->last_worker;
}

int
core_scale(struct core *c, int workers)
{
	int was = c->lease.concurrent, stay = 0;
	struct jsonw *w;

	if (workers < 1 || workers > CORE_POOL_MAX)
		return -ERR_RANGE;
	if (c->reload || c->phase != CORE_RUNNING)
		return -ERR_STATE;
	while (c->seat_n < (size_t)workers)
		if (!core_add_seat(c))
			return -ERR_NOMEM;
	core_refresh_clock(c);
	lease_set_pool(&c->lease, workers, c->lease.slots, c->lease.threshold_e9);
	for (size_t i = 0; i < c->seat_n; i++)
		stay += operate_stays(c->seat[i]);
	for (; stay > workers; stay--)
		seat_retire(operate_least_needed(c), RETIRE_SCALE,
		    "the pool has become smaller");
	log_info("the pool is scaled from %d to %d workers, low lane up to %u", was,
	    workers, c->lease.low_limit);
	if ((w = events_begin(c->events, "scale"))) {
		jsonw_kint(w, "was", was);
		jsonw_kint(w, "workers", workers);
		events_end(c->events);
	}
	return 0;
}

size_t
core_recycle(struct core *c, uint64_t worker)
{
	size_t n = 0;

	core_refresh_clock(c);
	for (size_t i = 0; i < c->seat_n; i++) {
		struct seat *s = c->seat[i];

		if (!operate_stays(s) || (worker && s->worker != worker))
			continue;
		seat_retire(s, RETIRE_ASKED, "an operator asked for another worker");
		n++;
	}
	return n;
}

size_t
core_pool_unsettled(const struct core *c, uint64_t since)
{
	size_t want = (size_t)c->lease.concurrent, ready = 0, leaving = 0;

	for (size_t i = 0; i < c->seat_n; i++) {
		const struct seat *s = c->seat[i];

		ready += s->lease.state == LEASE_SEAT_READY && s->worker > since;
	}
	if (c->lease.occupied > want)
		leaving = c->lease.occupied - want;
	return (ready < want ? want - ready : 0) + leaving;
}

/* --- how full it has been --- */

void
core_note_peaks(struct core *c)
{
	const struct lease *l = &c->lease;
	struct core_peaks *p = &c->peaks;
	uint64_t queued = l->lane[LANE_MAIN].n + l->lane[LANE_LOW].n;
	uint64_t leased = l->leased[LANE_MAIN] + l->leased[LANE_LOW];
	bool full = queued > 0 && leased >= l->capacity;

	if (queued > p->queued)
		p->queued = queued;
	if (leased > p->leased)
		p->leased = leased;
	if (full && !p->is_full)
		p->full++;
	p->is_full = full;
}

const struct core_peaks *
core_peaks(const struct core *c)
{
	return &c->peaks;
}

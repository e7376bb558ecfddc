/*
 * operate.c: the operator's hand on the task core: drain, pause. Commands and signals
 * ask for it; what follows is the lease rule's.
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
	core_drain(c);
	c->phase = CORE_STOPPING;
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

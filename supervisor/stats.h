/*
 * stats.h: counters and gauges by name, from stats.def, and histograms of tasks' times.
 */
#ifndef DEFERD_STATS_H
#define DEFERD_STATS_H

#include "../common/kinds.h"
#include "hist.h"

enum stat {
#define STAT(name, kind, metric, labels, help) STAT_##name,
#include "stats.def"
#undef STAT
	STAT_COUNT
};

/* What is measured of each task that ran. */
enum stat_time { STAT_TIME_WAIT, STAT_TIME_RUN, STAT_TIME_BURST, STAT_TIME_COUNT };

struct stats {
	uint64_t value[STAT_COUNT];
	struct hist time[STAT_TIME_COUNT][LANE_COUNT][KIND_END];
};

static inline void
stats_add(struct stats *s, enum stat which, uint64_t n)
{
	s->value[which] += n;
}
static inline void
stats_sub(struct stats *s, enum stat which, uint64_t n)
{
	s->value[which] -= n;
}

struct core;
/* Appends all of it, and the core's queue, lease and worker gauges, as OpenMetrics text
 * (with its # EOF). */
int stats_write(const struct stats *, const struct core *, struct buf *out);

#endif

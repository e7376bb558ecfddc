/*
 * stats.h: counters and gauges by name, from stats.def.
 */
#ifndef DEFERD_STATS_H
#define DEFERD_STATS_H

#include "../common/buf.h"

enum stat {
#define STAT(name, kind, metric, labels, help) STAT_##name,
#include "stats.def"
#undef STAT
	STAT_COUNT
};

struct stats {
	uint64_t value[STAT_COUNT];
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

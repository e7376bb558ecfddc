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

/* To the workers, and from them. */
enum stat_way { STAT_DOWN, STAT_UP, STAT_WAYS };

struct stats {
	uint64_t value[STAT_COUNT];
	struct hist time[STAT_TIME_COUNT][LANE_COUNT][KIND_END];
	struct hist batch[STAT_WAYS]; /* tasks, or results, of a message that has any */
	struct hist lag;	      /* of the loop, see lag.h */
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

/* A message went to a worker, or came from one, with so many tasks or results. */
static inline void
stats_batch(struct stats *s, enum stat_way way, unsigned tasks)
{
	s->value[STAT_LINK_SENT + way]++;
	if (tasks)
		hist_add_size(&s->batch[way], tasks);
}
/* The sum of counters that stand together: those of a metric, whatever their labels. */
static inline uint64_t
stats_sum(const struct stats *s, enum stat first, enum stat last)
{
	uint64_t n = 0;

	for (int i = first; i <= (int)last; i++)
		n += s->value[i];
	return n;
}

struct core;
/* Appends all of it, and the core's queue, lease and worker gauges, as OpenMetrics text
 * (with its # EOF). */
int stats_write(const struct stats *, const struct core *, struct buf *out);

#endif

/*
 * hist.h: histograms of durations: fixed bounds from 100 us to 10 min, constant memory, a
 * few instructions for each value. Pure: it is told the durations.
 */
#ifndef DEFERD_HIST_H
#define DEFERD_HIST_H

#include "../common/buf.h"

#define HIST_BOUNDS 20

struct hist {
	uint64_t n[HIST_BOUNDS + 1]; /* between two bounds; the last: above all */
	uint64_t sum_us;
};

void hist_add(struct hist *, uint64_t us);
uint64_t hist_count(const struct hist *);
/* Its lines as OpenMetrics text, in seconds; labels as in lane="main". The lines TYPE and
 * HELP are the caller's. */
void hist_write(const struct hist *, const char *metric, const char *labels, struct buf *out);

#endif

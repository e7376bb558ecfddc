/*
 * hist.h: histograms with fixed bounds: constant memory, a few instructions for each value.
 * Of durations (100 us to 10 min, in us) or of sizes (1 to 1024). Pure: it is told the
 * values.
 */
#ifndef DEFERD_HIST_H
#define DEFERD_HIST_H

#include "../common/buf.h"

#define HIST_BOUNDS 20

struct hist {
	uint64_t n[HIST_BOUNDS + 1]; /* between two bounds; the last: above all */
	uint64_t sum;		     /* us, or as it is */
};

/* A histogram is of the one kind or of the other: it must not be told both. */
void hist_add(struct hist *, uint64_t us);
void hist_add_size(struct hist *, uint64_t);
uint64_t hist_count(const struct hist *);
uint64_t hist_bound_us(size_t i); /* i < HIST_BOUNDS */
/* Its lines as OpenMetrics text, in seconds or sizes; labels as in lane="main". The lines
 * TYPE and HELP are the caller's. */
void hist_write(const struct hist *, const char *metric, const char *labels, struct buf *out);
void hist_write_sizes(
    const struct hist *, const char *metric, const char *labels, struct buf *out);

#endif

/*
 * heart.h: is this worker alive? Verdicts from what was seen, pure.
 *
 * Two clocks: while a burst runs (Ruby between two awaits), its age against the burst
 * limit; otherwise the time since anything was heard against heartbeat.timeout. A burst
 * that its handler may stretch (burst:) keeps the beat from coming, so while one runs the
 * beat is not judged, and the time after it counts from its end.
 */
#ifndef DEFERD_HEART_H
#define DEFERD_HEART_H

#include <stdbool.h>
#include <stdint.h>

enum heart_verdict {
	HEART_BEATS,
	HEART_BURST_TOO_LONG, /* one burst over its limit */
	HEART_SILENT,	      /* no beat, no message, no burst */
	HEART_NEVER_CAME      /* no HELLO in its time */
};

struct heart {
	int64_t alive_ms; /* when anything was last heard or a burst was last seen */
	uint32_t bursts;  /* the page's counter then */
};

struct heart_view {
	int64_t now_ms;
	bool starting;		/* no HELLO yet: alive_ms is when it was spawned */
	int64_t burst_began_ms; /* 0: none runs */
	uint32_t bursts;
	int64_t burst_limit_ms;
	int64_t beat_timeout_ms;
	int64_t start_timeout_ms;
};

void heart_heard(struct heart *, int64_t now_ms);
enum heart_verdict heart_judge(struct heart *, const struct heart_view *);

#endif

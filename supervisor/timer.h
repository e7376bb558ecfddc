/*
 * timer.h: what a timer's handler has besides: when it runs, and how that went. timer.c
 * drives it.
 */
#ifndef DEFERD_TIMER_H
#define DEFERD_TIMER_H

#include "../common/msg.h"
#include "schedule.h"

/* A tick is due while the last one has not ended. X(symbol, number on the wire, word) */
#define OVERLAP_TABLE(X)                                                                  \
	X(SKIP, 0, "skip")                                                                \
	X(QUEUE, 1, "queue")                                                              \
	X(ALLOW, 2, "allow")
enum overlap {
#define X(sym, number, word) OVERLAP_##sym = number,
	OVERLAP_TABLE(X)
#undef X
	    OVERLAP_COUNT
};
const char *overlap_text(enum overlap);
const char *missed_text(enum missed);

#define TIMER_OWED_MAX 1000 /* ticks that wait for the last one's end */

struct timer {
	struct schedule schedule;
	enum overlap overlap;
	char *cron, *zone; /* as they were given; owned; NULL: none */
	bool begun;	   /* schedule.due_ms is set */
	uint32_t running;  /* ticks that have not ended */
	uint32_t owed;	   /* overlap: queue: ticks that wait for that */
	int64_t last_ms;   /* wall time of the last accepted tick; 0: none */
	uint64_t key;	   /* of its record in the store; 0: none yet */
	bool refused;	   /* its tick was not accepted, and that is in the log */
};

/* Whether the message describes a timer that can run. Reads the zone's file. 0,
 * -ERR_MALFORMED (no such registration comes from Ruby), -ERR_UNKNOWN or what zone_load
 * said of the zone, with *why (static text). */
int timer_check(const struct msg_handler *, const char **why) MUST_USE;
/* Makes it, or has it follow a new registration: ticks that were reckoned stay when it says
 * the same. NULL: no memory, or timer_check would refuse it; the old one is freed then. */
struct timer *timer_set(struct timer *, const struct msg_handler *);
void timer_free(struct timer *);

#endif

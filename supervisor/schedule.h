/*
 * schedule.h: when a timer's next tick is due. Pure: wall milliseconds come as arguments, so
 * that clocks that jump can be tried. A tick is due at a moment of the wall clock; those of
 * a plain interval move along when the clock is set.
 */
#ifndef DEFERD_SCHEDULE_H
#define DEFERD_SCHEDULE_H

#include "../common/cron.h"
#include "zone.h"

/* A tick that is later than this was missed: deferd, or the machine, was away. */
#define SCHEDULE_LATE_MS 60000
/* A clock that was set back by more was wrong before: everything is reckoned anew. */
#define SCHEDULE_BACK_MS (3 * 3600 * 1000LL)
/* A clock that was set by less than this only drifts. */
#define SCHEDULE_DRIFT_MS 200

/* X(symbol, number on the wire, word) */
#define MISSED_TABLE(X)                                                                   \
	X(RUN_ONCE, 0, "run_once")                                                        \
	X(SKIP, 1, "skip")
enum missed {
#define X(sym, number, word) MISSED_##sym = number,
	MISSED_TABLE(X)
#undef X
	    MISSED_COUNT
};

/* Exactly one of every_ms, at_ms and has_cron. Wall ms; 0: none. */
struct schedule {
	int64_t every_ms, at_ms;
	int64_t start_ms, expire_ms; /* no tick before; none at or after */
	bool has_cron;
	struct cron cron;
	struct zone zone; /* owned */
	enum missed missed;
	int64_t due_ms; /* 0: never again */
};

void schedule_fini(struct schedule *);
/* The first tick after that moment, or 0: none. Each time on the wall comes once: one that
 * the clocks are put forward over comes, with all others in that gap, at the end of the
 * gap; one that comes twice, the first time. */
int64_t schedule_next(const struct schedule *, int64_t after_ms);
/* Reckons from then on: everything up to `done_ms` has been dealt with. What was due since
 * comes at once, or not at all, as `missed` says. */
void schedule_begin(struct schedule *, int64_t done_ms, int64_t wall_ms);
/* WAIT: not yet. RUN: now, once, however much is overdue. SKIP: it was missed, and is to be
 * left out. due_ms is the next one's after RUN and SKIP. */
enum schedule_word { SCHEDULE_WAIT, SCHEDULE_RUN, SCHEDULE_SKIP };
enum schedule_word schedule_turn(struct schedule *, int64_t wall_ms);
/* The tick could not be accepted: once more at that moment, unless missed is SKIP. */
void schedule_again(struct schedule *, int64_t due_ms);
/* The wall clock was set by so much and now shows wall_ms. */
void schedule_shift(struct schedule *, int64_t by_ms, int64_t wall_ms);

#endif

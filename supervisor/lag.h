/*
 * lag.h: how late the loop is: a timer of 1 ms that the process sets itself; what it comes
 * late is the lag. It is set only when requests or workers' messages have come since the
 * last time: an idle daemon has no wake-ups for it, a busy one has a value each millisecond.
 * It is a timerfd, because libevent's own timers are as coarse as the kernel's tick.
 */
#ifndef DEFERD_LAG_H
#define DEFERD_LAG_H

#include "stats.h"

struct event_base;
struct lag;

/* NULL: no descriptor for it (logged); then nothing is measured. stats are borrowed. */
struct lag *lag_new(struct event_base *, struct stats *);
void lag_free(struct lag *);
/* To be called at the end of each turn of the loop. lag may be NULL. */
void lag_turn(struct lag *);

#endif

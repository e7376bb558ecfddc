/*
 * beat.h: the heartbeat: a timer of the very loop that runs Ruby, so that it stops when
 * a handler hogs that loop. Never beat from another thread.
 */
#ifndef DEFERD_BEAT_H
#define DEFERD_BEAT_H

#include <stdint.h>

struct event_base;
struct beat;

/* Calls tick(sequence, arg) every interval_ms. NULL: no memory. */
struct beat *beat_new(struct event_base *, int64_t interval_ms,
    void (*tick)(uint64_t sequence, void *arg), void *arg);
void beat_free(struct beat *);

#endif

/*
 * trace_t.h: traces for tests, as a worker would tell of them.
 */
#ifndef DEFERD_T_TRACE_T_H
#define DEFERD_T_TRACE_T_H

#include "t.h"
#include "../../common/mp.h"
#include "../../supervisor/trace.h"

#define MS 1000000

extern struct trace tr;
extern struct buf raw; /* what it is read from */

/* So many spans follow. */
void begin(unsigned n);
void put(enum trace_kind, unsigned fiber, int from_ms, int ready_ms, int to_ms,
    unsigned work, unsigned flags, unsigned line, const char *what);
/* Work and its await, the usual way; the work is the span of that number. */
void put_await(unsigned fiber, int from_ms, int to_ms, unsigned number, unsigned flags,
    unsigned line);
/* Reads them into tr: what trace_read says. 10 ms in the queue, 1 ms on the way. */
int read_it(int ran_ms);

#endif

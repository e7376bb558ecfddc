/*
 * trace.h: notes how the time of a task goes: its bursts, its awaits and the work that
 * they wait for; and tells the supervisor of tasks that are slow, fail or were chosen.
 *
 * A task that never awaits costs a few stores: its one burst is noted in the task. The
 * others get a record, which grows in chunks up to TRACE_SPANS_MAX spans: the first half
 * stays, the second half is a ring of the last ones. Chunks are used again.
 */
#ifndef DEFERD_WORKER_TRACE_H
#define DEFERD_WORKER_TRACE_H

#include "engine.h"
#include "../common/trace.h"

/* The fiber has run from that time until e->now_ns. */
void trace_burst(struct engine *, const struct fiber *, int64_t from_ns);
/* The running fiber parks until the deferred settles. */
void trace_await(struct engine *, struct fiber *, mrb_value deferred, const char *file,
    int line, int64_t now_ns);
/* It could run again from now on; it runs again. */
void trace_wake(struct engine *, const struct fiber *);
void trace_resume(struct engine *, struct fiber *);
/* The work has begun; has another name, which is copied; calls that handler. */
void trace_work(struct engine *, struct pend *);
void trace_name(struct engine *, const struct pend *, const char *what);
void trace_callee(struct engine *, const struct pend *, const struct handler *);
/* It has ended, which may be said again. */
void trace_work_end(struct engine *, struct pend *, bool ok);
/* The task ends: sends TRACE if it is to be told of. Before DONE or FAILED. */
void trace_send(struct engine *, const struct task *, bool failed);
void trace_free(struct engine *, struct task *);
void trace_close(struct engine *);

#endif

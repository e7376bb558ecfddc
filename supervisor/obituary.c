/*
 * obituary.c: the sentence about a worker that died, for the log and for operators.
 */
#include "../common/clock.h"
#include "core_impl.h"
#include <stdio.h>

static int64_t
obituary_ms(const struct timeval *tv)
{
	return (int64_t)tv->tv_sec * MS_PER_S + tv->tv_usec / 1000;
}

void
obituary_write(
    struct seat *s, const struct reap_exit *x, const struct page_burst *burst)
{
	char how[64], why[SEAT_OBITUARY_BYTES / 2] = "", where[96] = "";
	struct page_place frame[PAGE_FRAMES];
	const struct task *t =
	    burst->began_ns ? tasks_find(&s->core->tasks, &burst->task) : NULL;

	if (t && page_read_frames(s->page, frame) > 0)
		snprintf(
		    where, sizeof where, " at %s:%u", frame[0].file, frame[0].line);
	if (s->killed != KILL_NONE)
		snprintf(why, sizeof why, " (deferd killed it: %.150s)", s->obituary);
	snprintf(s->obituary, sizeof s->obituary,
	    "worker %llu, pid %d, %s%s after %lld ms and %llu tasks; ran %s%s; "
	    "%u leases; cpu %lld ms, peak memory %ld KiB",
	    (unsigned long long)s->worker, (int)s->pid,
	    reap_describe(x, how, sizeof how), why,
	    (long long)(x->at_ms - s->spawned_ms), (unsigned long long)s->tasks_done,
	    t ? t->handler->name : "no burst", where, s->lease.leased,
	    (long long)(obituary_ms(&x->usage.ru_utime) +
			obituary_ms(&x->usage.ru_stime)),
	    x->usage.ru_maxrss);
}

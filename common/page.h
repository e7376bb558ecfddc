/*
 * page.h: the page of memory that one worker shares with the supervisor (a memfd made
 * by the supervisor, inherited through the forkserver). It answers one question, even
 * when the worker hangs or is dead: which task's burst runs now, and since when?
 *
 * A burst is Ruby between two awaits. The worker writes `task` and `attempt` first and
 * `began_ns` last, and clears began_ns first: a reader that sees began_ns != 0 before
 * and after reading the id has read a whole one. Written by the worker only, read by
 * the supervisor only; no locks, so a worker killed anywhere leaves it readable.
 */
#ifndef DEFERD_PAGE_H
#define DEFERD_PAGE_H

#include "taskid.h"
#include <stdatomic.h>

#define PAGE_BYTES 4096

struct page {
	_Atomic int64_t began_ns;    /* CLOCK_MONOTONIC; 0: no burst runs */
	_Atomic uint64_t task_hi;    /* the id's first 8 bytes, native order of memcpy */
	_Atomic uint64_t task_lo;
	_Atomic uint32_t attempt;
	_Atomic uint32_t bursts;     /* counts up; wraps */
};

/* A copy taken by the reader. */
struct page_burst {
	int64_t began_ns; /* 0: no burst runs (or it changed while we looked: then it moves) */
	struct taskid task;
	uint32_t attempt;
};

/* A new page, mapped at *out, and its descriptor (CLOEXEC) to hand to the worker; the
 * caller closes the one and page_free()s the other. -1 and errno: no resources. */
int page_create(struct page **out);
void page_free(struct page *); /* NULL is fine */

void page_enter(struct page *, const struct taskid *, uint32_t attempt, int64_t now_ns);
void page_leave(struct page *);
void page_read(const struct page *, struct page_burst *out);

#endif

/*
 * page.h: the page of memory that one worker shares with the supervisor (a memfd made
 * by the supervisor, inherited through the forkserver). It answers one question, even
 * when the worker hangs or is dead: which task's burst runs now, and since when? Then
 * there are the last awaits, and where Ruby was when the worker knew that it would die.
 *
 * A burst is Ruby between two awaits. The worker writes `task` and `attempt` first and
 * `began_ns` last, and clears began_ns first: a reader that sees began_ns != 0 before
 * and after reading the id has read a whole one. Written by the worker only, read by
 * the supervisor only; no locks, so a worker killed anywhere leaves it readable. To the
 * supervisor all of it is what a stranger wrote: it takes copies, within bounds, and
 * text of printable characters with an end.
 */
#ifndef DEFERD_PAGE_H
#define DEFERD_PAGE_H

#include "taskid.h"
#include <signal.h>
#include <stdatomic.h>

#define PAGE_BYTES 4096
#define PAGE_AWAITS 8
#define PAGE_FRAMES 16
#define PAGE_FILE_BYTES 64
#define PAGE_NAME_BYTES 32

/* Somewhere in the handlers' files. Texts that do not fit are cut. */
struct page_place {
	uint32_t line;
	char file[PAGE_FILE_BYTES];
	char name[PAGE_NAME_BYTES]; /* the method, or what is awaited; "": none */
};

struct page_await {
	_Atomic uint32_t number;  /* from 1, counts up; 0: none, or being written */
	_Atomic uint32_t resumed; /* not 0: the await is over */
	int64_t since_ns;	  /* CLOCK_MONOTONIC */
	struct taskid task;
	struct page_place place;
};

struct page {
	_Atomic int64_t began_ns;    /* CLOCK_MONOTONIC; 0: no burst runs */
	_Atomic uint64_t task_hi;    /* the id's first 8 bytes, native order of memcpy */
	_Atomic uint64_t task_lo;
	_Atomic uint32_t attempt;
	_Atomic uint32_t bursts;     /* counts up; wraps */
	_Atomic uint32_t frame_n;
	uint32_t await_n; /* awaits so far; the writer's own */
	struct page_await await[PAGE_AWAITS]; /* a ring */
	struct page_place frame[PAGE_FRAMES]; /* where Ruby was, innermost first */
};
_Static_assert(sizeof(struct page) <= PAGE_BYTES, "the page is one page");

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

/* A fiber of that task awaits from now on; file and name are copied. Returns the await's
 * number, for page_resume. */
uint32_t page_await(struct page *, const struct taskid *, int64_t now_ns, const char *file,
    uint32_t line, const char *name);
void page_resume(struct page *, uint32_t number);
/* The newest first; how many. */
size_t page_read_awaits(const struct page *, struct page_await out[PAGE_AWAITS]);

/* The signal by which the supervisor asks a worker for its frames, as its last deed: one
 * that is ignored by whoever does not wait for it. */
#define PAGE_LAST_WORD SIGURG
/* One frame further out; nothing when there is no room. May be called in a signal
 * handler. name may be NULL. */
void page_add_frame(struct page *, const char *file, uint32_t line, const char *name);
size_t page_read_frames(const struct page *, struct page_place out[PAGE_FRAMES]);

#endif

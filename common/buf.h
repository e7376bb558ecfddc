/*
 * buf.h: a growable byte buffer with a hard cap, and span, a borrowed piece of bytes.
 *
 * A buf never exceeds its cap: the append that would, fails and leaves the buffer
 * as it was, and buf.failed stays set, so that a run of appends can be checked once
 * at the end.
 */
#ifndef DEFERD_BUF_H
#define DEFERD_BUF_H

#include "check.h"
#include <stdbool.h>
#include <string.h>

struct span {
	const uint8_t *p; /* borrowed; NULL only when n is 0 */
	size_t n;	  /* bytes */
};

#define SPAN_NONE ((struct span){NULL, 0})

static inline struct span
span_of(const void *p, size_t n)
{
	return (struct span){p, n};
}
static inline struct span
span_str(const char *s)
{
	return (struct span){(const uint8_t *)s, s ? strlen(s) : 0};
}
static inline bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool
span_is(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}
/* For printf("%.*s"): both arguments. */
#define SPAN_FMT(s) (int)(s).n, (const char *)((s).p ? (s).p : (const uint8_t *)"")

struct buf {
	uint8_t *p;	  /* owned */
	size_t n;	  /* bytes in use */
	size_t room;	  /* bytes allocated */
	size_t cap_bytes; /* n never exceeds it; 0: no cap but memory */
	bool failed;	  /* an append was refused since the last reset */
};

/* cap_bytes 0 means no cap. Allocates nothing yet. */
void buf_init(struct buf *, size_t cap_bytes);
void buf_fini(struct buf *);
/* Empties it (n = 0, failed = false) and keeps the memory. */
void buf_reset(struct buf *);
/* Empties it and gives memory above keep_bytes back. */
void buf_shrink(struct buf *, size_t keep_bytes);

/* 0, -ERR_NOMEM or -ERR_TOO_LARGE (cap). */
int buf_add(struct buf *, const void *p, size_t n);
int buf_add_str(struct buf *, const char *s);
int buf_add_span(struct buf *, struct span s);
int buf_add_byte(struct buf *, uint8_t byte);
int buf_printf(struct buf *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Makes room for n more bytes and returns where they go, or NULL; buf_grew(n)
 * then says how many were written. */
uint8_t *buf_room(struct buf *, size_t n);
void buf_grew(struct buf *, size_t n);
/* Drops the first n bytes. */
void buf_drop(struct buf *, size_t n);

/* Moves the bytes out: the caller frees what it gets with free(); NULL and n = 0
 * when empty. The buf is as after buf_init. */
uint8_t *buf_take(struct buf *, size_t *n);
static inline struct span
buf_span(const struct buf *b)
{
	return (struct span){b->p, b->n};
}
/* The bytes with a NUL behind them (not counted); "" when that failed. Borrowed
 * until the next change. */
const char *buf_cstr(struct buf *);

#endif

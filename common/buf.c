/*
 * buf.c: the growable byte buffer. It knows its cap and nothing of what is in it.
 */
#include "buf.h"
#include "err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_FIRST_BYTES 64

void
buf_init(struct buf *b, size_t cap_bytes)
{
	*b = (struct buf){.cap_bytes = cap_bytes};
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	buf_init(b, b->cap_bytes);
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

void
buf_shrink(struct buf *b, size_t keep_bytes)
{
	buf_reset(b);
	if (b->room <= keep_bytes)
		return;
	if (keep_bytes == 0) {
		buf_fini(b);
		return;
	}
	uint8_t *p = realloc(b->p, keep_bytes);
	if (p) {
		b->p = p;
		b->room = keep_bytes;
	}
}

/* The array grows by doubling. */
static int
buf_set_room(struct buf *b, size_t want)
{
	size_t room = b->room ? b->room : BUF_FIRST_BYTES;

	while (room < want)
		room = room > SIZE_MAX / 2 ? want : room * 2;
	uint8_t *p = realloc(b->p, room);
	if (!p)
		return -ERR_NOMEM;
	b->p = p;
	b->room = room;
	return 0;
}

static int
buf_need(struct buf *b, size_t n)
{
	int r = 0;

	if (n > SIZE_MAX - b->n || (b->cap_bytes && b->n + n > b->cap_bytes))
		r = -ERR_TOO_LARGE;
	else if (b->n + n > b->room)
		r = buf_set_room(b, b->n + n);
	if (r)
		b->failed = true;
	return r;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return 0;
	int r = buf_need(b, n);
	if (r)
		return r;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return 0;
}

int
buf_add_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_add_span(struct buf *b, struct span s)
{
	return buf_add(b, s.p, s.n);
}

int
buf_add_byte(struct buf *b, uint8_t byte)
{
	return buf_add(b, &byte, 1);
}

static int
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t left = b->room - b->n;

	va_copy(again, ap);
	int n = vsnprintf(left ? (char *)b->p + b->n : NULL, left, fmt, ap);
	int r = n < 0 ? -ERR_MALFORMED : buf_need(b, (size_t)n);
	if (r) {
		b->failed = true;
	} else if ((size_t)n >= left) {
		/* vsnprintf wants a byte more than counts, for its NUL */
		if (b->room - b->n <= (size_t)n)
			r = buf_set_room(b, b->n + (size_t)n + 1);
		if (r)
			b->failed = true;
		else
			vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (r == 0)
		b->n += (size_t)n;
	return r;
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return r;
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	return buf_need(b, n ? n : 1) == 0 ? b->p + b->n : NULL;
}

void
buf_grew(struct buf *b, size_t n)
{
	ASSERT(n <= b->room - b->n);
	b->n += n;
}

void
buf_drop(struct buf *b, size_t n)
{
	ASSERT(n <= b->n);
	b->n -= n;
	if (b->n && n)
		memmove(b->p, b->p + n, b->n);
}

uint8_t *
buf_take(struct buf *b, size_t *n)
{
	uint8_t *p = b->n ? b->p : NULL, *exact;

	*n = b->n;
	/* It may live long, a million times over. A copy, because realloc would leave
	 * the spare part of each block behind as a hole. */
	if (p && b->room - b->n > b->n / 8 && (exact = malloc(b->n)))
		p = memcpy(exact, p, b->n);
	if (p != b->p)
		free(b->p);
	buf_init(b, b->cap_bytes);
	return p;
}

const char *
buf_cstr(struct buf *b)
{
	if (b->n >= b->room && buf_set_room(b, b->n + 1) != 0)
		return "";
	b->p[b->n] = '\0';
	return (const char *)b->p;
}

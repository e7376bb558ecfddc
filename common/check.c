/*
 * check.c: what happens when one of our own invariants does not hold, and the
 * allocations that may not fail.
 */
#include "check.h"
#include "log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
check_failed(const char *file, int line, const char *text)
{
	int saved = errno;

	log_error("bug: %s:%d: %s (errno %d): aborting", file, line, text, saved);
	errno = saved;
	abort();
}

void *
xcalloc(size_t count, size_t size_bytes)
{
	void *p = calloc(count ? count : 1, size_bytes ? size_bytes : 1);

	ASSERT(p != NULL);
	return p;
}

void *
xmemdup(const void *p, size_t n_bytes)
{
	void *copy = xcalloc(1, n_bytes);

	if (n_bytes)
		memcpy(copy, p, n_bytes);
	return copy;
}

char *
xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

/*
 * http_calls.h: for the tests of the dialects: one request, its reply, and the envelope
 * that the task got.
 */
#ifndef DEFERD_HTTP_CALLS_H
#define DEFERD_HTTP_CALLS_H

#include "httpcore.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>

#define JSON "Content-Type: application/json\r\n"

static struct reply r;
static struct core c;

static inline int
post(const char *path, const char *headers, const char *body)
{
	return client_call(&c, "POST", path, headers, body, &r) ? r.status : -1;
}

static inline int
get(const char *path, const char *headers)
{
	return client_call(&c, "GET", path, headers, NULL, &r) ? r.status : -1;
}

/* Of the last envelope, without its brackets: body, params, query and path. */
static inline const char *
seen(void)
{
	static char text[2000];
	const char *all = buf_cstr(&c.seen), *end = strstr(all, ",{\"host\"");

	snprintf(text, sizeof text, "%.*s", end ? (int)(end - all - 1) : 1999, all + 1);
	return text;
}

/* Its end: context and flags. */
static inline bool
seen_ends(const char *text)
{
	size_t n = strlen(text);

	return c.seen.n >= n && strcmp(buf_cstr(&c.seen) + c.seen.n - n, text) == 0;
}

static inline bool
has(const char *text)
{
	return strstr(r.body, text) != NULL;
}

#endif

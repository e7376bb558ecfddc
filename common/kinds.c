/*
 * kinds.c: the words of the tables in kinds.h.
 */
#include "kinds.h"
#include "err.h"
#include <ctype.h>

static const char *const kind_names[] = {
#define X(sym, number, name) [number] = name,
    KIND_TABLE(X)
#undef X
};
static const char *const lane_texts[LANE_COUNT] = {
    [LANE_MAIN] = "main", [LANE_LOW] = "low"};
static const char *const execution_texts[] = {
    [EXEC_SYNC] = "sync", [EXEC_ASYNC] = "async", [EXEC_LOW] = "async-low-priority"};

const char *
kind_name(enum kind k)
{
	return (unsigned)k < COUNT_OF(kind_names) && kind_names[k] ? kind_names[k]
								   : "?";
}

enum kind
kind_parse(struct span name)
{
	for (size_t k = 0; k < COUNT_OF(kind_names); k++)
		if (kind_names[k] && span_is(name, kind_names[k]))
			return (enum kind)k;
	return KIND_ANY;
}

const char *
lane_text(enum lane_name l)
{
	return (unsigned)l < LANE_COUNT ? lane_texts[l] : "?";
}

const char *
execution_text(enum execution e)
{
	return (unsigned)e < COUNT_OF(execution_texts) ? execution_texts[e] : "?";
}

/* The next letter of a name, dashes and underscores passed over; -1 at its end. */
static int
execution_letter(struct span s, size_t *at)
{
	while (*at < s.n && (s.p[*at] == '-' || s.p[*at] == '_'))
		(*at)++;
	return *at < s.n ? tolower(s.p[(*at)++]) : -1;
}

static bool
execution_matches(struct span given, struct span name)
{
	size_t g = 0, n = 0;
	int a, b;

	do {
		a = execution_letter(given, &g);
		b = execution_letter(name, &n);
	} while (a == b && a != -1);
	return a == b;
}

int
execution_parse(struct span text, enum execution *out)
{
	for (size_t e = 0; e < COUNT_OF(execution_texts); e++) {
		if (execution_matches(text, span_str(execution_texts[e]))) {
			*out = (enum execution)e;
			return 0;
		}
	}
	return -ERR_UNKNOWN;
}

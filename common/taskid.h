/*
 * taskid.h: task ids, UUIDv7 (RFC 9562): 16 bytes inline, time-ordered, 36 characters
 * as text ("0193c1f2-....").
 */
#ifndef DEFERD_TASKID_H
#define DEFERD_TASKID_H

#include <stddef.h>
#include <stdint.h>

#define TASKID_BYTES 16
#define TASKID_TEXT_BYTES 37 /* with the NUL */

struct taskid {
	uint8_t b[TASKID_BYTES];
};

/* Makes ids: monotonic within a process, even in one millisecond (a 12-bit counter
 * in rand_a, method 1 of RFC 9562 section 6.2) and when the clock steps back. One
 * per process; random bits come from getrandom(), fetched some hundred at a time. */
struct taskid_maker {
	int64_t last_ms;
	uint16_t counter;
	uint8_t pool[512];
	size_t pool_left;
};
void taskid_next(struct taskid_maker *, int64_t wall_ms, struct taskid *out);
/* Text of the id; returns out. */
const char *taskid_text(const struct taskid *, char out[TASKID_TEXT_BYTES]);
/* The full text form, either case -> id. 0 or -ERR_MALFORMED. */
int taskid_parse(const char *text, size_t n, struct taskid *out);

#endif

/*
 * taskid.c: making task ids and their text.
 */
#include "taskid.h"
#include "check.h"
#include "err.h"
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define TASKID_COUNTER_MAX 0xfff

static void
taskid_random(struct taskid_maker *m, void *out, size_t n)
{
	while (m->pool_left < n) {
		ssize_t got = getrandom(m->pool, sizeof m->pool, 0);
		ASSERT(got > 0 || errno == EINTR);
		m->pool_left = got > 0 ? (size_t)got : 0;
	}
	m->pool_left -= n;
	memcpy(out, m->pool + m->pool_left, n);
	/* what was given out is not to be found in a core dump */
	memset(m->pool + m->pool_left, 0, n);
}

void
taskid_next(struct taskid_maker *m, int64_t wall_ms, struct taskid *out)
{
	uint8_t *b = out->b;

	if (wall_ms > m->last_ms) {
		uint16_t start;
		taskid_random(m, &start, sizeof start);
		m->last_ms = wall_ms;
		m->counter = start & (TASKID_COUNTER_MAX >> 1); /* room to count */
	} else if (m->counter < TASKID_COUNTER_MAX) {
		m->counter++;
	} else {
		m->last_ms++;
		m->counter = 0;
	}
	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(m->last_ms >> (40 - 8 * i));
	taskid_random(m, b + 8, 8);
	b[6] = (uint8_t)(0x70 | m->counter >> 8);
	b[7] = (uint8_t)m->counter;
	b[8] = (b[8] & 0x3f) | 0x80;
}

/* How many bytes stand before each of the text's four dashes. */
static int
taskid_dash_before(int i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

const char *
taskid_text(const struct taskid *id, char out[TASKID_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char *p = out;

	for (int i = 0; i < TASKID_BYTES; i++) {
		if (taskid_dash_before(i))
			*p++ = '-';
		*p++ = digits[id->b[i] >> 4];
		*p++ = digits[id->b[i] & 15];
	}
	*p = '\0';
	return out;
}

static int
taskid_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
taskid_parse(const char *text, size_t n, struct taskid *out)
{
	struct taskid id;

	if (n != TASKID_TEXT_BYTES - 1)
		return -ERR_MALFORMED;
	for (int i = 0; i < TASKID_BYTES; i++) {
		if (taskid_dash_before(i) && *text++ != '-')
			return -ERR_MALFORMED;
		int hi = taskid_digit(*text++), lo = taskid_digit(*text++);
		if (hi < 0 || lo < 0)
			return -ERR_MALFORMED;
		id.b[i] = (uint8_t)(hi << 4 | lo);
	}
	*out = id;
	return 0;
}

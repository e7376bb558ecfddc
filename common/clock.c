/*
 * clock.c: reading the clocks, and durations and RFC 3339 as text.
 */
#include "clock.h"
#include "err.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLOCK_LONGEST_MS (3653LL * 86400 * MS_PER_S) /* ten years */

struct clock_unit {
	const char *name;
	int64_t ms;
};

/* From the longest: a duration names its units in this order, each once. */
static const struct clock_unit clock_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", MS_PER_S}, {"ms", 1}};
enum { CLOCK_UNITS = sizeof clock_units / sizeof clock_units[0] };

int64_t
clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t
clock_now_ms(void)
{
	return clock_now_ns() / NS_PER_MS;
}

int64_t
clock_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * MS_PER_S + ts.tv_nsec / NS_PER_MS;
}

static bool
clock_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *at; they stop growing past any duration that is allowed. */
static int
clock_take_number(const char **at, int64_t *out)
{
	if (!clock_is_digit(**at))
		return -ERR_MALFORMED;
	*out = 0;
	for (; clock_is_digit(**at); (*at)++)
		if (*out <= CLOCK_LONGEST_MS)
			*out = *out * 10 + (**at - '0');
	return 0;
}

/* ".25": a part of a millisecond counts as a whole one, so that a tiny time is not 0.
 */
static int
clock_take_fraction(const char **at, int64_t *ms)
{
	int64_t part = 0, weight = 100;
	bool more = false;

	if (!clock_is_digit(*++*at))
		return -ERR_MALFORMED;
	for (; clock_is_digit(**at); (*at)++, weight /= 10) {
		part += (**at - '0') * weight;
		more |= weight == 0 && **at != '0';
	}
	*ms = part + more;
	return 0;
}

static int
clock_take_unit(const char **at, int first)
{
	size_t n = 0;

	while ((*at)[n] >= 'a' && (*at)[n] <= 'z')
		n++;
	for (int u = first; u < CLOCK_UNITS; u++) {
		if (strlen(clock_units[u].name) != n ||
		    memcmp(clock_units[u].name, *at, n) != 0)
			continue;
		*at += n;
		return u;
	}
	return -ERR_MALFORMED;
}

static int
clock_add_ms(int64_t *sum, int64_t count, int64_t unit_ms)
{
	if (count > CLOCK_LONGEST_MS / unit_ms)
		return -ERR_RANGE;
	*sum += count * unit_ms;
	return *sum > CLOCK_LONGEST_MS ? -ERR_RANGE : 0;
}

static int
clock_parse_positive(const char *at, int64_t *ms)
{
	int64_t count, part = 0;
	int unit = -1, r = 0;

	do {
		int e = clock_take_number(&at, &count);
		if (e)
			return e;
		if (unit < 0 && (*at == '\0' || *at == '.')) {
			e = *at == '.' ? clock_take_fraction(&at, &part) : 0;
			if (e || *at != '\0')
				return -ERR_MALFORMED;
			r = clock_add_ms(ms, count, MS_PER_S);
			return r ? r : clock_add_ms(ms, part, 1);
		}
		unit = clock_take_unit(&at, unit + 1);
		if (unit < 0)
			return unit;
		e = clock_add_ms(ms, count, clock_units[unit].ms);
		r = r ? r : e;
	} while (*at != '\0');
	return r;
}

int
clock_parse_ms(const char *text, int64_t *out_ms)
{
	int64_t ms = 0;
	bool negative = *text == '-';
	int r = clock_parse_positive(text + negative, &ms);

	if (r == 0 && negative)
		r = -ERR_RANGE;
	if (r == 0)
		*out_ms = ms;
	return r;
}

const char *
clock_format_ms(int64_t ms, char *out, size_t n)
{
	char text[64];
	size_t at = 0;
	uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;

	if (ms < 0)
		text[at++] = '-';
	for (int u = 0; u < CLOCK_UNITS; u++) {
		uint64_t count = left / (uint64_t)clock_units[u].ms;
		left -= count * (uint64_t)clock_units[u].ms;
		if (count || (ms == 0 && clock_units[u].ms == MS_PER_S))
			at += (size_t)snprintf(text + at, sizeof text - at, "%llu%s",
			    (unsigned long long)count, clock_units[u].name);
	}
	text[at] = '\0';
	snprintf(out, n, "%s", text);
	return out;
}

const char *
clock_format_wall(int64_t wall_ms, char *out, size_t n)
{
	int64_t part = wall_ms % MS_PER_S;
	struct tm tm;

	if (part < 0)
		part += MS_PER_S;
	time_t s = (wall_ms - part) / MS_PER_S;
	if (!gmtime_r(&s, &tm))
		memset(&tm, 0, sizeof tm);
	snprintf(out, n, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900LL,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)part);
	return out;
}

/* "####-##-##T##:##:##": # a digit, T a T, a t or a blank. */
static bool
clock_has_shape(const char *text, const char *shape)
{
	bool fits = true;

	for (; *shape && fits; shape++, text++) {
		if (*shape == '#')
			fits = clock_is_digit(*text);
		else if (*shape == 'T')
			fits = *text == 'T' || *text == 't' || *text == ' ';
		else
			fits = *text == *shape;
	}
	return fits;
}

static int
clock_digits(const char *text, int n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*text++ - '0');
	return v;
}

/* "Z" or "+01:00": everything that is left of the text. */
static int
clock_parse_zone(const char *text, size_t n, int64_t *offset_ms)
{
	*offset_ms = 0;
	if (n == 1 && (*text == 'Z' || *text == 'z'))
		return 0;
	if (n != 6 || (*text != '+' && *text != '-') ||
	    !clock_has_shape(text + 1, "##:##"))
		return -ERR_MALFORMED;
	int h = clock_digits(text + 1, 2), m = clock_digits(text + 4, 2);
	if (h > 23 || m > 59)
		return -ERR_MALFORMED;
	*offset_ms = (h * 60 + m) * 60000LL * (*text == '-' ? -1 : 1);
	return 0;
}

static int
clock_parse_date(const char *text, int64_t *out_s)
{
	struct tm tm = {.tm_year = clock_digits(text, 4) - 1900,
	    .tm_mon = clock_digits(text + 5, 2) - 1,
	    .tm_mday = clock_digits(text + 8, 2),
	    .tm_hour = clock_digits(text + 11, 2),
	    .tm_min = clock_digits(text + 14, 2),
	    .tm_sec = clock_digits(text + 17, 2)};
	struct tm day = tm;

	if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return -ERR_MALFORMED;
	/* timegm turns 30 February into 2 March */
	timegm(&day);
	if (tm.tm_sec < 60 && (day.tm_mday != tm.tm_mday || day.tm_mon != tm.tm_mon))
		return -ERR_MALFORMED;
	day = (struct tm){
	    .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday};
	*out_s = timegm(&day) + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	return day.tm_mday != tm.tm_mday || day.tm_mon != tm.tm_mon ? -ERR_MALFORMED
								    : 0;
}

int
clock_parse_wall(const char *text, size_t n, int64_t *out_ms)
{
	int64_t s, part_ms = 0, offset_ms;
	size_t at = 19;

	if (n < at + 1 || !clock_has_shape(text, "####-##-##T##:##:##") ||
	    clock_parse_date(text, &s) != 0)
		return -ERR_MALFORMED;
	if (text[at] == '.') {
		int64_t weight = 100;
		size_t first = ++at;
		for (; at < n && clock_is_digit(text[at]); at++, weight /= 10)
			part_ms += (text[at] - '0') * weight;
		if (at == first)
			return -ERR_MALFORMED;
	}
	if (clock_parse_zone(text + at, n - at, &offset_ms) != 0)
		return -ERR_MALFORMED;
	*out_ms = s * MS_PER_S + part_ms - offset_ms;
	return 0;
}

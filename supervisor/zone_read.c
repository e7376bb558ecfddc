/*
 * zone_read.c: a TZif file taken apart (RFC 8536 3), its footer too (3.3, and POSIX
 * TZ). Every count is checked before it is used; the first thing that is wrong ends it.
 */
#include "../common/err.h"
#include "zone.h"
#include <stdio.h>
#include <stdlib.h>

#define TZIF_HEAD_BYTES 44
#define TZIF_TYPE_BYTES 6
#define TZIF_TIMES_MAX 4096
#define TZIF_TYPES_MAX 256
#define ZONE_OFFSET_LEAST_S (-25 * 3600 + 1) /* RFC 8536 3.2 */
#define ZONE_OFFSET_MOST_S (26 * 3600 - 1)
#define ZONE_HOURS_MAX 167
#define ZONE_TIME_MAX_S (1LL << 59) /* RFC 8536 3.2: none is before -2^59 */

struct tzif_head {
	int version;
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t
tzif_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
tzif_time(const uint8_t *p, size_t width)
{
	if (width == 4)
		return (int32_t)tzif_u32(p);
	return (int64_t)((uint64_t)tzif_u32(p) << 32 | tzif_u32(p + 4));
}

static int
tzif_take_head(struct span *in, struct tzif_head *h)
{
	const uint8_t *p = in->p;

	if (in->n < TZIF_HEAD_BYTES || memcmp(p, "TZif", 4) != 0)
		return -ERR_MALFORMED;
	*h = (struct tzif_head){.version = p[4] ? p[4] - '0' : 1,
	    .isut = tzif_u32(p + 20),
	    .isstd = tzif_u32(p + 24),
	    .leap = tzif_u32(p + 28),
	    .time = tzif_u32(p + 32),
	    .type = tzif_u32(p + 36),
	    .chars = tzif_u32(p + 40)};
	*in = span_of(p + TZIF_HEAD_BYTES, in->n - TZIF_HEAD_BYTES);
	return 0;
}

/* How long the block is behind its head; the counts are of 32 bits, so nothing wraps.
 */
static uint64_t
tzif_block_bytes(const struct tzif_head *h, size_t width)
{
	return (uint64_t)h->time * (width + 1) + (uint64_t)h->type * TZIF_TYPE_BYTES +
	       h->chars + (uint64_t)h->leap * (width + 4) + h->isstd + h->isut;
}

static int
tzif_skip_block(struct span *in, const struct tzif_head *h, size_t width)
{
	uint64_t bytes = tzif_block_bytes(h, width);

	if (bytes > in->n)
		return -ERR_MALFORMED;
	*in = span_of(in->p + bytes, in->n - bytes);
	return 0;
}

static int
tzif_offsets(const uint8_t *types, uint32_t n, int32_t *offset_s)
{
	for (uint32_t i = 0; i < n; i++) {
		offset_s[i] = (int32_t)tzif_u32(types + (size_t)i * TZIF_TYPE_BYTES);
		if (offset_s[i] < ZONE_OFFSET_LEAST_S ||
		    offset_s[i] > ZONE_OFFSET_MOST_S)
			return -ERR_MALFORMED;
	}
	return 0;
}

/* Changes of the name alone are left out. */
static int
tzif_fill(struct zone *z, const uint8_t *times, const struct tzif_head *h, size_t width)
{
	const uint8_t *index = times + h->time * width;
	int32_t offset_s[TZIF_TYPES_MAX], last_s;
	int64_t before = INT64_MIN;

	if (tzif_offsets(index + h->time, h->type, offset_s) != 0)
		return -ERR_MALFORMED;
	last_s = z->first_s = offset_s[0];
	for (uint32_t i = 0; i < h->time; i++) {
		int64_t at_s = tzif_time(times + i * width, width);
		if (index[i] >= h->type || (i > 0 && at_s <= before) ||
		    at_s < -ZONE_TIME_MAX_S || at_s > ZONE_TIME_MAX_S)
			return -ERR_MALFORMED;
		before = at_s;
		if (offset_s[index[i]] == last_s)
			continue;
		last_s = offset_s[index[i]];
		z->change[z->n++] = (struct zone_change){at_s, last_s};
	}
	return 0;
}

static int
tzif_take_block(
    struct zone *z, struct span *in, const struct tzif_head *h, size_t width)
{
	struct span block = *in;

	if (h->time > TZIF_TIMES_MAX || h->type < 1 || h->type > TZIF_TYPES_MAX ||
	    tzif_skip_block(in, h, width) != 0)
		return -ERR_MALFORMED;
	if (h->leap > 0)
		return -ERR_RANGE;
	z->change = malloc((h->time + 1) * sizeof *z->change);
	return z->change ? tzif_fill(z, block.p, h, width) : -ERR_NOMEM;
}

/* --- the footer: "CET-1CEST,M3.5.0,M10.5.0/3" --- */

static char
tz_peek(const struct span *in)
{
	return in->n ? (char)*in->p : '\0';
}

static bool
tz_take(struct span *in, char c)
{
	if (tz_peek(in) != c)
		return false;
	*in = span_of(in->p + 1, in->n - 1);
	return true;
}

static bool
tz_number(struct span *in, int low, int high, int *out)
{
	int v = 0, digits = 0;

	while (tz_peek(in) >= '0' && tz_peek(in) <= '9' && digits++ < 3) {
		v = v * 10 + (tz_peek(in) - '0');
		*in = span_of(in->p + 1, in->n - 1);
	}
	*out = v;
	return digits > 0 && v >= low && v <= high;
}

/* "CET" or "<+1030>" */
static bool
tz_name(struct span *in)
{
	bool quoted = tz_take(in, '<');
	size_t n = 0;

	for (;; n++) {
		char c = tz_peek(in), lower = (char)(c | 0x20);
		bool plain =
		    (lower >= 'a' && lower <= 'z') ||
		    (quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-'));
		if (!plain)
			break;
		tz_take(in, c);
	}
	return n >= 3 && (!quoted || tz_take(in, '>'));
}

/* "[+-]h[h[h]][:mm[:ss]]" */
static bool
tz_time(struct span *in, int hours_max, int32_t *out_s)
{
	int h, m = 0, s = 0;
	bool minus = tz_take(in, '-');

	if (!minus)
		tz_take(in, '+');
	if (!tz_number(in, 0, hours_max, &h) ||
	    (tz_take(in, ':') && (!tz_number(in, 0, 59, &m) ||
				     (tz_take(in, ':') && !tz_number(in, 0, 59, &s)))))
		return false;
	*out_s = (h * 3600 + m * 60 + s) * (minus ? -1 : 1);
	return true;
}

static bool
tz_date(struct span *in, struct zone_date *d)
{
	bool fits;

	if (!tz_take(in, ','))
		return false;
	*d = (struct zone_date){.form = ZONE_DATE_DAY, .time_s = 2 * 3600};
	if (tz_take(in, 'M')) {
		d->form = ZONE_DATE_WEEK;
		fits = tz_number(in, 1, 12, &d->month) && tz_take(in, '.') &&
		       tz_number(in, 1, 5, &d->week) && tz_take(in, '.') &&
		       tz_number(in, 0, 6, &d->day);
	} else if (tz_take(in, 'J')) {
		d->form = ZONE_DATE_JULIAN;
		fits = tz_number(in, 1, 365, &d->day);
	} else {
		fits = tz_number(in, 0, 365, &d->day);
	}
	return fits && (!tz_take(in, '/') || tz_time(in, ZONE_HOURS_MAX, &d->time_s));
}

/* POSIX counts west of Greenwich. */
static bool
tz_rule(struct span in, struct zone_rule *r)
{
	*r = (struct zone_rule){.there = true};
	if (!tz_name(&in) || !tz_time(&in, 24, &r->std_s))
		return false;
	r->std_s = -r->std_s;
	if (in.n == 0)
		return true;
	r->has_dst = true;
	r->dst_s = r->std_s + 3600;
	if (!tz_name(&in))
		return false;
	if (tz_peek(&in) != ',') {
		if (!tz_time(&in, 24, &r->dst_s))
			return false;
		r->dst_s = -r->dst_s;
	}
	return tz_date(&in, &r->begin) && tz_date(&in, &r->end) && in.n == 0;
}

/* "\n...\n"; an empty one says that the last offset holds for ever. */
static int
tzif_take_footer(struct zone *z, struct span in)
{
	if (in.n < 2 || in.p[0] != '\n')
		return -ERR_MALFORMED;
	in = span_of(in.p + 1, in.n - 1);
	const uint8_t *end = memchr(in.p, '\n', in.n);
	if (!end)
		return -ERR_MALFORMED;
	in.n = (size_t)(end - in.p);
	return in.n == 0 || tz_rule(in, &z->rule) ? 0 : -ERR_MALFORMED;
}

static int
tzif_take_all(struct zone *z, struct span in)
{
	struct tzif_head h;
	int e = tzif_take_head(&in, &h);

	if (e == 0 && h.version < 2)
		return tzif_take_block(z, &in, &h, 4);
	if (e == 0)
		e = tzif_skip_block(&in, &h, 4);
	if (e == 0)
		e = tzif_take_head(&in, &h);
	if (e == 0)
		e = tzif_take_block(z, &in, &h, 8);
	return e ? e : tzif_take_footer(z, in);
}

int
zone_parse(struct zone *z, struct span file)
{
	*z = (struct zone){0};
	int e = tzif_take_all(z, file);
	if (e != 0)
		zone_fini(z);
	return e;
}

/* --- files --- */

/* "Europe/Berlin": no way out of the folder, no hidden file. */
static bool
zone_name_fits(const char *name)
{
	static const char may[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_+-/";
	size_t n = strlen(name);

	return n > 0 && n <= ZONE_NAME_MAX && strspn(name, may) == n && name[0] != '/';
}

int
zone_load(struct zone *z, const char *name)
{
	char path[sizeof ZONE_FOLDER + ZONE_NAME_MAX + 2];

	*z = (struct zone){0};
	if (name[0] == '\0' || strcmp(name, "UTC") == 0)
		return 0;
	if (!zone_name_fits(name))
		return -ERR_UNKNOWN;
	snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, name);
	FILE *f = fopen(path, "re");
	if (!f)
		return -ERR_UNKNOWN;
	uint8_t *bytes = malloc(ZONE_FILE_MAX);
	size_t n = bytes ? fread(bytes, 1, ZONE_FILE_MAX, f) : 0;
	int e = bytes ? zone_parse(z, span_of(bytes, n)) : -ERR_NOMEM;
	free(bytes);
	fclose(f);
	return e;
}

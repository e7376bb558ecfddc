/*
 * zone.c: see zone.h. The table first; beyond it the rule of the footer, asked for the
 * years around the instant.
 */
#include "zone.h"
#include "../common/cron.h"
#include "../common/err.h"
#include <stdlib.h>

/* No wall is further from Greenwich (RFC 8536 3.2). */
#define ZONE_OFFSET_MAX_S (26 * 3600)

void
zone_fini(struct zone *z)
{
	free(z->change);
	*z = (struct zone){0};
}

/* --- the rule --- */

static int64_t
zone_date_day(const struct zone_date *d, int64_t year)
{
	int64_t new_year = cron_day_of(year, 1, 1), first;
	int week = 0, length;

	if (d->form == ZONE_DATE_DAY)
		return new_year + d->day;
	if (d->form == ZONE_DATE_JULIAN) /* 29 February has no number */
		return new_year + d->day - 1 +
		       (d->day > 59 && cron_month_days(year, 2) == 29);
	first = cron_day_of(year, d->month, 1);
	length = cron_month_days(year, d->month);
	int skip = (int)((d->day - ((first + 4) % 7 + 7) % 7 + 7) % 7);
	while (++week < d->week && skip + 7 < length)
		skip += 7;
	return first + skip;
}

/* The changes of three years, in order. At most six. */
static size_t
zone_rule_changes(const struct zone_rule *r, int64_t year, struct zone_change out[6])
{
	size_t n = 0;

	for (int64_t y = year - 1; y <= year + 1; y++) {
		struct zone_change on = {zone_date_day(&r->begin, y) * S_PER_DAY +
					     r->begin.time_s - r->std_s,
		    r->dst_s};
		struct zone_change off = {
		    zone_date_day(&r->end, y) * S_PER_DAY + r->end.time_s - r->dst_s,
		    r->std_s};
		bool in_order = on.at_s < off.at_s;
		out[n++] = in_order ? on : off;
		out[n++] = in_order ? off : on;
	}
	return n;
}

/* Narrows the period to what the rule says, which holds from `from_s` on. */
static void
zone_at_rule(
    const struct zone_rule *r, int64_t utc_s, int64_t from_s, struct zone_period *p)
{
	struct zone_change change[6];
	int64_t year;
	int month, day;

	if (!r->has_dst)
		return;
	cron_date_of(utc_s / S_PER_DAY - (utc_s < 0), &year, &month, &day);
	size_t n = zone_rule_changes(r, year, change);
	for (size_t i = 0; i < n; i++) {
		if (change[i].at_s <= from_s || change[i].offset_s == p->offset_s)
			continue;
		if (change[i].at_s > utc_s) {
			p->end_s = change[i].at_s;
			return;
		}
		p->before_s = p->offset_s;
		p->begin_s = change[i].at_s;
		p->offset_s = change[i].offset_s;
	}
}

/* --- the table --- */

void
zone_at(const struct zone *z, int64_t utc_s, struct zone_period *p)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (z->change[middle].at_s <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	*p = (struct zone_period){INT64_MIN, INT64_MAX, z->first_s, z->first_s};
	if (low > 0) {
		p->begin_s = z->change[low - 1].at_s;
		p->offset_s = z->change[low - 1].offset_s;
	}
	if (low > 1)
		p->before_s = z->change[low - 2].offset_s;
	if (low < z->n)
		p->end_s = z->change[low].at_s;
	else if (z->rule.there)
		zone_at_rule(&z->rule, utc_s, p->begin_s, p);
}

int64_t
zone_to_utc(const struct zone *z, int64_t civil_s)
{
	struct zone_period p;
	int64_t utc_s = civil_s - ZONE_OFFSET_MAX_S;

	for (;;) {
		zone_at(z, utc_s, &p);
		utc_s = civil_s - p.offset_s;
		if (utc_s < p.begin_s)
			return p.begin_s;
		if (utc_s < p.end_s)
			return utc_s;
		utc_s = p.end_s;
	}
}

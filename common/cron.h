/*
 * cron.h: cron(5) expressions, with an optional field of seconds in front. Pure: no time
 * zone, no clock. A civil time here is seconds since 1970-01-01 00:00:00 as a calendar and
 * a clock on the wall show them, as if that were UTC; zone.h knows when that is.
 */
#ifndef DEFERD_CRON_H
#define DEFERD_CRON_H

#include "buf.h"

#define CRON_TEXT_MAX 200
#define S_PER_DAY 86400

struct cron {
	uint64_t second, minute; /* bit n: n is in the set */
	uint32_t hour, day, month, weekday; /* days from 1, months from 1, Sunday is 0 */
	bool either; /* both day fields are restricted: a day in one of them will do */
};

/* Five fields (minute hour day month weekday) or six (second first), separated by blanks:
 * lists, ranges, steps, * and the names JAN-DEC and SUN-SAT in any case; Sunday is 0 and 7;
 * or @yearly @annually @monthly @weekly @daily @midnight @hourly. As in cron(5), when
 * neither day field begins with *, a day that is in one of them matches.
 * 0; -ERR_MALFORMED, or -ERR_RANGE when no day ever matches, with *why (static text). */
int cron_parse(struct span text, struct cron *out, const char **why) MUST_USE;
/* The first civil time after that one that matches. There always is one, at most 40 years
 * later (29 February on one weekday, over a 2100). */
int64_t cron_next(const struct cron *, int64_t after_s);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int64_t cron_day_of(int64_t year, int month, int day);
void cron_date_of(int64_t days, int64_t *year, int *month, int *day);
int cron_month_days(int64_t year, int month);

#endif

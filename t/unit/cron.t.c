/*
 * cron.t.c: cron expressions against an oracle that reads them in its own way and tries
 * minute after minute; what is refused, and in which words.
 */
#include "../../common/cron.h"
#include "../../common/err.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CRONS 10000
#define HORIZON_MINUTES (3 * 366 * 1440LL)

static struct cron
parsed(const char *text)
{
	struct cron c;
	const char *why;

	if (cron_parse(span_str(text), &c, &why) != 0)
		t_fail(__FILE__, __LINE__, "\"%s\": %s", text, why);
	return c;
}

static int64_t
civil(const char *text)
{
	struct tm tm = {0};

	OK(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return timegm(&tm);
}

static const char *
next_text(const char *cron, const char *after)
{
	static char out[32];
	struct cron c = parsed(cron);
	time_t at = cron_next(&c, civil(after));
	struct tm tm;

	strftime(out, sizeof out, "%F %T", gmtime_r(&at, &tm));
	return out;
}

#define NEXT(cron, after, want) EQ_STR(next_text(cron, after), want)

static void
t_examples(void)
{
	NEXT("0 3 * * *", "2027-01-31 02:59:59", "2027-01-31 03:00:00");
	NEXT("0 3 * * *", "2027-01-31 03:00:00", "2027-02-01 03:00:00");
	NEXT("*/15 8-17 * * MON-FRI", "2027-01-29 17:45:00", "2027-02-01 08:00:00");
	NEXT("5/20 * * * *", "2027-01-01 00:46:00", "2027-01-01 01:05:00");
	NEXT("0 0 1,15 * *", "2027-01-02 00:00:00", "2027-01-15 00:00:00");
	NEXT("30 4 1 JAN,jul *", "2027-01-02 00:00:00", "2027-07-01 04:30:00");
	NEXT("*/10 * * * * *", "2027-01-01 00:00:50", "2027-01-01 00:01:00");
	NEXT("59 59 23 31 12 *", "2027-01-01 00:00:00", "2027-12-31 23:59:59");
	NEXT("  0\t0   * * *  ", "2027-01-01 12:00:00", "2027-01-02 00:00:00");
}

static void
t_sunday_is_0_and_7(void)
{
	static const char *const same[] = {"0 0 * * 0", "0 0 * * 7", "0 0 * * SUN",
	    "0 0 * * sun", "0 0 * * 7-7", "@weekly"};

	for (size_t i = 0; i < COUNT_OF(same); i++)
		NEXT(same[i], "2027-01-01 00:00:00", "2027-01-03 00:00:00");
	NEXT("0 0 * * FRI-SUN", "2027-01-03 00:00:00", "2027-01-08 00:00:00");
	NEXT("0 0 * * 5-7", "2027-01-02 00:00:00", "2027-01-03 00:00:00");
}

static void
t_nicknames(void)
{
	NEXT("@hourly", "2027-01-01 12:30:00", "2027-01-01 13:00:00");
	NEXT("@daily", "2027-01-01 12:30:00", "2027-01-02 00:00:00");
	NEXT(" @midnight ", "2027-01-01 12:30:00", "2027-01-02 00:00:00");
	NEXT("@monthly", "2027-01-01 12:30:00", "2027-02-01 00:00:00");
	NEXT("@yearly", "2027-01-01 12:30:00", "2028-01-01 00:00:00");
	NEXT("@annually", "2027-01-01 12:30:00", "2028-01-01 00:00:00");
}

/* cron(5): both restricted: either; one begins with *: both must fit. */
static void
t_day_of_month_or_weekday(void)
{
	NEXT("0 0 13 * FRI", "2027-01-01 00:00:00", "2027-01-08 00:00:00");
	NEXT("0 0 13 * FRI", "2027-01-08 00:00:00", "2027-01-13 00:00:00");
	NEXT("0 0 */2 * FRI", "2027-01-01 00:00:00", "2027-01-15 00:00:00");
	NEXT("0 0 30 2 MON", "2027-01-01 00:00:00", "2027-02-01 00:00:00");
}

static void
t_leap_days(void)
{
	NEXT("0 0 29 2 *", "2027-01-01 00:00:00", "2028-02-29 00:00:00");
	NEXT("0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00");
	/* 29 February on a Sunday, over the year 2100 that has none: 40 years */
	NEXT("0 0 29 2 */7", "2088-03-01 00:00:00", "2128-02-29 00:00:00");
	NEXT("0 0 31 * *", "2027-01-31 00:00:00", "2027-03-31 00:00:00");
}

static void
refused(const char *text, const char *want)
{
	struct cron c;
	const char *why;

	if (cron_parse(span_str(text), &c, &why) == 0)
		t_fail(__FILE__, __LINE__, "\"%s\" is taken", text);
	if (!strstr(why, want))
		t_fail(__FILE__, __LINE__, "\"%s\": %s", text, why);
}

static void
t_what_cannot_be_is_refused(void)
{
	static const char *const never[] = {
	    "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 FEB *", "0 0 31 2 */2"};
	static const char *const fields[] = {"", " ", "* * * *", "* * * * * * *",
	    "@reboot", "@daily 1", "@", "daily", "@DAILY", "0 0"};
	static const char *const minutes[] = {"60 * * * *", "-1 * * * *", "a * * * *",
	    "1-  * * * *", "5-1 * * * *", "*/0 * * * *", "*/60 * * * *", "1,, * * * *",
	    ", * * * *", "1/ * * * *", "/5 * * * *", "** * * * *", "1-2-3 * * * *",
	    "00001 * * * *", "MON * * * *", "1/2/3 * * * *", "*-5 * * * *",
	    "99999999999999999999 * * * *"};
	char longest[CRON_TEXT_MAX + 40];

	for (size_t i = 0; i < COUNT_OF(never); i++)
		refused(never[i], "no day of any year");
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		refused(fields[i], "5 or 6 fields");
	for (size_t i = 0; i < COUNT_OF(minutes); i++)
		refused(minutes[i], "the minutes");
	refused("60 * * * * *", "the seconds");
	refused("* 24 * * *", "the hours");
	refused("* * 0 * *", "the days of the month");
	refused("* * 32 * *", "the days of the month");
	refused("* * * 0 *", "the months");
	refused("* * * MAI *", "the months");
	refused("* * * * 8", "the weekdays");
	refused("* * * * MONDAY", "the weekdays");
	memset(longest, ' ', sizeof longest);
	memcpy(longest, "* * * * *", 9);
	longest[sizeof longest - 1] = '\0';
	refused(longest, "5 or 6 fields");
}

/* --- the oracle: strings are compared value by value, with strtol and libc's calendar
 */

static bool
part_has(const char *part, int v, int low, int high)
{
	char *at;
	long from = low, to = high, step = 1;
	const char *slash = strchr(part, '/');

	if (*part != '*') {
		from = to = strtol(part, &at, 10);
		if (*at == '-')
			to = strtol(at + 1, NULL, 10);
		else if (slash)
			to = high;
	}
	if (slash)
		step = atol(slash + 1);
	return v >= from && v <= to && (v - from) % step == 0;
}

static bool
field_has(const char *field, int v, int low, int high)
{
	char copy[80], *save, *part;
	bool has = false;

	snprintf(copy, sizeof copy, "%s", field);
	for (part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save))
		has |= part_has(part, v, low, high);
	return has;
}

struct fields {
	char of[5][80];
};

static bool
day_fits(const struct fields *f, const struct tm *tm)
{
	bool by_day = field_has(f->of[2], tm->tm_mday, 1, 31);
	bool by_weekday =
	    field_has(f->of[4], tm->tm_wday, 0, 6) ||
	    (tm->tm_wday == 0 && f->of[4][0] != '*' && field_has(f->of[4], 7, 0, 7));

	if (!field_has(f->of[3], tm->tm_mon + 1, 1, 12))
		return false;
	return f->of[2][0] == '*' || f->of[4][0] == '*' ? by_day && by_weekday
							: by_day || by_weekday;
}

/* Minute after minute; whole days are left out that cannot fit. -1: beyond the horizon.
 */
static int64_t
oracle(const struct fields *f, int64_t after_s)
{
	int64_t minute = after_s / 60 + 1, end = minute + HORIZON_MINUTES;

	while (minute < end) {
		time_t at = minute * 60;
		struct tm tm;
		gmtime_r(&at, &tm);
		if (!day_fits(f, &tm))
			minute += 1440 - tm.tm_hour * 60 - tm.tm_min;
		else if (!field_has(f->of[1], tm.tm_hour, 0, 23))
			minute += 60 - tm.tm_min;
		else if (!field_has(f->of[0], tm.tm_min, 0, 59))
			minute++;
		else
			return at;
	}
	return -1;
}

static void
random_part(uint64_t *rnd, char *out, size_t n, int low, int high)
{
	int range = high - low + 1, a = low + (int)t_below(rnd, (uint64_t)range);
	int b = a + (int)t_below(rnd, (uint64_t)(high - a + 1));
	int step = 1 + (int)t_below(rnd, (uint64_t)range - 1);

	switch (t_below(rnd, 5)) {
	case 0: snprintf(out, n, "%d-%d", a, b); break;
	case 1: snprintf(out, n, "%d-%d/%d", a, b, step); break;
	case 2: snprintf(out, n, "%d/%d", a, step); break;
	default: snprintf(out, n, "%d", a);
	}
}

static void
random_field(uint64_t *rnd, char out[80], int low, int high)
{
	uint64_t kind = t_below(rnd, 4);
	size_t at = 0;

	if (kind == 0) {
		snprintf(out, 80, "*");
	} else if (kind == 1) {
		snprintf(
		    out, 80, "*/%d", 1 + (int)t_below(rnd, (uint64_t)(high - low)));
	} else {
		for (uint64_t n = 1 + t_below(rnd, 4); n > 0; n--) {
			random_part(rnd, out + at, 80 - at, low, high);
			at = strlen(out);
			if (n > 1)
				out[at++] = ',';
		}
	}
}

static void
t_ten_thousand_against_an_oracle(void)
{
	static const int low[] = {0, 0, 1, 1, 0}, high[] = {59, 23, 31, 12, 7};
	uint64_t rnd = t_seed();
	int64_t day_one = civil("2026-01-01 00:00:00"), found = 0;

	for (int i = 0; i < CRONS; i++) {
		struct fields f;
		struct cron c;
		const char *why;
		char text[450];
		for (int k = 0; k < 5; k++)
			random_field(&rnd, f.of[k], low[k], high[k]);
		snprintf(text, sizeof text, "%s %s %s %s %s", f.of[0], f.of[1], f.of[2],
		    f.of[3], f.of[4]);
		int64_t after =
		    day_one + (int64_t)t_below(&rnd, 10LL * 365 * S_PER_DAY);
		int64_t want = oracle(&f, after);
		int e = cron_parse(span_str(text), &c, &why);
		if (e == -ERR_RANGE && want < 0)
			continue;
		if (e != 0)
			t_fail(__FILE__, __LINE__, "\"%s\": %s", text, why);
		int64_t got = cron_next(&c, after);
		found += want >= 0;
		if (want >= 0 ? got != want
			      : got < after + HORIZON_MINUTES * 60 - S_PER_DAY)
			t_fail(__FILE__, __LINE__, "\"%s\" after %lld: %lld, not %lld",
			    text, (long long)after, (long long)got, (long long)want);
	}
	t_note("%lld of %d match within three years", (long long)found, CRONS);
	OK(found > CRONS / 2);
}

static void
t_the_calendar_is_libcs(void)
{
	int64_t year;
	int month, day;

	for (int64_t days = -200000; days < 400000; days += 7) {
		time_t at = days * S_PER_DAY;
		struct tm tm;
		gmtime_r(&at, &tm);
		cron_date_of(days, &year, &month, &day);
		EQ_INT(year, tm.tm_year + 1900);
		EQ_INT(month, tm.tm_mon + 1);
		EQ_INT(day, tm.tm_mday);
		EQ_INT(cron_day_of(year, month, day), days);
	}
}

TESTS(TEST(examples), TEST(sunday_is_0_and_7), TEST(nicknames),
    TEST(day_of_month_or_weekday), TEST(leap_days), TEST(what_cannot_be_is_refused),
    TEST(the_calendar_is_libcs), TEST(ten_thousand_against_an_oracle))

/*
 * schedule.t.c: ticks over changes of the clocks in three zones, over leap days, and
 * when the machine's own clock is set. libc reads the same zones: it is the oracle.
 */
#include "../../supervisor/schedule.h"
#include "../../common/clock.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)

static const char *const zones[] = {
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"};

static struct schedule
cron_in(const char *text, const char *zone)
{
	struct schedule s = {.has_cron = true};
	const char *why;

	EQ_INT(cron_parse(span_str(text), &s.cron, &why), 0);
	EQ_INT(zone_load(&s.zone, zone), 0);
	return s;
}

static int64_t
utc(const char *text)
{
	int64_t ms = 0;

	if (clock_parse_wall(text, strlen(text), &ms) != 0)
		t_fail(__FILE__, __LINE__, "%s", text);
	return ms;
}

/* What comes between two moments, as UTC's "HH:MM" in a row. */
static const char *
between(struct schedule *s, const char *from, const char *to)
{
	static char out[2000];
	size_t at = 0;
	int64_t end_ms = utc(to), ms = utc(from);

	out[0] = '\0';
	while ((ms = schedule_next(s, ms)) && ms < end_ms && at < sizeof out - 10) {
		char text[32];
		clock_format_wall(ms, text, sizeof text);
		at += (size_t)snprintf(
		    out + at, sizeof out - at, "%s%.5s", at ? " " : "", text + 11);
	}
	schedule_fini(s);
	return out;
}

#define BETWEEN(cron, zone, from, to, want)                                            \
	do {                                                                           \
		struct schedule s_ = cron_in(cron, zone);                              \
		EQ_STR(between(&s_, from, to), want);                                  \
	} while (0)

static void
t_the_missing_hour_runs_once_behind_it(void)
{
	/* 02:00 -> 03:00 at 01:00 UTC */
	BETWEEN("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z",
	    "2027-03-29T12:00:00Z", "01:00 00:30");
	BETWEEN("*/20 * * * *", "Europe/Berlin", "2027-03-28T00:30:00Z",
	    "2027-03-28T01:50:00Z", "00:40 01:00 01:20 01:40");
	BETWEEN("15,45 2 * * *", "Europe/Berlin", "2027-03-28T00:00:00Z",
	    "2027-03-28T12:00:00Z", "01:00");
	/* 02:00 -> 03:00 at 07:00 UTC */
	BETWEEN("30 2 * * *", "America/New_York", "2027-03-14T00:00:00Z",
	    "2027-03-15T12:00:00Z", "07:00 06:30");
	/* 02:00 -> 02:30 at 15:30 UTC of the day before */
	BETWEEN("10 2 * * *", "Australia/Lord_Howe", "2027-10-02T00:00:00Z",
	    "2027-10-04T00:00:00Z", "15:30 15:10");
	BETWEEN("30 2 * * *", "Australia/Lord_Howe", "2027-10-02T00:00:00Z",
	    "2027-10-03T00:00:00Z", "15:30");
}

static void
t_the_doubled_hour_runs_once(void)
{
	/* 03:00 -> 02:00 at 01:00 UTC */
	BETWEEN("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00Z",
	    "2027-11-01T12:00:00Z", "00:30 01:30");
	BETWEEN("*/30 * * * *", "Europe/Berlin", "2027-10-30T23:40:00Z",
	    "2027-10-31T02:50:00Z", "00:00 00:30 02:00 02:30");
	/* deferd starts in the second pass */
	BETWEEN("*/30 * * * *", "Europe/Berlin", "2027-10-31T01:10:00Z",
	    "2027-10-31T02:50:00Z", "02:00 02:30");
	BETWEEN("30 1 * * *", "America/New_York", "2027-11-07T00:00:00Z",
	    "2027-11-08T12:00:00Z", "05:30 06:30");
	/* 02:00 -> 01:30 at 15:00 UTC of the day before */
	BETWEEN("45 1 * * *", "Australia/Lord_Howe", "2027-04-03T00:00:00Z",
	    "2027-04-05T00:00:00Z", "14:45 15:15");
}

/* Every time on the wall of five years that the zone has comes once, at a moment at
 * which libc's clock shows it; those that it has not come at the end of their gap. */
static void
walk_zone(const char *zone, const char *text, int64_t step_s, int64_t from_ms)
{
	struct schedule s = cron_in(text, zone);
	int64_t shown = INT64_MIN, ms = from_ms, end_ms = from_ms + 5 * 366 * DAY_MS;
	int gaps = 0, folds = 0;

	while ((ms = schedule_next(&s, ms)) < end_ms) {
		time_t at = ms / MS_PER_S;
		struct tm tm;
		OK(ms % MS_PER_S == 0);
		localtime_r(&at, &tm);
		int64_t wall = timegm(&(struct tm){.tm_year = tm.tm_year,
		    .tm_mon = tm.tm_mon,
		    .tm_mday = tm.tm_mday,
		    .tm_hour = tm.tm_hour,
		    .tm_min = tm.tm_min,
		    .tm_sec = tm.tm_sec});
		if (shown != INT64_MIN && wall <= shown)
			t_fail(__FILE__, __LINE__, "%s %s: %lld comes again", zone,
			    text, (long long)wall);
		if (shown != INT64_MIN && wall - shown > step_s)
			gaps++;
		folds += shown != INT64_MIN && wall - shown == step_s &&
			 ms - from_ms > step_s * MS_PER_S;
		from_ms = ms;
		shown = wall;
	}
	if (step_s < 1800)
		EQ_INT(gaps, 5);
	EQ_INT(folds, 5);
	schedule_fini(&s);
}

static void
t_each_time_on_the_wall_comes_once(void)
{
	for (size_t i = 0; i < COUNT_OF(zones); i++) {
		setenv("TZ", zones[i], 1);
		tzset();
		walk_zone(zones[i], "*/5 * * * *", 300, utc("2027-01-15T00:00:00Z"));
		/* far behind the table: the footer's rule */
		walk_zone(zones[i], "*/5 * * * *", 300, utc("2090-01-15T00:00:00Z"));
	}
	unsetenv("TZ");
}

static void
t_leap_days(void)
{
	struct schedule s = cron_in("0 12 29 2 *", "Europe/Berlin");
	int64_t ms = schedule_next(&s, utc("2027-01-01T00:00:00Z"));

	EQ_INT(ms, utc("2028-02-29T11:00:00Z"));
	EQ_INT(schedule_next(&s, ms), utc("2032-02-29T11:00:00Z"));
	schedule_fini(&s);
}

static void
t_start_and_expire(void)
{
	struct schedule s = {.every_ms = HOUR_MS,
	    .start_ms = utc("2027-01-01T00:30:00Z"),
	    .expire_ms = utc("2027-01-01T03:30:00Z")};

	EQ_STR(between(&s, "2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z"),
	    "00:30 01:30 02:30");
	EQ_INT(schedule_next(&s, utc("2027-01-01T02:30:00Z")), 0);
	s = cron_in("0 * * * *", "");
	s.start_ms = utc("2027-01-01T02:00:00Z");
	s.expire_ms = utc("2027-01-01T04:00:00Z");
	EQ_STR(
	    between(&s, "2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z"), "02:00 03:00");
	s = (struct schedule){.at_ms = utc("2027-01-01T02:00:00Z")};
	EQ_STR(between(&s, "2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z"), "02:00");
}

static int
runs(struct schedule *s, int64_t from_ms, int64_t to_ms)
{
	int n = 0;

	for (; from_ms < to_ms; from_ms += 100)
		n += schedule_turn(s, from_ms) == SCHEDULE_RUN;
	return n;
}

static void
t_the_clock_goes_forward(void)
{
	struct schedule s = cron_in("0 * * * *", "");
	int64_t ms = utc("2027-01-01T00:59:00Z");

	schedule_begin(&s, ms, ms);
	EQ_INT(runs(&s, ms, ms + 2 * 60000), 1);
	ms += 365 * DAY_MS; /* a year at once */
	schedule_shift(&s, 365 * DAY_MS, ms);
	EQ_INT(runs(&s, ms, ms + 60000), 1);
	OK(s.due_ms > ms && s.due_ms <= ms + HOUR_MS);
	s.missed = MISSED_SKIP;
	ms += 365 * DAY_MS;
	EQ_INT(schedule_turn(&s, ms), SCHEDULE_SKIP);
	EQ_INT(runs(&s, ms, ms + 30000), 0);
	schedule_fini(&s);
}

static void
t_the_clock_goes_back(void)
{
	struct schedule s = cron_in("0 * * * *", "");
	int64_t ms = utc("2027-01-01T02:00:30Z");

	schedule_begin(&s, ms - 60000, ms);
	EQ_INT(schedule_turn(&s, ms), SCHEDULE_RUN);
	/* two hours: those hours' ticks have been */
	schedule_shift(&s, -2 * HOUR_MS, ms - 2 * HOUR_MS);
	EQ_INT(runs(&s, ms - 2 * HOUR_MS, ms + 59 * 60000), 0);
	EQ_INT(runs(&s, ms + 59 * 60000, ms + 61 * 60000), 1);
	/* a year: it was wrong before */
	ms -= 365 * DAY_MS;
	schedule_shift(&s, -365 * DAY_MS, ms);
	EQ_INT(runs(&s, ms, ms + 2 * HOUR_MS), 2);
	schedule_fini(&s);
}

static void
t_an_interval_does_not_care(void)
{
	struct schedule s = {.every_ms = 10000};
	int64_t ms = utc("2027-01-01T00:00:00Z");

	schedule_begin(&s, ms, ms);
	EQ_INT(runs(&s, ms, ms + 60000), 5);
	ms += 60000;
	for (int i = 0; i < 4; i++) {
		int64_t by_ms = (i % 2 ? -1 : 1) * (i < 2 ? 1 : 400) * DAY_MS;
		ms += by_ms;
		schedule_shift(&s, by_ms, ms);
		EQ_INT(runs(&s, ms, ms + 60000), 6);
		ms += 60000;
	}
}

static void
t_what_was_missed_while_away(void)
{
	struct schedule s = cron_in("0 3 * * *", "");
	int64_t was = utc("2027-01-01T12:00:00Z"), now = utc("2027-01-05T12:00:00Z");

	schedule_begin(&s, was, now);
	EQ_INT(runs(&s, now, now + 60000), 1);
	EQ_INT(s.due_ms, utc("2027-01-06T03:00:00Z"));
	schedule_begin(&s, now - HOUR_MS, now); /* nothing was due */
	EQ_INT(runs(&s, now, now + 60000), 0);
	s.missed = MISSED_SKIP;
	schedule_begin(&s, was, now);
	EQ_INT(s.due_ms, utc("2027-01-06T03:00:00Z"));
	schedule_begin(&s, utc("2027-01-05T02:59:59Z"), utc("2027-01-05T03:00:01Z"));
	EQ_INT(s.due_ms, utc("2027-01-06T03:00:00Z")); /* away for a moment only */
	schedule_fini(&s);
	/* one shot: missed, or done */
	s = (struct schedule){.at_ms = now - HOUR_MS};
	schedule_begin(&s, was, now);
	EQ_INT(runs(&s, now, now + 60000), 1);
	EQ_INT(s.due_ms, 0);
	schedule_begin(&s, now, now);
	EQ_INT(runs(&s, now, now + 60000), 0);
	/* what would have run, but is over */
	s = (struct schedule){.every_ms = HOUR_MS, .expire_ms = now - HOUR_MS};
	schedule_begin(&s, was, now);
	EQ_INT(runs(&s, now, now + 60000), 0);
}

static void
t_a_tick_that_was_refused_comes_again(void)
{
	struct schedule s = {.at_ms = 1000000};

	schedule_begin(&s, 0, 0);
	EQ_INT(schedule_turn(&s, 1000000), SCHEDULE_RUN);
	schedule_again(&s, 1001000);
	EQ_INT(schedule_turn(&s, 1000900), SCHEDULE_WAIT);
	EQ_INT(schedule_turn(&s, 1001000), SCHEDULE_RUN);
	EQ_INT(s.due_ms, 0);
	s.missed = MISSED_SKIP;
	schedule_again(&s, 1002000);
	EQ_INT(s.due_ms, 0);
}

TESTS(TEST(the_missing_hour_runs_once_behind_it), TEST(the_doubled_hour_runs_once),
    TEST(each_time_on_the_wall_comes_once), TEST(leap_days), TEST(start_and_expire),
    TEST(the_clock_goes_forward), TEST(the_clock_goes_back),
    TEST(an_interval_does_not_care), TEST(what_was_missed_while_away),
    TEST(a_tick_that_was_refused_comes_again))

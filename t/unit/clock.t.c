#include "t.h"
#include "../../common/clock.h"
#include "../../common/err.h"
#include <stdlib.h>

static void
t_runs_forward(void)
{
	int64_t a = clock_now_ns(), b = clock_now_ns();

	OK(a > 0 && b >= a);
	OK(llabs(clock_now_ms() - clock_now_ns() / NS_PER_MS) < 1000);
	OK(clock_wall_ms() > 1700000000000);
}

static void
t_reads_durations(void)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"250ms", 250}, {"10", 10000}, {"10s", 10000}, {"5m", 300000},
	    {"1h30m", 5400000}, {"2d", 172800000}, {"0", 0}, {"0s", 0}, {"0.5", 500},
	    {"0.001", 1}, {"0.0001", 1}, {"1.0000", 1000}, {"1.2345", 1235},
	    {"0.05", 50}, {"1d1h1m1s1ms", 90061001}, {"90m", 5400000},
	    {"3653d", 315619200000}, {"007", 7000}};

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		int64_t ms = -1;
		t_note("%s", good[i].text);
		EQ_INT(clock_parse_ms(good[i].text, &ms), 0);
		EQ_INT(ms, good[i].ms);
	}
}

static void
t_refuses_other_durations(void)
{
	static const char *const bad[] = {"", " ", "s", "ms", "10 s", " 10", "10s ",
	    "1h30", "30m1h", "1s1s", "1.5s", ".5", "1.", "1.5.2", "-", "--1", "+1",
	    "1e3", "0x10", "1H", "5min", "1w", "1,5", "1.x", "inf", "nan", "1ms1s"};
	static const char *const out[] = {"-1", "-5s", "-0", "3654d",
	    "99999999999999999999999", "99999999999999999999999ms", "315619200001ms",
	    "3653d1ms", "9223372036854775807"};
	int64_t ms = 77;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		t_note("\"%s\"", bad[i]);
		EQ_INT(clock_parse_ms(bad[i], &ms), -ERR_MALFORMED);
	}
	for (size_t i = 0; i < COUNT_OF(out); i++) {
		t_note("\"%s\"", out[i]);
		EQ_INT(clock_parse_ms(out[i], &ms), -ERR_RANGE);
	}
	EQ_INT(ms, 77);
}

static void
t_writes_durations(void)
{
	char text[64];

	EQ_STR(clock_format_ms(0, text, sizeof text), "0s");
	EQ_STR(clock_format_ms(250, text, sizeof text), "250ms");
	EQ_STR(clock_format_ms(10000, text, sizeof text), "10s");
	EQ_STR(clock_format_ms(5400000, text, sizeof text), "1h30m");
	EQ_STR(clock_format_ms(172800000, text, sizeof text), "2d");
	EQ_STR(clock_format_ms(-1500, text, sizeof text), "-1s500ms");
	EQ_STR(clock_format_ms(INT64_MIN, text, sizeof text),
	    "-106751991167d7h12m55s808ms");
	EQ_STR(clock_format_ms(5400000, text, 4), "1h3");
}

static void
t_durations_come_back(void)
{
	uint64_t state = t_seed();
	char text[64];

	for (int i = 0; i < 10000; i++) {
		int64_t ms = (int64_t)t_below(&state, 315619200000), back = -1;
		if (i % 2)
			ms %= 100000;
		clock_format_ms(ms, text, sizeof text);
		EQ_INT(clock_parse_ms(text, &back), 0);
		EQ_INT(back, ms);
	}
}

static int
read_wall(const char *text, int64_t *ms)
{
	return clock_parse_wall(text, strlen(text), ms);
}

static void
t_reads_and_writes_rfc_3339(void)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *back;
	} good[] = {{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
	    {"2026-11-21T10:00:00.123Z", 1795255200123, "2026-11-21T10:00:00.123Z"},
	    {"2026-11-21t10:00:00z", 1795255200000, "2026-11-21T10:00:00.000Z"},
	    {"2026-11-21 10:00:00.1Z", 1795255200100, "2026-11-21T10:00:00.100Z"},
	    {"2026-11-21T11:30:00.1239999+01:30", 1795255200123,
		"2026-11-21T10:00:00.123Z"},
	    {"2026-11-20T23:00:00-11:00", 1795255200000, "2026-11-21T10:00:00.000Z"},
	    {"2024-02-29T00:00:00-00:00", 1709164800000, "2024-02-29T00:00:00.000Z"},
	    {"1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"},
	    {"2016-12-31T23:59:60Z", 1483228800000, "2017-01-01T00:00:00.000Z"},
	    {"0000-01-01T00:00:00Z", -62167219200000, "0000-01-01T00:00:00.000Z"},
	    {"9999-12-31T23:59:59.999Z", 253402300799999, "9999-12-31T23:59:59.999Z"}};
	char text[32];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		int64_t ms = 5;
		t_note("%s", good[i].text);
		EQ_INT(read_wall(good[i].text, &ms), 0);
		EQ_INT(ms, good[i].ms);
		EQ_STR(clock_format_wall(ms, text, sizeof text), good[i].back);
	}
}

static void
t_refuses_other_times(void)
{
	static const char *const bad[] = {"", "2026", "2026-11-21",
	    "2026-11-21T10:00:00", "2026-11-21T10:00Z", "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-02-29T00:00:00Z",
	    "2026-02-30T00:00:60Z", "2026-04-31T00:00:00Z", "2026-11-21T24:00:00Z",
	    "2026-11-21T10:60:00Z", "2026-11-21T10:00:61Z", "2026-11-21T10:00:00.Z",
	    "2026-11-21T10:00:00.1", "2026-11-21T10:00:00+1:00",
	    "2026-11-21T10:00:00+24:00", "2026-11-21T10:00:00+01:60",
	    "2026-11-21T10:00:00+0100", "2026-11-21T10:00:00ZZ",
	    "+2026-11-21T10:00:00Z", "2026/11/21T10:00:00Z", "2026-11-21_10:00:00Z",
	    "2026-11-21T10:00:0aZ", "20261-1-21T10:00:00Z"};
	const char *whole = "2026-11-21T10:00:00.123+01:00";
	int64_t ms = 77;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		t_note("\"%s\"", bad[i]);
		EQ_INT(read_wall(bad[i], &ms), -ERR_MALFORMED);
	}
	for (size_t n = 0; n < strlen(whole); n++)
		EQ_INT(clock_parse_wall(whole, n, &ms), -ERR_MALFORMED);
	EQ_INT(ms, 77);
}

TESTS(TEST(runs_forward), TEST(reads_durations), TEST(refuses_other_durations),
    TEST(writes_durations), TEST(durations_come_back), TEST(reads_and_writes_rfc_3339),
    TEST(refuses_other_times))

/*
 * zone.t.c: zones as libc reads them: the system's files, footers of every form; what
 * is no such file is refused.
 */
#include "../../supervisor/zone.h"
#include "../../common/err.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void
t_zones_are_as_libc_reads_them(void)
{
	static const char *const more[] = {"Europe/Berlin", "America/New_York",
	    "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca",
	    "Europe/Dublin", "America/Sao_Paulo", "Asia/Gaza", "Antarctica/Troll",
	    "Pacific/Kiritimati", "Etc/GMT+12", "America/Nuuk", "Asia/Tehran"};
	uint64_t rnd = t_seed();

	for (size_t i = 0; i < COUNT_OF(more); i++) {
		struct zone z;
		struct zone_period p;
		EQ_INT(zone_load(&z, more[i]), 0);
		setenv("TZ", more[i], 1);
		tzset();
		for (int k = 0; k < 20000; k++) {
			time_t at = (time_t)t_below(&rnd, 8000000000ULL) - 3000000000LL;
			struct tm tm;
			localtime_r(&at, &tm);
			zone_at(&z, at, &p);
			OK(p.begin_s <= at && at < p.end_s);
			if (p.offset_s != tm.tm_gmtoff)
				t_fail(__FILE__, __LINE__, "%s at %lld: %d, not %ld",
				    more[i], (long long)at, p.offset_s, tm.tm_gmtoff);
			int64_t back = zone_to_utc(&z, at + p.offset_s);
			OK(back == at || (back < at && at < p.begin_s + 26 * 3600));
		}
		zone_fini(&z);
	}
	unsetenv("TZ");
}

/* A file without a table: one offset, and a footer. */
static size_t
make_file(uint8_t *out, const char *footer, int version)
{
	static const uint8_t counts[24] = {[19] = 1, [23] = 4}, type[6 + 4] = {0};
	size_t n = 0;

	for (int block = 0; block < 2; block++) {
		memset(out + n, 0, 44);
		memcpy(out + n, "TZif", 4);
		out[n + 4] = (uint8_t)version;
		memcpy(out + n + 20, counts, sizeof counts);
		memcpy(out + n + 44, type, sizeof type);
		n += 44 + sizeof type;
	}
	return n + (size_t)sprintf((char *)out + n, "\n%s\n", footer);
}

static int
parse_footer(struct zone *z, const char *footer)
{
	uint8_t file[400];
	size_t n = make_file(file, footer, '3');

	return zone_parse(z, span_of(file, n));
}

static void
t_footers_are_as_libc_reads_them(void)
{
	static const char *const rules[] = {"CET-1CEST,J60/2,J300/3",
	    "CET-1CEST,J59,J61/1:30:15", "AAA4BBB3:30,59/2,304", "AAA4BBB,10/0,300/23",
	    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
	    "NST3:30NDT2:30,M3.2.0/0:01,M11.1.0", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
	    "EET-2EEST,M3.4.4/50,M10.4.4/50", "IST-1GMT0,M10.5.0,M3.5.0/1", "XXX5"};
	uint64_t rnd = t_seed();

	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		struct zone z;
		struct zone_period p;
		if (parse_footer(&z, rules[i]) != 0)
			t_fail(__FILE__, __LINE__, "%s", rules[i]);
		if (!z.rule.has_dst) /* the one offset of the table is 0 */
			z.first_s = z.rule.std_s;
		setenv("TZ", rules[i], 1);
		tzset();
		for (int k = 0; k < 5000; k++) {
			time_t at = (time_t)t_below(&rnd, 6000000000ULL);
			struct tm tm;
			localtime_r(&at, &tm);
			zone_at(&z, at, &p);
			if (p.offset_s != tm.tm_gmtoff)
				t_fail(__FILE__, __LINE__, "%s at %lld: %d, not %ld",
				    rules[i], (long long)at, p.offset_s, tm.tm_gmtoff);
		}
		zone_fini(&z);
	}
	unsetenv("TZ");
}

static void
t_broken_files_are_refused(void)
{
	static const char *const footers[] = {"CE-1", "CET", "CET-25", "CET-1CEST",
	    "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
	    "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-1CEST,J1,J366",
	    "CET-1CEST,M3.5.0/168,M10.5.0", "<CET-1", "CET-1CEST,M3.5.0,M10.5.0x"};
	uint8_t file[ZONE_FILE_MAX];
	struct zone z;

	for (size_t i = 0; i < COUNT_OF(footers); i++)
		if (parse_footer(&z, footers[i]) != -ERR_MALFORMED)
			t_fail(__FILE__, __LINE__, "%s is taken", footers[i]);
	FILE *f = fopen(ZONE_FOLDER "/Europe/Berlin", "re");
	OK(f != NULL);
	size_t n = fread(file, 1, sizeof file, f);
	fclose(f);
	for (size_t cut = 0; cut < n; cut++)
		EQ_INT(zone_parse(&z, span_of(file, cut)), -ERR_MALFORMED);
	EQ_INT(zone_parse(&z, span_of(file, n)), 0);
	zone_fini(&z);
	n = make_file(file, "", '2');
	file[44 + 10 + 31] = 1; /* it counts leap seconds */
	EQ_INT(zone_parse(&z, span_of(file, n)), -ERR_MALFORMED);
	memset(file + n, 0, 12);
	EQ_INT(zone_parse(&z, span_of(file, n + 12)), -ERR_RANGE);
}

static void
t_names_of_zones(void)
{
	static const char *const none[] = {"Europe/Nowhere", "../../../etc/passwd",
	    "/etc/localtime", "Europe/../Europe/Berlin", "Europe", ".", "a b",
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
	struct zone z;

	for (size_t i = 0; i < COUNT_OF(none); i++)
		OK(zone_load(&z, none[i]) != 0);
	EQ_INT(zone_load(&z, "UTC"), 0);
	EQ_INT(zone_to_utc(&z, 1234567890), 1234567890);
	zone_fini(&z);
}

TESTS(TEST(zones_are_as_libc_reads_them), TEST(footers_are_as_libc_reads_them),
    TEST(broken_files_are_refused), TEST(names_of_zones))

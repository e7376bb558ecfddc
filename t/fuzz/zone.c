/*
 * zone.c: the fuzz target of TZif files and of cron expressions: the first line of the
 * input is an expression, the rest a file. What both parse is asked for its next ticks,
 * which must rise.
 */
#include "../../supervisor/schedule.h"
#include "fuzz.h"
#include <stdio.h>

static const struct span words[] = {FUZZ_WORD("TZif2"), FUZZ_WORD("*/7"),
    FUZZ_WORD("\nCET-1CEST,M3.5.0,M10.5.0/3\n"), FUZZ_WORD("1-5"), FUZZ_WORD("MON"),
    FUZZ_WORD("\n<+1030>-10:30<+11>-11,M10.1.0,M4.1.0\n"), FUZZ_WORD(",J60/-167"),
    FUZZ_WORD("\x7f\xff\xff\xff\xff\xff\xff\xff"), FUZZ_WORD("\x80\0\0\0"),
    FUZZ_WORD("\xf8\0\0\0\0\0\0\0"), FUZZ_WORD("\0\0\x0e\x10\x01\0"), FUZZ_WORD("29 2"),
    FUZZ_WORD("@daily"), FUZZ_WORD(",365,0/167"), FUZZ_WORD("60")};

static void
ask(struct schedule *s)
{
	static const int64_t from_ms[] = {
	    -5000000000000, 0, 1800000000000, 2150000000000, 250000000000000};

	for (size_t i = 0; i < COUNT_OF(from_ms); i++) {
		int64_t ms = from_ms[i];
		for (int k = 0; k < 3 && ms; k++) {
			int64_t next = schedule_next(s, ms);
			OK(next == 0 || next > ms);
			ms = next;
		}
	}
}

static void
target(struct span input)
{
	const uint8_t *end = input.n ? memchr(input.p, '\n', input.n) : NULL;
	size_t n = end ? (size_t)(end - input.p) : 0;
	struct schedule s = {0};
	const char *why;

	if (cron_parse(span_of(input.p, n), &s.cron, &why) != 0)
		OK(cron_parse(span_str("30 2 * * *"), &s.cron, &why) == 0);
	s.has_cron = true;
	if (end && zone_parse(&s.zone, span_of(end + 1, input.n - n - 1)) != 0)
		OK(s.zone.change == NULL && s.zone.n == 0);
	ask(&s);
	schedule_fini(&s);
}

/* Files of the system, when it has them: as they are, behind an expression. */
static void
more_seeds(void)
{
	static const char *const names[] = {
	    "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Etc/UTC"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char path[200];
		uint8_t bytes[4096] = "*/10 2 * * 0\n";
		size_t n = strlen((char *)bytes);
		snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, names[i]);
		FILE *f = fopen(path, "re");
		if (!f)
			continue;
		n += fread(bytes + n, 1, sizeof bytes - n, f);
		fclose(f);
		fuzz_add_seed(span_of(bytes, n));
	}
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "zone",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words),
	    .more_seeds = more_seeds};

	return fuzz_main(argc, argv, &f);
}

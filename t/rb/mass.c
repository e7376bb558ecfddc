/*
 * mass.c: what many tasks in one engine leave in memory.
 *
 *   mass tasks CASE.rb N     N calls of the function mass, 64 at a time, with {"seed":
 * i} mass fibers CASE.rb N    N calls of the function held at once, all of which await
 *
 * Prints "name number" lines, sizes in bytes.
 */
#include "drive.h"
#include "../../common/log.h"
#include "../../worker/load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_ONCE 64
#define SETTLED_PERCENT 5 /* of the tasks: what the rest is measured against */

static int64_t
mass_clock(void *arg)
{
	return ((struct drive *)arg)->now_ns;
}

static size_t
rss_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long size = 0, pages = 0;

	ASSERT(f && fscanf(f, "%ld %ld", &size, &pages) == 2);
	fclose(f);
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void
start(struct drive *d, const char *name, int i)
{
	char line[64];

	snprintf(line, sizeof line, "%s {\"seed\": %d} timeout=2000000", name, i);
	drive_start(d, line);
}

static void
mass_tasks(struct drive *d, int n)
{
	size_t first = 0, least = SIZE_MAX, most = 0;

	for (int i = 1; i <= n; i++) {
		start(d, "mass", i);
		if (i % AT_ONCE && i < n)
			continue;
		drive_run_all(d);
		d->got_n = 0;
		if (i < n / 100 * SETTLED_PERCENT)
			continue;
		size_t now = rss_bytes();
		if (!first)
			first = now;
		least = now < least ? now : least;
		most = now > most ? now : most;
	}
	printf("ended %zu\nfirst %zu\nleast %zu\nmost %zu\nlast %zu\n", d->ended, first,
	    least, most, rss_bytes());
}

static void
mass_fibers(struct drive *d, int n)
{
	struct engine *e = d->engine;

	start(d, "held", 0); /* what one task makes for all */
	drive_run_all(d);
	size_t rss = rss_bytes(), used = e->vm.used_bytes;
	for (int i = 1; i <= n; i++)
		start(d, "held", i);
	while (engine_turn(e, 1000000000))
		;
	printf("parked %zu\n", e->parks.n);
	printf("rss %zu\nruby %zu\n", rss_bytes() - rss, e->vm.used_bytes - used);
	drive_run_all(d);
	printf("ended %zu\n", d->ended);
}

int
main(int argc, char **argv)
{
	static struct drive d;
	struct load_report rep;

	log_init("mass");
	log_set_level(LOG_LEVEL_ERROR);
	if (argc != 4) {
		fprintf(stderr, "usage: mass tasks|fibers CASE.rb N\n");
		return 64;
	}
	drive_open(&d, argv[2], "memory=1000000000", mass_clock);
	load_report_init(&rep);
	if (load_folder(d.engine, &rep) != 0) {
		fprintf(stderr, "%s: %s\n", rep.place, buf_cstr(&rep.message));
		return 1;
	}
	(strcmp(argv[1], "tasks") == 0 ? mass_tasks : mass_fibers)(&d, atoi(argv[3]));
	load_report_fini(&rep);
	drive_close(&d);
	return d.broken;
}

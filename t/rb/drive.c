/*
 * drive.c: runs one file of handlers in a bare engine, without sockets or other
 * processes and on a clock of its own, and compares what comes out. TAP.
 *
 *   drive CASE.rb
 *
 * Comments in the file are the test:
 *   # conf: detached=fail memory=33554432    (first; see drive_open)
 *   # run: NAME JSON [timeout=MS] [cancel=MS] [query=JSON] ...
 *   # start: ...            as run, but runs together with the next run
 *   # want: LINE            what comes out, in order; * stands for anything
 *   # every: PREFIX       a run of each handler whose name begins so, which gives nil
 *   # soak: NAME N         N calls with {"seed": i}, some timed out or cancelled
 *   # load fails: LINE      the file must not load, for that reason
 */
#include "drive.h"
#include "../../common/jsonw.h"
#include "../../common/log.h"
#include "../../worker/load.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int test_n, failed_n;

static void
report(bool ok, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++test_n, what);
	failed_n += !ok;
}

/* `*` stands for any text. */
static bool
matches(const char *want, const char *got)
{
	const char *star = NULL, *from = NULL;

	while (*got) {
		if (*want == '*') {
			star = ++want;
			from = got;
		} else if (*want == *got) {
			want++;
			got++;
		} else if (star) {
			want = star;
			got = ++from;
		} else {
			return false;
		}
	}
	while (*want == '*')
		want++;
	return !*want;
}

static int64_t
drive_clock(void *arg)
{
	return ((struct drive *)arg)->now_ns;
}

/* --- running --- */

static void
check_want(struct drive *d)
{
	bool ok = d->want_n == d->got_n;

	for (size_t i = 0; ok && i < d->want_n; i++)
		ok = matches(d->want[i], buf_cstr(&d->got[i]));
	report(ok, d->title);
	for (size_t i = 0; !ok && i < d->want_n; i++)
		printf("# want: %s\n", d->want[i]);
	for (size_t i = 0; !ok && i < d->got_n; i++)
		printf("#  got: %s\n", buf_cstr(&d->got[i]));
	d->want_n = d->got_n = 0;
}

static void
check_empty(struct drive *d)
{
	const struct engine *e = d->engine;

	if (e->task_n + e->scopes.n + e->pends.n + e->parks.n == 0 &&
	    e->fiber_n == e->idle_n)
		return;
	printf(
	    "# left behind: %zu tasks, %zu scopes, %zu pends, %zu parks, %zu fibers\n",
	    e->task_n, e->scopes.n, e->pends.n, e->parks.n, e->fiber_n - e->idle_n);
	failed_n++;
}

static void
run_pending(struct drive *d)
{
	if (!d->started)
		return;
	drive_run_all(d);
	check_want(d);
	check_empty(d);
	d->started = false;
	d->cancel_n = 0;
}

/* --- the script --- */

static void
script_run(struct drive *d, char *rest)
{
	if (d->started)
		run_pending(d);
	snprintf(d->title, sizeof d->title, "%s", rest);
	drive_start(d, rest);
	d->started = true;
}

static void
script_start(struct drive *d, char *rest)
{
	if (d->started)
		run_pending(d);
	drive_start(d, rest);
}

static void
script_want(struct drive *d, char *rest)
{
	if (d->want_n < DRIVE_LINES_MAX)
		d->want[d->want_n++] = rest;
}

static void
script_every(struct drive *d, char *rest)
{
	const struct catalog *c = &d->engine->catalog;
	char line[256], want[] = "done null";

	for (size_t i = 0; i < c->n; i++) {
		if (strncmp(c->item[i]->name, rest, strlen(rest)) != 0)
			continue;
		snprintf(line, sizeof line, "\"%s\" {}", c->item[i]->name);
		script_run(d, line);
		snprintf(d->title, sizeof d->title, "%s", c->item[i]->name);
		script_want(d, want);
		run_pending(d);
	}
}

/* Hundreds of calls with a seed each, some cut short: every task ends once. */
static void
script_soak(struct drive *d, char *rest)
{
	char line[256], name[64];
	int n = 0;
	uint64_t was = d->tasks;

	run_pending(d);
	sscanf(rest, "%63s %d", name, &n);
	for (int i = 1; i <= n; i++) {
		snprintf(line, sizeof line, "%s {\"seed\": %d} timeout=%d", name, i,
		    i % 3 ? 20000 : 1 + i * 37 % 3000);
		if (i % 7 == 0)
			snprintf(line + strlen(line), 32, " cancel=%d", i * 91 % 2000);
		drive_start(d, line);
		if (i % 40 == 0 || i == n) {
			drive_run_all(d);
			d->got_n = d->cancel_n = 0;
			check_empty(d);
		}
	}
	snprintf(line, sizeof line, "%s: %d tasks, %zu ended", name, n, d->ended);
	report(d->ended == (size_t)n && d->tasks - was == (uint64_t)n, line);
}

static void
script_nothing(struct drive *d UNUSED, char *rest UNUSED)
{
}

static const struct {
	const char *word;
	void (*run)(struct drive *, char *rest);
} script[] = {
    {"# run: ", script_run},
    {"# start: ", script_start},
    {"# want: ", script_want},
    {"# every: ", script_every},
    {"# soak: ", script_soak},
    {"# conf: ", script_nothing},
    {"# load fails: ", script_nothing},
};

static void
run_script(struct drive *d, char *text)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		for (size_t i = 0; i < COUNT_OF(script); i++)
			if (strncmp(line, script[i].word, strlen(script[i].word)) == 0)
				script[i].run(d, line + strlen(script[i].word));
	run_pending(d);
}

static char *
script_line(char *text, const char *word, char *out, size_t n)
{
	char *at = strstr(text, word);

	if (!at)
		return NULL;
	at += strlen(word);
	snprintf(out, n, "%.*s", (int)strcspn(at, "\n"), at);
	return out;
}

static void
check_load(struct drive *d, char *text, int r, struct load_report *rep)
{
	char want[1024], got[1024];

	snprintf(got, sizeof got, "%s: %s: %s", rep->place, buf_cstr(&rep->class),
	    buf_cstr(&rep->message));
	if (script_line(text, "# load fails: ", want, sizeof want)) {
		report(r != 0 && matches(want, got), want);
		if (r == 0 || !matches(want, got))
			printf("# got: %s\n", r ? got : "it loads");
		return;
	}
	report(r == 0, "loads");
	if (r != 0)
		printf("# %s\n", got);
	for (size_t i = 0; i < d->engine->catalog.warning_n; i++)
		printf("# warning: %s: %s\n", d->engine->catalog.warning[i].place,
		    d->engine->catalog.warning[i].text);
}

int
main(int argc, char **argv)
{
	static struct drive d;
	struct load_report rep;
	char conf[512] = "", *text;

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("drive");
	if (argc != 2 || !(text = drive_read(argv[1]))) {
		fprintf(stderr, "usage: drive CASE.rb\n");
		return 64;
	}
	log_set_level(getenv("DRIVE_VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	script_line(text, "# conf: ", conf, sizeof conf);
	drive_open(&d, argv[1], conf, drive_clock);
	load_report_init(&rep);
	int r = load_folder(d.engine, &rep);
	check_load(&d, text, r, &rep);
	if (r == 0)
		run_script(&d, text);
	load_report_fini(&rep);
	drive_close(&d);
	free(text);
	printf("1..%d\n", test_n);
	return failed_n || d.broken ? 1 : 0;
}

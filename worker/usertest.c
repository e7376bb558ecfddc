/* usertest.c: see usertest.h: the command, the files, the clock, TAP. */
#include "usertest.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "load.h"
#include <getopt.h>
#include <libgen.h>
#include <mruby/array.h>
#include <mruby/string.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TURN_NS NS_PER_S
#define TEST_TIMEOUT_MS (30LL * 86400 * 1000) /* by the tests' clock: 30 days */
#define STUCK_S 30                            /* without an end, by the world's */

extern const uint8_t test_code[]; /* made by mrbc from rb/test.rb */

static const char about[] =
    "usage: deferd-worker -t [-d FOLDER] [-n TEXT] FILE...\n"
    "\n"
    "Runs tests of handlers: see TESTING HANDLERS in deferd-handlers(7).\n"
    "\n"
    "  -d, --handlers FOLDER  load its handlers before each file\n"
    "  -n, --name TEXT        only tests with TEXT in their name\n"
    "  -h, --help             print this\n"
    "\n"
    "Prints TAP. Exits with 0 when all tests passed, with 1 when one did not.\n";

struct options {
	const char *folder, *name;
};

/* --- TAP --- */

static void
tap(struct usertest_tally *t, bool ok, const char *what)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", ++t->tests, what);
	t->failed += !ok;
}

/* Each line behind a #. */
static void
tap_say(const char *text, size_t n)
{
	for (const char *end = text + n; text < end;) {
		size_t line = strcspn(text, "\n");
		if (line > (size_t)(end - text))
			line = (size_t)(end - text);
		printf("# %.*s\n", (int)line, text);
		text += line + 1;
	}
}

/* Also in a signal handler: no stdio. */
static void
bail_out(const struct usertest_tally *t, const char *why)
{
	static const char bail[] = "Bail out! ";

	(void)!write(STDOUT_FILENO, bail, sizeof bail - 1);
	(void)!write(STDOUT_FILENO, t->title, strlen(t->title));
	(void)!write(STDOUT_FILENO, why, strlen(why));
	_exit(EXIT_FAILURE);
}

static void
on_stuck(int number UNUSED, siginfo_t *info, void *context UNUSED)
{
	bail_out(info->si_value.sival_ptr,
	    ": it has run for 30 seconds without an end: a loop without an await?\n");
}

static void
on_no_memory(void *arg)
{
	bail_out(arg, ": out of memory\n");
}

/* It has STUCK_S from now on. */
static void
begins(struct usertest_tally *t, const char *file, const char *name)
{
	const struct itimerspec in = {.it_value.tv_sec = STUCK_S};

	snprintf(t->title, sizeof t->title, "%s: %s", file, name);
	fflush(stdout);
	timer_settime(t->stuck, 0, &in, NULL);
}

/* --- running --- */

static int64_t
usertest_clock(void *arg)
{
	return ((struct usertest *)arg)->now_ns;
}

static bool
usertest_start_orders(struct usertest *u)
{
	struct order *o = STAILQ_FIRST(&u->orders);

	if (!o)
		return false;
	STAILQ_REMOVE_HEAD(&u->orders, next);
	usertest_start_order(u, o);
	return true;
}

/* Until nothing is ready and nothing is due: what a test left behind has its time too.
 */
static void
usertest_run_all(struct usertest *u)
{
	struct engine *e = u->engine;

	for (;;) {
		bool more = engine_turn(e, TURN_NS);
		more |= usertest_take(u);
		more |= usertest_start_orders(u);
		if (more)
			continue;
		int64_t wait_ns = engine_wait_ns(e);
		if (wait_ns < 0)
			return;
		u->now_ns += wait_ns;
	}
}

static void
usertest_run(struct usertest *u, const char *file, const struct handler *h)
{
	/* eight parts (kinds.h), all nil but the flags */
	static const uint8_t nothing[] = {
	    0x98, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0x00};
	const char *name = h->name + sizeof "test: " - 1;
	struct engine *e = u->engine;

	begins(u->tally, file, name);
	buf_reset(&u->failure);
	u->ended = u->ok = false;
	u->began_ns = u->now_ns;
	usertest_begin(u);
	usertest_start(u, h->index, 0, h->timeout_ms ? h->timeout_ms : TEST_TIMEOUT_MS,
	    span_of(nothing, sizeof nothing));
	usertest_run_all(u);
	int mark = gate_mark(&e->vm);
	mrb_value report = usertest_report(u);
	bool clean = mrb_array_p(report) && RARRAY_LEN(report) == 0;
	tap(u->tally, u->ended && u->ok && clean, u->tally->title);
	if (!u->ended)
		tap_say("it has not ended", 16);
	tap_say(buf_cstr(&u->failure), u->failure.n);
	for (mrb_int i = 0; mrb_array_p(report) && i < RARRAY_LEN(report); i++) {
		mrb_value text = RARRAY_PTR(report)[i];
		if (mrb_string_p(text))
			tap_say(RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
	}
	gate_release(&e->vm, mark);
	u->began_ns = 0;
}

/* --- files --- */

static struct engine *
usertest_engine(struct usertest *u, const char *folder)
{
	const struct engine_conf conf = {
	    .handlers = folder,
	    .memory_bytes = 128 << 20,
	    .result_bytes = 10 << 20,
	    .log_bytes = 65536,
	    .batch_bytes = 4 << 20,
	    .timeout_ms = 15000,
	    .job_timeout_ms = 300000,
	    .grace_ms = 250,
	    .detached = DETACHED_WAIT,
	};
	struct engine *e = engine_new(&conf);

	if (!e)
		exit(EXIT_SYSTEM_);
	e->clock_ns = usertest_clock;
	e->clock_arg = u;
	e->vm.no_memory = on_no_memory;
	e->vm.no_memory_arg = u->tally;
	usertest_define(e);
	if (vm_load_code(&e->vm, test_code) != 0)
		exit(EXIT_BUG_);
	return e;
}

static void
usertest_loaded(struct usertest *u, const char *file, const struct options *o)
{
	const struct catalog *c = &u->engine->catalog;

	for (size_t i = 0; i < u->test_n; i++) {
		const struct handler *h = c->item[u->test[i]];
		if (!o->name || strstr(h->name, o->name))
			usertest_run(u, file, h);
	}
}

static void
usertest_file(struct usertest_tally *t, const char *file, const struct options *o)
{
	struct usertest u = {.tally = t, .now_ns = NS_PER_S};
	struct load_report report;
	char *copy = xstrdup(file);
	const char *folder = o->folder ? o->folder : dirname(copy);

	begins(t, file, "it loads");
	STAILQ_INIT(&u.orders);
	buf_init(&u.failure, 0);
	load_report_init(&report);
	u.engine = usertest_engine(&u, folder);
	if (load_test(u.engine, file, o->folder != NULL, &report) == 0) {
		usertest_loaded(&u, file, o);
	} else {
		tap(t, false, t->title);
		printf("# %s: %s: %s\n", report.place, buf_cstr(&report.class),
		    buf_cstr(&report.message));
	}
	engine_free(u.engine);
	load_report_fini(&report);
	buf_fini(&u.failure);
	free(u.test);
	free(copy);
}

/* The signal carries the tally: a handler has no other way to it. */
static void
usertest_watch(struct usertest_tally *t)
{
	struct sigaction act = {.sa_sigaction = on_stuck, .sa_flags = SA_SIGINFO};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
	    .sigev_signo = SIGALRM,
	    .sigev_value.sival_ptr = t};

	sigaction(SIGALRM, &act, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &t->stuck) != 0)
		exit(EXIT_SYSTEM_);
}

int
usertest_main(int argc, char **argv)
{
	static const struct option words[] = {
	    {"handlers", required_argument, NULL, 'd'},
	    {"name", required_argument, NULL, 'n'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct options o = {0};
	struct usertest_tally t = {0};

	for (int c; (c = getopt_long(argc, argv, "d:n:h", words, NULL)) != -1;)
		if (c == 'd') {
			o.folder = optarg;
		} else if (c == 'n') {
			o.name = optarg;
		} else {
			fputs(about, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_ASKED : EXIT_USAGE_;
		}
	if (optind == argc) {
		fputs(about, stderr);
		return EXIT_USAGE_;
	}
	usertest_watch(&t);
	for (int i = optind; i < argc; i++)
		usertest_file(&t, argv[i], &o);
	timer_delete(t.stuck);
	printf("1..%u\n", t.tests);
	if (t.tests == 0)
		fputs("deferd-worker: no test was found\n", stderr);
	return t.failed || !t.tests ? EXIT_FAILURE : EXIT_ASKED;
}

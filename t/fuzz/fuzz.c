/*
 * fuzz.c: the guarded place of the input, the loop and the last words. Seeds are read
 * in seeds.c, changed in mutate.c.
 */
#include "fuzz.h"
#include "mutate.h"
#include "../../common/clock.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FUZZ_MAX_BYTES 4096
#define FUZZ_ROUNDS 100000
#define FUZZ_SECONDS 120
#define FUZZ_INPUT_SECONDS 10
#define FUZZ_MEMORY_BYTES (1UL << 30)

static struct {
	const struct fuzz *f;
	struct fuzz_corpus corpus;
	size_t max_bytes, rounds;
	int64_t limit_ms;
	uint64_t seed;
	uint8_t *guard;    /* the page that cannot be read */
	struct span input; /* the one that runs now; p NULL: none */
	size_t round;
} run;

void
fuzz_add_seed(struct span s)
{
	struct fuzz_corpus *c = &run.corpus;

	if (s.n > run.max_bytes)
		s.n = run.max_bytes;
	c->seeds = reallocarray(c->seeds, c->n_seeds + 1, sizeof *c->seeds);
	ASSERT(c->seeds);
	c->seeds[c->n_seeds++] = span_of(xmemdup(s.p, s.n), s.n);
}

/* --- the last words of a run that does not survive --- */

static void
fuzz_say(const char *text)
{
	ssize_t r = write(STDOUT_FILENO, text, strlen(text));

	(void)r;
}

static void
fuzz_dump(void)
{
	char text[160], path[64];

	if (!run.input.p)
		return;
	snprintf(path, sizeof path, "crash-%s", run.f->name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t put = fd < 0 ? -1 : write(fd, run.input.p, run.input.n);
	snprintf(text, sizeof text, "\n# round %zu, T_SEED=0x%llx, %zu bytes%s%s:\n#",
	    run.round, (unsigned long long)run.seed, run.input.n,
	    put < 0 ? "" : ", kept in ", put < 0 ? "" : path);
	fuzz_say(text);
	for (size_t i = 0; i < run.input.n && i < 512; i++) {
		snprintf(text, sizeof text, " %02x", run.input.p[i]);
		fuzz_say(text);
	}
	fuzz_say("\n");
}

static void
fuzz_on_signal(int sig)
{
	fuzz_dump();
	fuzz_say(sig == SIGALRM ? "not ok - an input took too long\n"
				: "not ok - an input ended the process\n");
	_exit(1);
}

void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));

static void
fuzz_watch(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
	static uint8_t stack[65536];
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction sa = {.sa_handler = fuzz_on_signal, .sa_flags = SA_ONSTACK};

	/* a sanitizer's report is worth more than ours: it calls us when it is done */
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(fuzz_dump);
	sigaltstack(&alt, NULL);
	for (size_t i = 0; i < COUNT_OF(fatal); i++)
		if (!__sanitizer_set_death_callback || fatal[i] == SIGALRM)
			sigaction(fatal[i], &sa, NULL);
#ifndef __SANITIZE_ADDRESS__
	struct rlimit memory = {FUZZ_MEMORY_BYTES, FUZZ_MEMORY_BYTES};
	setrlimit(RLIMIT_AS, &memory);
#endif
}

/* --- running inputs --- */

static void
fuzz_make_guard(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (run.max_bytes + page - 1) / page * page;
	uint8_t *p = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT(p != MAP_FAILED);
	run.guard = p + room;
	ASSERT(mprotect(run.guard, page, PROT_NONE) == 0);
}

static void
fuzz_try(struct span s)
{
	uint8_t *at = run.guard - s.n;

	if (s.n)
		memcpy(at, s.p, s.n);
	run.input = span_of(at, s.n);
	run.f->target(run.input);
	run.input = SPAN_NONE;
}

static void
t_seeds(void)
{
	for (size_t i = 0; i < run.corpus.n_seeds; i++) {
		alarm(FUZZ_INPUT_SECONDS);
		fuzz_try(run.corpus.seeds[i]);
	}
	alarm(0);
	t_note("%zu seeds", run.corpus.n_seeds);
	OK(run.corpus.n_seeds > 0);
}

/* What this process has had of the processor: a busy machine does not fail the test. */
static int64_t
fuzz_cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * MS_PER_S + t.tv_nsec / 1000000;
}

static void
t_mutations(void)
{
	uint64_t state = run.seed = t_seed();
	uint8_t *bytes = xcalloc(1, run.max_bytes);
	int64_t began_ms = fuzz_cpu_ms(), took_ms = 0;

	OK(run.corpus.n_seeds > 0);
	for (run.round = 0; run.round < run.rounds && took_ms < run.limit_ms;
	     run.round++) {
		/* setting the alarm each time would cost more than most parsers */
		if (run.round % 256 == 0) {
			alarm(FUZZ_INPUT_SECONDS);
			took_ms = fuzz_cpu_ms() - began_ms;
		}
		size_t n = fuzz_mutate(&run.corpus, &state, bytes, run.max_bytes);
		fuzz_try(span_of(bytes, n));
	}
	alarm(0);
	free(bytes);
	t_note("%zu mutated inputs in %lld ms of processor time", run.round,
	    (long long)(fuzz_cpu_ms() - began_ms));
	EQ_INT(run.round, run.rounds);
}

static long
fuzz_setting(const char *name, long otherwise)
{
	const char *given = getenv(name);

	return given ? atol(given) : otherwise;
}

int
fuzz_main(int argc, char **argv, const struct fuzz *f)
{
	static const struct t_test tests[] = {TEST(seeds), TEST(mutations)};

	run.f = f;
	run.max_bytes = f->max_bytes ? f->max_bytes : FUZZ_MAX_BYTES;
	run.rounds = (size_t)fuzz_setting(
	    "T_FUZZ_ROUNDS", f->rounds ? (long)f->rounds : FUZZ_ROUNDS);
	run.limit_ms = fuzz_setting("T_FUZZ_SECONDS", FUZZ_SECONDS) * MS_PER_S;
	run.corpus = (struct fuzz_corpus){.words = f->words, .n_words = f->n_words};
	fuzz_make_guard();
	for (int i = 1; i < argc; i++)
		fuzz_read_file(argv[i]);
	if (argc == 1) {
		fuzz_read_folder(f->name);
		if (f->more_seeds)
			f->more_seeds();
	}
	fuzz_watch();
	int status = t_main(1, argv, tests, argc > 1 ? 1 : COUNT_OF(tests));
	fuzz_dump(); /* when a check of the target's own failed: on this input */
	for (size_t i = 0; i < run.corpus.n_seeds; i++)
		free((void *)(uintptr_t)run.corpus.seeds[i].p);
	free(run.corpus.seeds);
	return status;
}

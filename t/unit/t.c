#include "t.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static jmp_buf t_out;

static bool
t_run_one(const struct t_test *test)
{
	if (setjmp(t_out) != 0)
		return false;
	test->run();
	return true;
}

int
t_main(int argc, char **argv, const struct t_test *tests, size_t n)
{
	size_t failed = 0, done = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < n; i++) {
		if (argc > 1 && strcmp(argv[1], tests[i].name) != 0)
			continue;
		bool ok = t_run_one(&tests[i]);
		failed += !ok;
		printf("%s %zu - %s\n", ok ? "ok" : "not ok", ++done, tests[i].name);
	}
	printf("1..%zu\n", done);
	return failed || !done ? 1 : 0;
}

/* On stderr: a harness shows that, and drops what it reads from stdout. */
void
t_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "# %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	longjmp(t_out, 1);
}

void
t_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

uint64_t
t_seed(void)
{
	const char *given = getenv("T_SEED");
	uint64_t seed = 0;

	if (given)
		seed = strtoull(given, NULL, 0);
	else if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		seed = 1;
	if (seed == 0)
		seed = 1;
	t_note("T_SEED=0x%llx", (unsigned long long)seed);
	return seed;
}

uint64_t
t_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545F4914F6CDD1DULL;
}

uint64_t
t_below(uint64_t *state, uint64_t n)
{
	return t_random(state) % n;
}

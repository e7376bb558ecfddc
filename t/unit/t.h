/*
 * t.h: unit tests in C. A test is a function `t_NAME(void)` listed with TEST(NAME) in the
 * file's TESTS(...); each prints one TAP line. A failed check says what it saw and ends
 * that test, not the program.
 */
#ifndef DEFERD_T_H
#define DEFERD_T_H

#include "../../common/buf.h"
#include <setjmp.h>

struct t_test {
	const char *name;
	void (*run)(void);
};

/* Runs them in order; the exit status for main: 0 when all passed. argv[1], when given,
 * is the only test to run. */
int t_main(int argc, char **argv, const struct t_test *, size_t n);
/* Prints "# text" to stderr and ends the running test as failed. */
void t_fail(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4) NORETURN;
void t_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* A seeded generator for property tests: the seed is printed, and taken from the
 * environment's T_SEED when set. */
uint64_t t_seed(void);
uint64_t t_random(uint64_t *state);		 /* xorshift64* */
uint64_t t_below(uint64_t *state, uint64_t n); /* 0..n-1 */

#define OK(x)                                                                             \
	do {                                                                              \
		if (!(x))                                                                 \
			t_fail(__FILE__, __LINE__, "not so: %s", #x);                     \
	} while (0)
#define EQ_INT(got, want)                                                                 \
	do {                                                                              \
		long long g_ = (long long)(got), w_ = (long long)(want);                  \
		if (g_ != w_)                                                             \
			t_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #got, g_, w_); \
	} while (0)
#define EQ_STR(got, want)                                                                 \
	do {                                                                              \
		const char *g_ = (got), *w_ = (want);                                     \
		if (!g_ || strcmp(g_, w_) != 0)                                           \
			t_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #got,      \
			    g_ ? g_ : "(null)", w_);                                      \
	} while (0)

#define TEST(name)                                                                        \
	{                                                                                 \
		#name, t_##name                                                           \
	}
#define TESTS(...)                                                                        \
	int main(int argc, char **argv)                                                   \
	{                                                                                 \
		static const struct t_test tests[] = {__VA_ARGS__};                       \
		return t_main(argc, argv, tests, COUNT_OF(tests));                        \
	}

#endif

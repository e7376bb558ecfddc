/*
 * retry.t.c: who runs again, and when.
 */
#include "../../supervisor/app.h"
#include "../../supervisor/retry.h"
#include "t.h"

static void
t_attempts_are_the_callers_the_handlers_or_the_kinds(void)
{
	struct handler h = {.kind = KIND_FUNCTION};

	EQ_INT(retry_attempts(&h, EXEC_ASYNC, 0), 1);
	EQ_INT(retry_attempts(&h, EXEC_ASYNC, 5), 5);
	EQ_INT(retry_attempts(&h, EXEC_SYNC, 5), 1);
	h.attempts = 3;
	EQ_INT(retry_attempts(&h, EXEC_LOW, 0), 3);
	EQ_INT(retry_attempts(&h, EXEC_LOW, 1), 1);
	h = (struct handler){.kind = KIND_JOB};
	EQ_INT(retry_attempts(&h, EXEC_ASYNC, 0), RETRY_JOB_ATTEMPTS);
	EQ_INT(retry_attempts(&h, EXEC_ASYNC, 1000), RETRY_ATTEMPTS_MAX);
	h.attempts = 1;
	EQ_INT(retry_attempts(&h, EXEC_ASYNC, 0), 1);
}

static void
t_the_wait_grows_and_is_spread(void)
{
	EQ_INT(retry_wait_ms(1, 0), 15000);
	EQ_INT(retry_wait_ms(2, 0), 16000);
	EQ_INT(retry_wait_ms(3, 0), 31000);
	EQ_INT(retry_wait_ms(11, 0), 10015000);
	for (int n = 1; n <= 100; n++) {
		int64_t least = retry_wait_ms(n, 0),
			most = retry_wait_ms(n, 10000u * (unsigned)n - 1);
		EQ_INT(most - least, 10000 * n - 1);
		OK(n == 100 || retry_wait_ms(n + 1, 0) > least);
	}
}

/* 25 retries: about three weeks, as promised. */
static void
t_a_jobs_retries_last_three_weeks(void)
{
	int64_t least = 0, most = 0;

	for (int n = 1; n < RETRY_JOB_ATTEMPTS; n++) {
		least += retry_wait_ms(n, 0);
		most += retry_wait_ms(n, 10000u * (unsigned)n - 1);
	}
	OK(least / 86400000 >= 20 && most / 86400000 <= 22);
}

static void
t_what_fails_runs_again_while_attempts_are_left(void)
{
	struct task t = {.execution = EXEC_ASYNC, .attempts_max = 3};

	OK(retry_is_due(&t, RETRY_USUAL));
	OK(!retry_is_due(&t, RETRY_NEVER));
	t.failures = 1;
	OK(retry_is_due(&t, RETRY_USUAL));
	t.failures = 2;
	OK(!retry_is_due(&t, RETRY_USUAL));
	OK(!retry_is_due(&t, RETRY_WANTED));
	t = (struct task){.execution = EXEC_ASYNC, .attempts_max = 1};
	OK(!retry_is_due(&t, RETRY_USUAL));
	OK(retry_is_due(&t, RETRY_WANTED));
	t.execution = EXEC_SYNC;
	OK(!retry_is_due(&t, RETRY_WANTED));
}

TESTS(TEST(attempts_are_the_callers_the_handlers_or_the_kinds),
    TEST(the_wait_grows_and_is_spread), TEST(a_jobs_retries_last_three_weeks),
    TEST(what_fails_runs_again_while_attempts_are_left))

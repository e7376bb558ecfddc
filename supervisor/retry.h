/*
 * retry.h: whether a task that failed runs again, and when. Pure: randomness is an argument.
 */
#ifndef DEFERD_RETRY_H
#define DEFERD_RETRY_H

#include "task.h"

#define RETRY_ATTEMPTS_MAX 101
#define RETRY_JOB_ATTEMPTS 26 /* 25 retries over about three weeks, as Sidekiq has it */

/* As FAILED.again says it. */
enum retry_wish { RETRY_USUAL, RETRY_WANTED, RETRY_NEVER };

/* The attempts of a task: what the caller asked for (0: nothing), else the handler's, else
 * the kind's: jobs 26, all others 1. Sync tasks: 1. */
int retry_attempts(const struct handler *, enum execution, int asked);
/* The wait before the next attempt after so many failures (1..): failures^4 + 15 seconds, and
 * up to 10 s for each failure on top, so that tasks that failed together do not come back
 * together. random: any 32 bits. At most about 28 days for 26 attempts. */
int64_t retry_wait_ms(int failures, uint32_t random);
/* After a failure: true when it runs again. A handler that raised Cloud::Retry gets a job's
 * attempts even if its kind has one only. */
bool retry_is_due(const struct task *, enum retry_wish);

#endif

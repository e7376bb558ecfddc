#include "retry.h"
#include "app.h"

int
retry_attempts(const struct handler *h, enum execution execution, int asked)
{
	if (execution == EXEC_SYNC)
		return 1;
	if (asked > 0)
		return asked < RETRY_ATTEMPTS_MAX ? asked : RETRY_ATTEMPTS_MAX;
	if (h->attempts > 0)
		return h->attempts;
	return h->kind == KIND_JOB ? RETRY_JOB_ATTEMPTS : 1;
}

int64_t
retry_wait_ms(int failures, uint32_t random)
{
	int64_t before = failures > 0 ? failures - 1 : 0;
	int64_t jitter_ms = (int64_t)random % (10000 * (before + 1));

	return (before * before * before * before + 15) * 1000 + jitter_ms;
}

bool
retry_is_due(const struct task *t, enum retry_wish wish)
{
	int most = t->attempts_max;

	if (wish == RETRY_NEVER || t->execution == EXEC_SYNC)
		return false;
	if (wish == RETRY_WANTED && most == 1)
		most = RETRY_JOB_ATTEMPTS;
	return t->failures + 1 < most;
}

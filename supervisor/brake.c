#include "brake.h"
#include <string.h>

void
brake_init(struct brake *b, unsigned allowed, int64_t window_ms, int64_t pause_ms)
{
	memset(b, 0, sizeof *b);
	b->allowed = allowed < 1 ? 1 : allowed > BRAKE_MAX ? BRAKE_MAX : allowed;
	b->window_ms = window_ms;
	b->pause_ms = pause_ms;
}

void
brake_on_death(struct brake *b, int64_t now_ms)
{
	b->died_ms[b->next] = now_ms;
	b->next = (b->next + 1) % BRAKE_MAX;
	if (b->n < BRAKE_MAX)
		b->n++;
}

static int64_t
brake_nth_last(const struct brake *b, unsigned back)
{
	return b->died_ms[(b->next + BRAKE_MAX - back) % BRAKE_MAX];
}

int64_t
brake_wait_ms(const struct brake *b, int64_t now_ms)
{
	if (b->n < b->allowed || brake_nth_last(b, b->allowed) + b->window_ms <= now_ms)
		return 0;
	int64_t free_ms = brake_nth_last(b, 1) + b->pause_ms;
	return free_ms > now_ms ? free_ms - now_ms : 0;
}

/* beat.c: see beat.h. */
#include "beat.h"
#include "../common/clock.h"
#include "../common/check.h"
#include <event2/event.h>
#include <stdlib.h>

struct beat {
	struct event *timer;
	uint64_t sequence;
	void (*tick)(uint64_t sequence, void *arg);
	void *arg;
};

static void
beat_on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct beat *b = arg;

	b->tick(++b->sequence, b->arg);
}

struct beat *
beat_new(struct event_base *base, int64_t interval_ms,
    void (*tick)(uint64_t sequence, void *arg), void *arg)
{
	struct beat *b = xcalloc(1, sizeof *b);
	struct timeval every = {interval_ms / MS_PER_S, interval_ms % MS_PER_S * 1000};

	b->tick = tick;
	b->arg = arg;
	b->timer = event_new(base, -1, EV_PERSIST, beat_on_timer, b);
	if (!b->timer || event_add(b->timer, &every) != 0) {
		beat_free(b);
		return NULL;
	}
	return b;
}

void
beat_free(struct beat *b)
{
	if (!b)
		return;
	if (b->timer)
		event_free(b->timer);
	free(b);
}

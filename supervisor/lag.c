#include "lag.h"
#include "../common/clock.h"
#include "../common/fd.h"
#include "../common/log.h"
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LAG_EVERY_NS NS_PER_MS

struct lag {
	struct stats *stats; /* borrowed */
	struct event *event;
	int fd;
	bool set;
	int64_t due_ns;
	uint64_t seen; /* of what comes in, when it was last set */
};

static void
lag_cb(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct lag *l = arg;
	uint64_t times;

	if (read(fd, &times, sizeof times) != sizeof times)
		return;
	int64_t late_ns = clock_now_ns() - l->due_ns;
	hist_add(&l->stats->lag, late_ns > 0 ? (uint64_t)late_ns / 1000 : 0);
	l->set = false;
}

/* Grows with whatever keeps the loop busy. */
static uint64_t
lag_traffic(const struct stats *s)
{
	return s->value[STAT_HTTP_REQUESTS] + s->value[STAT_LINK_RECEIVED] +
	       s->value[STAT_CONTROL_REQUESTS];
}

void
lag_turn(struct lag *l)
{
	static const struct itimerspec in_1_ms = {.it_value.tv_nsec = LAG_EVERY_NS};

	if (!l || l->set || lag_traffic(l->stats) == l->seen)
		return;
	l->seen = lag_traffic(l->stats);
	l->due_ns = clock_now_ns() + LAG_EVERY_NS;
	l->set = timerfd_settime(l->fd, 0, &in_1_ms, NULL) == 0;
}

struct lag *
lag_new(struct event_base *base, struct stats *stats)
{
	struct lag *l = xcalloc(1, sizeof *l);

	l->stats = stats;
	l->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->fd >= 0)
		l->event = event_new(base, l->fd, EV_READ | EV_PERSIST, lag_cb, l);
	if (l->event && event_add(l->event, NULL) == 0)
		return l;
	log_warn("the loop's lag is not measured: %s", strerror(errno));
	lag_free(l);
	return NULL;
}

void
lag_free(struct lag *l)
{
	if (!l)
		return;
	if (l->event)
		event_free(l->event);
	fd_close(&l->fd);
	free(l);
}

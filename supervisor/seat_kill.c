/*
 * seat_kill.c: ends a worker: at once, or after it has said where its Ruby was.
 */
#include "../common/clock.h"
#include "../common/log.h"
#include "core_impl.h"
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>

/* So long a worker may take for its last words; they take less than one
 * of these when they get the processor. */
#define SEAT_LAST_WORD_MS 100

/* It hangs, and may know where; before HELLO it does not wait for the signal yet. */
static bool
seat_may_answer(const struct seat *s, enum kill_cause cause)
{
	return s->hello && cause != KILL_BAD && cause != KILL_STOP;
}

static void
seat_shoot(struct seat *s)
{
	s->shot_ms = 0;
	if (s->pid)
		kill(s->pid, SIGKILL);
}

static void
seat_ask_last_word(struct seat *s)
{
	struct timeval tv = {0, SEAT_LAST_WORD_MS * 1000};

	if (kill(s->pid, PAGE_LAST_WORD) != 0 || event_add(s->core->shoot, &tv) != 0) {
		seat_shoot(s);
		return;
	}
	s->shot_ms = s->core->now_ms + SEAT_LAST_WORD_MS;
}

void
seat_shoot_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct core *c = arg;
	int64_t next_ms = 0;

	core_refresh_clock(c);
	for (size_t i = 0; i < c->seat_n; i++) {
		struct seat *s = c->seat[i];
		if (s->shot_ms && s->shot_ms <= c->now_ms)
			seat_shoot(s);
		else if (s->shot_ms && (!next_ms || s->shot_ms < next_ms))
			next_ms = s->shot_ms;
	}
	if (!next_ms)
		return;
	struct timeval tv = {0, (next_ms - c->now_ms) * 1000};
	event_add(c->shoot, &tv);
}

void
seat_kill(struct seat *s, enum kill_cause cause, const char *why)
{
	struct core *c = s->core;
	struct log_about about = {.worker = s->worker, .names_worker = true};

	if (seat_step(s, LIFE_EV_KILL) != LIFE_SHOOT)
		return;
	s->killed = cause;
	snprintf(s->obituary, sizeof s->obituary, "%s", why);
	if (s->lease.state != LEASE_SEAT_CLOSING && s->lease.state != LEASE_SEAT_EMPTY)
		lease_seat_closing(&c->lease, &s->lease, -1);
	stats_add(&c->stats, STAT_WORKERS_KILLED_BURST + cause - KILL_BURST, 1);
	if (cause != KILL_STOP)
		log_about(LOG_LEVEL_WARN, &about,
		    "worker %llu (pid %d, seat %d): %s: killing it",
		    (unsigned long long)s->worker, (int)s->pid, s->lease.index + 1,
		    why);
	if (seat_may_answer(s, cause))
		seat_ask_last_word(s);
	else
		seat_shoot(s);
}

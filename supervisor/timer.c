/*
 * timer.c: Cloud.timer. A tick is a task like any other. With a store its record and
 * the one that says how far the timer has come are in one commit, so that a tick that
 * came due while deferd was away is known at the next start, and none is run twice.
 */
#include "timer.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include "envelope.h"
#include "record.h"
#include <stdio.h>

#define TIMER_AGAIN_MS 1000 /* after a tick that was not accepted */

static void
timer_forget(struct core *c, struct timer *t)
{
	durable_forget_timer(c, t->key);
	t->key = 0;
	t->begun = false;
	t->schedule.due_ms = 0;
	t->owed = 0;
}

void
timer_start(struct core *c, struct app *a)
{
	int64_t wall_ms = clock_wall_ms();

	for (size_t i = 0; i < a->handler_n; i++) {
		struct timer *t = a->handler[i]->timer;
		if (t && !a->handler[i]->present)
			timer_forget(c, t);
		else if (t && !t->begun)
			schedule_begin(&t->schedule, wall_ms, wall_ms);
		if (t)
			t->begun = a->handler[i]->present;
	}
}

void
timer_recover(
    struct timer *t, uint64_t key, const struct record_timer *rec, int64_t wall_ms)
{
	t->key = key;
	t->last_ms = rec->last_wall_ms;
	t->owed = rec->owed;
	t->begun = true;
	schedule_begin(&t->schedule, rec->done_wall_ms, wall_ms);
}

/* --- a tick --- */

static void
timer_done_cb(struct task *t UNUSED, void *arg)
{
	struct handler *h = arg;

	if (h->timer && h->timer->running > 0)
		h->timer->running--;
}

/* Its commit failed: there is no task. */
static void
timer_accepted_cb(struct task *t, enum fault f, void *arg)
{
	struct handler *h = arg;

	if (f != FAULT_STORE || !h->timer)
		return;
	timer_done_cb(t, h);
	schedule_again(&h->timer->schedule, clock_wall_ms() + TIMER_AGAIN_MS);
}

void
timer_adopt(struct task *t)
{
	if (t->handler->kind != KIND_TIMER || !t->handler->timer)
		return;
	t->handler->timer->running++;
	t->done = timer_done_cb;
	t->done_arg = t->handler;
}

static void
timer_say(const struct handler *h, enum log_level level, const char *text)
{
	struct log_about about = {.app = h->app->conf->id, .handler = h->name};

	log_about(level, &about, "%s", text);
}

static void
timer_note(struct core *c, struct handler *h, int64_t wall_ms)
{
	struct timer *t = h->timer;

	durable_timer(c, h, wall_ms, &t->key);
}

static void
timer_refused(struct handler *h, enum fault f, int64_t wall_ms)
{
	struct timer *t = h->timer;
	char text[160];

	snprintf(text, sizeof text, "its tick was not accepted: %s%s",
	    fault_info(f)->text,
	    t->schedule.missed == MISSED_SKIP ? "" : ": it is tried again");
	if (!t->refused)
		timer_say(h, LOG_LEVEL_WARN, text);
	t->refused = true;
	schedule_again(&t->schedule, wall_ms + TIMER_AGAIN_MS);
}

static void
timer_run(struct core *c, struct handler *h, int64_t wall_ms)
{
	struct timer *t = h->timer;
	struct buf envelope;

	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, SPAN_NONE);
	struct submission sub = {
	    .handler = h,
	    .execution = h->execution == EXEC_LOW ? EXEC_LOW : EXEC_ASYNC,
	    .envelope = &envelope,
	    .done = timer_done_cb,
	    .done_arg = h,
	    .accepted = timer_accepted_cb,
	    .accepted_arg = h,
	};
	enum fault f = core_submit(c, &sub, NULL);
	if (f == FAULT_NONE) {
		t->running++;
		t->refused = false;
		t->last_ms = wall_ms;
		timer_note(c, h, wall_ms);
	} else {
		timer_refused(h, f, wall_ms);
	}
	buf_fini(&envelope);
}

/* One is due while the last one has not ended. True: it runs beside it. */
static bool
timer_overlaps(struct handler *h)
{
	struct timer *t = h->timer;

	if (t->overlap == OVERLAP_ALLOW)
		return true;
	if (t->overlap == OVERLAP_QUEUE && t->owed < TIMER_OWED_MAX)
		t->owed++;
	else
		timer_say(h, LOG_LEVEL_INFO,
		    "the last tick has not ended: this one is left out");
	return false;
}

static void
timer_tick(struct core *c, struct handler *h, int64_t wall_ms)
{
	struct timer *t = h->timer;
	enum schedule_word word;

	if (c->durable && t->key == 0) /* seen for the first time: from now on */
		timer_note(c, h, wall_ms);
	if (t->owed > 0 && t->running == 0) {
		t->owed--;
		timer_run(c, h, wall_ms);
	}
	if ((word = schedule_turn(&t->schedule, wall_ms)) == SCHEDULE_WAIT)
		return;
	if (word == SCHEDULE_RUN && (t->running == 0 || timer_overlaps(h))) {
		timer_run(c, h, wall_ms);
		return;
	}
	if (word == SCHEDULE_SKIP)
		timer_say(h, LOG_LEVEL_INFO, "a tick was missed: it is left out");
	timer_note(c, h, wall_ms);
}

/* --- the clock --- */

static void
timer_each(
    struct core *c, void (*what)(struct core *, struct handler *, int64_t), int64_t arg)
{
	for (size_t a = 0; a < c->app_n && c->phase == CORE_RUNNING; a++) {
		for (size_t i = 0; i < c->app[a]->by_index_n; i++) {
			struct handler *h = c->app[a]->by_index[i];
			if (h->timer && h->timer->begun)
				what(c, h, arg);
		}
	}
}

static void
timer_shift(struct core *c, struct handler *h, int64_t by_ms)
{
	schedule_shift(&h->timer->schedule, by_ms, c->now_ms + c->wall_ahead_ms);
}

void
timer_turn(struct core *c)
{
	int64_t wall_ms = clock_wall_ms(), ahead_ms = wall_ms - c->now_ms;
	int64_t by_ms = c->wall_ahead_ms ? ahead_ms - c->wall_ahead_ms : 0;

	c->wall_ahead_ms = ahead_ms;
	if (by_ms > SCHEDULE_DRIFT_MS || by_ms < -SCHEDULE_DRIFT_MS)
		timer_each(c, timer_shift, by_ms);
	timer_each(c, timer_tick, wall_ms);
}

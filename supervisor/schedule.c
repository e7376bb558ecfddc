/*
 * schedule.c: see schedule.h. For cron the wall's clock is asked for the next time that
 * matches, and the zone for the moment at which the wall shows it. That order is kept:
 * a later time on the wall is never an earlier moment.
 */
#include "schedule.h"
#include "../common/clock.h"

#define CRON_TRIES_MAX 100000 /* a zone that turns in circles */

void
schedule_fini(struct schedule *s)
{
	zone_fini(&s->zone);
}

static int64_t
schedule_floor_s(int64_t ms)
{
	return ms / MS_PER_S - (ms % MS_PER_S < 0);
}

static int64_t
schedule_next_cron(const struct schedule *s, int64_t after_ms)
{
	int64_t after_s = schedule_floor_s(after_ms), civil_s, at_s;
	struct zone_period p;

	zone_at(&s->zone, after_s, &p);
	civil_s = after_s + p.offset_s;
	/* Put back: what the wall shows until then, it has shown before. The loop would
	 * find that out second by second. */
	if (p.before_s > p.offset_s && civil_s < p.begin_s + p.before_s)
		civil_s = p.begin_s + p.before_s - 1;
	for (int i = 0; i < CRON_TRIES_MAX; i++) {
		civil_s = cron_next(&s->cron, civil_s);
		at_s = zone_to_utc(&s->zone, civil_s);
		if (at_s > after_s)
			return at_s * MS_PER_S;
	}
	return 0;
}

static int64_t
schedule_next_every(const struct schedule *s, int64_t after_ms)
{
	int64_t every = s->every_ms;

	if (s->start_ms == 0)
		return after_ms + every;
	if (after_ms < s->start_ms)
		return s->start_ms;
	return s->start_ms + ((after_ms - s->start_ms) / every + 1) * every;
}

int64_t
schedule_next(const struct schedule *s, int64_t after_ms)
{
	int64_t next = 0;

	if (s->at_ms)
		next = s->at_ms > after_ms ? s->at_ms : 0;
	else if (s->every_ms)
		next = schedule_next_every(s, after_ms);
	else if (s->has_cron)
		next = schedule_next_cron(
		    s, s->start_ms > after_ms ? s->start_ms - 1 : after_ms);
	return s->expire_ms && next >= s->expire_ms ? 0 : next;
}

/* Whether ticks are counted from one another, not from the calendar. */
static bool
schedule_floats(const struct schedule *s)
{
	return s->every_ms && s->start_ms == 0;
}

void
schedule_begin(struct schedule *s, int64_t done_ms, int64_t wall_ms)
{
	/* The clock was behind now when that was written. */
	if (done_ms > wall_ms)
		done_ms = wall_ms;
	s->due_ms = schedule_next(s, done_ms);
	if (s->missed == MISSED_SKIP && s->due_ms && s->due_ms <= wall_ms)
		s->due_ms = schedule_next(s, wall_ms);
}

enum schedule_word
schedule_turn(struct schedule *s, int64_t wall_ms)
{
	int64_t due_ms = s->due_ms;

	if (due_ms == 0 || due_ms > wall_ms)
		return SCHEDULE_WAIT;
	/* Never two ticks for one gap, however long it was. */
	s->due_ms = schedule_next(s, due_ms);
	if (s->due_ms && s->due_ms <= wall_ms)
		s->due_ms = schedule_next(s, wall_ms);
	if (s->expire_ms && wall_ms >= s->expire_ms) /* missed, and too late by now */
		return SCHEDULE_SKIP;
	return s->missed == MISSED_SKIP && wall_ms - due_ms > SCHEDULE_LATE_MS
		   ? SCHEDULE_SKIP
		   : SCHEDULE_RUN;
}

void
schedule_again(struct schedule *s, int64_t due_ms)
{
	if (s->missed == MISSED_SKIP || (s->expire_ms && due_ms >= s->expire_ms))
		return;
	if (s->due_ms == 0 || s->due_ms > due_ms)
		s->due_ms = due_ms;
}

void
schedule_shift(struct schedule *s, int64_t by_ms, int64_t wall_ms)
{
	if (s->due_ms == 0)
		return;
	if (schedule_floats(s))
		s->due_ms += by_ms;
	else if (by_ms < -SCHEDULE_BACK_MS)
		s->due_ms = schedule_next(s, wall_ms);
}

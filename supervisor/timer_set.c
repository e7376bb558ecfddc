/*
 * timer_set.c: a timer as its registration describes it, which is not believed: a
 * handler's code may have sent it.
 */
#include "../common/err.h"
#include "timer.h"
#include <stdlib.h>

#define TIMER_EVERY_MAX_MS (3660LL * 86400 * 1000) /* ten years */
#define TIMER_WALL_MAX_MS (253402300800LL * 1000)  /* the year 10000 */

const char *
overlap_text(enum overlap o)
{
	static const char *const words[] = {
#define X(sym, number, word) [number] = word,
	    OVERLAP_TABLE(X)
#undef X
	};

	return (size_t)o < COUNT_OF(words) ? words[o] : "?";
}

const char *
missed_text(enum missed m)
{
	static const char *const words[] = {
#define X(sym, number, word) [number] = word,
	    MISSED_TABLE(X)
#undef X
	};

	return (size_t)m < COUNT_OF(words) ? words[m] : "?";
}

static char *
timer_text(struct span s)
{
	return s.n ? strndup((const char *)s.p, s.n) : NULL;
}

static int
timer_load_zone(struct zone *z, struct span name)
{
	char text[ZONE_NAME_MAX + 1];

	if (name.n > ZONE_NAME_MAX || (name.n && memchr(name.p, '\0', name.n)))
		return -ERR_UNKNOWN;
	if (name.n)
		memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return zone_load(z, text);
}

static bool
timer_numbers_fit(const struct msg_handler *m)
{
	return m->every_ms <= TIMER_EVERY_MAX_MS && m->at_ms <= TIMER_WALL_MAX_MS &&
	       m->start_ms <= TIMER_WALL_MAX_MS && m->expire_ms <= TIMER_WALL_MAX_MS &&
	       m->missed < MISSED_COUNT && m->overlap < OVERLAP_COUNT &&
	       (m->every_ms > 0) + (m->at_ms > 0) + (m->cron.n > 0) == 1;
}

static int
timer_read(struct schedule *s, const struct msg_handler *m, const char **why)
{
	*s = (struct schedule){.every_ms = (int64_t)m->every_ms,
	    .at_ms = (int64_t)m->at_ms,
	    .start_ms = (int64_t)m->start_ms,
	    .expire_ms = (int64_t)m->expire_ms,
	    .has_cron = m->cron.n > 0,
	    .missed = (enum missed)m->missed};
	*why = "it says nothing that can be followed";
	if (!timer_numbers_fit(m))
		return -ERR_MALFORMED;
	if (s->has_cron && cron_parse(m->cron, &s->cron, why) != 0)
		return -ERR_MALFORMED;
	int e = timer_load_zone(&s->zone, m->zone);
	*why = e == -ERR_UNKNOWN ? "there is no such file in " ZONE_FOLDER
	       : e == -ERR_RANGE
		   ? "it counts leap seconds, which deferd's clock does not"
		   : "its file in " ZONE_FOLDER " cannot be understood";
	return e;
}

int
timer_check(const struct msg_handler *m, const char **why)
{
	struct schedule s;
	int e = timer_read(&s, m, why);

	if (e == 0)
		schedule_fini(&s);
	return e;
}

static bool
timer_same_text(const char *old, struct span text)
{
	return old ? span_is(text, old) : text.n == 0;
}

static bool
timer_says_same(
    const struct timer *t, const struct schedule *s, const struct msg_handler *m)
{
	const struct schedule *old = &t->schedule;

	return old->every_ms == s->every_ms && old->at_ms == s->at_ms &&
	       old->start_ms == s->start_ms && old->expire_ms == s->expire_ms &&
	       timer_same_text(t->cron, m->cron) && timer_same_text(t->zone, m->zone);
}

void
timer_free(struct timer *t)
{
	if (!t)
		return;
	schedule_fini(&t->schedule);
	free(t->cron);
	free(t->zone);
	free(t);
}

struct timer *
timer_set(struct timer *t, const struct msg_handler *m)
{
	struct schedule s;
	const char *why;

	if (timer_read(&s, m, &why) != 0) {
		timer_free(t);
		return NULL;
	}
	if (!t)
		t = xcalloc(1, sizeof *t);
	if (timer_says_same(t, &s, m))
		s.due_ms = t->schedule.due_ms;
	else
		t->begun = false;
	schedule_fini(&t->schedule);
	free(t->cron);
	free(t->zone);
	t->schedule = s;
	t->cron = timer_text(m->cron);
	t->zone = timer_text(m->zone);
	t->overlap = (enum overlap)m->overlap;
	return t;
}

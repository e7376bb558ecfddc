/*
 * events.c: builds each event once in one buffer and hands it to every subscriber.
 */
#include "events.h"
#include "../common/clock.h"
#include "../common/ctlproto.h"
#include <stdlib.h>

#define EVENT_CAP_BYTES 65536
#define EVENT_TIME_BYTES 32

struct events_sub {
	TAILQ_ENTRY(events_sub) link;
	events_cb *cb;
	void *arg;
	bool gone; /* unsubscribed while a line was being handed out */
};
TAILQ_HEAD(events_sub_list, events_sub);

struct events {
	struct events_sub_list subs;
	uint64_t seq;
	struct buf line;
	struct jsonw w;
	bool open;       /* between events_begin and events_end */
	bool delivering; /* subs must keep their links */
};

struct events *
events_new(void)
{
	struct events *e = xcalloc(1, sizeof *e);

	TAILQ_INIT(&e->subs);
	buf_init(&e->line, EVENT_CAP_BYTES);
	return e;
}

void
events_free(struct events *e)
{
	struct events_sub *sub;

	if (!e)
		return;
	while ((sub = TAILQ_FIRST(&e->subs)) != NULL) {
		TAILQ_REMOVE(&e->subs, sub, link);
		free(sub);
	}
	buf_fini(&e->line);
	free(e);
}

struct events_sub *
events_subscribe(struct events *e, events_cb *cb, void *arg)
{
	struct events_sub *sub = xcalloc(1, sizeof *sub);

	sub->cb = cb;
	sub->arg = arg;
	TAILQ_INSERT_TAIL(&e->subs, sub, link);
	return sub;
}

static void
events_drop(struct events *e, struct events_sub *sub)
{
	TAILQ_REMOVE(&e->subs, sub, link);
	free(sub);
}

void
events_unsubscribe(struct events *e, struct events_sub *sub)
{
	if (e->delivering)
		sub->gone = true;
	else
		events_drop(e, sub);
}

struct jsonw *
events_begin(struct events *e, const char *name)
{
	char at[EVENT_TIME_BYTES];

	ASSERT(!e->open && !e->delivering);
	e->seq++;
	if (TAILQ_EMPTY(&e->subs))
		return NULL;
	e->open = true;
	buf_reset(&e->line);
	jsonw_init(&e->w, &e->line);
	jsonw_object(&e->w);
	jsonw_kint(&e->w, "schema", CTL_SCHEMA);
	jsonw_kint(&e->w, "seq", (int64_t)e->seq);
	jsonw_kstr(&e->w, "at", clock_format_wall(clock_wall_ms(), at, sizeof at));
	jsonw_kstr(&e->w, "event", name);
	return &e->w;
}

/* A line that did not fit is replaced: a subscriber must never see a gap that is not
 * one, nor half a line. */
static void
events_replace_line(struct events *e)
{
	buf_reset(&e->line);
	jsonw_init(&e->w, &e->line);
	jsonw_object(&e->w);
	jsonw_kint(&e->w, "schema", CTL_SCHEMA);
	jsonw_kint(&e->w, "seq", (int64_t)e->seq);
	jsonw_kstr(&e->w, "event", "unprintable");
	jsonw_end_object(&e->w);
}

void
events_end(struct events *e)
{
	struct events_sub *sub, *next;

	if (!e->open)
		return;
	e->open = false;
	jsonw_end_object(&e->w);
	if (e->line.failed)
		events_replace_line(e);
	e->delivering = true;
	TAILQ_FOREACH (sub, &e->subs, link)
		if (!sub->gone)
			sub->cb(buf_span(&e->line), sub->arg);
	e->delivering = false;
	for (sub = TAILQ_FIRST(&e->subs); sub; sub = next) {
		next = TAILQ_NEXT(sub, link);
		if (sub->gone)
			events_drop(e, sub);
	}
}

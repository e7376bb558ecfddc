/*
 * bulk.c: see bulk.h. Tasks are looked at by rising id, which is the order of the
 * table: the id of the last one is enough to go on, whatever became of that task.
 */
#include "bulk.h"
#include "../common/log.h"
#include "core_impl.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

/* Of one slice: about a millisecond. */
#define BULK_LOOKS 2000
#define BULK_CHANGES 200

struct bulk {
	struct core *core;
	struct event *event;
	uint64_t number;
	struct task_filter filter; /* its name is owned */
	struct taskid at, last;    /* looked at; the youngest that is meant */
	struct bulk_view view;
};

static const struct {
	const char *name;
	core_mend_fn *mend;
} bulk_verbs[BULK_VERB_COUNT] = {
#define X(sym, text, fn) [BULK_##sym] = {.name = text, .mend = fn},
    BULK_TABLE(X)
#undef X
};

const char *
bulk_verb_name(enum bulk_verb verb)
{
	return bulk_verbs[verb].name;
}

static bool
bulk_means(const struct bulk *b, const struct task *t)
{
	bool state = false;

	switch (b->view.verb) {
	case BULK_RETRY: state = t->state == TASK_DEAD; break;
	case BULK_PROMOTE: state = t->state == TASK_DELAYED; break;
	case BULK_BURY:
		state = (t->state == TASK_QUEUED || t->state == TASK_DELAYED) &&
			t->execution != EXEC_SYNC;
		break;
	case BULK_VERB_COUNT: break;
	}
	return state && tasks_fits(t, &b->filter);
}

static void
bulk_show(struct bulk_view *v, const struct task *t)
{
	struct bulk_shown *s = &v->shown[v->shown_n];

	if (v->shown_n == BULK_SHOWN)
		return;
	v->shown_n++;
	taskid_text(&t->id, s->id);
	snprintf(s->app, sizeof s->app, "%s", t->app->conf->id);
	snprintf(s->name, sizeof s->name, "%s", t->handler->name);
}

/* False: it cannot go on. */
static bool
bulk_do(struct bulk *b, struct task *t)
{
	struct bulk_view *v = &b->view;
	struct bulk_shown *was = &v->shown[v->shown_n];

	/* The task may be gone afterwards. */
	bulk_show(v, t);
	if (!v->dry)
		v->stopped = bulk_verbs[v->verb].mend(b->core, t);
	if (v->stopped == FAULT_NONE) {
		v->fit++;
		return v->fit < b->filter.limit;
	}
	if (was < &v->shown[v->shown_n])
		v->shown_n--;
	return false;
}

static void
bulk_end(struct bulk *b)
{
	const struct bulk_view *v = &b->view;

	b->view.over = true;
	log_info("bulk: %s: %llu tasks%s%s%s", bulk_verbs[v->verb].name,
	    (unsigned long long)v->fit, v->dry ? " fit, nothing was changed" : "",
	    v->stopped ? ", then it stopped: " : "",
	    v->stopped ? fault_info(v->stopped)->text : "");
}

static bool
bulk_slice(struct bulk *b)
{
	struct task *t = tasks_after(&b->core->tasks, &b->at);
	int changes = 0;

	for (int looks = 0; looks < BULK_LOOKS && changes < BULK_CHANGES; looks++) {
		if (!t || memcmp(t->id.b, b->last.b, TASKID_BYTES) > 0)
			return false;
		b->at = t->id;
		if (!bulk_means(b, t)) {
			t = TAILQ_NEXT(t, all);
			continue;
		}
		changes++;
		if (!bulk_do(b, t))
			return false;
		t = tasks_after(&b->core->tasks, &b->at);
	}
	return true;
}

static void
bulk_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	static const struct timeval at_once = {0, 0};
	struct bulk *b = arg;

	core_refresh_clock(b->core);
	if (!bulk_slice(b) || event_add(b->event, &at_once) != 0)
		bulk_end(b);
}

void
bulk_free(struct bulk *b)
{
	if (!b)
		return;
	event_free(b->event);
	free((void *)(uintptr_t)b->filter.name.p);
	free(b);
}

uint64_t
bulk_start(struct core *c, enum bulk_verb verb, const struct task_filter *f, bool dry)
{
	struct task *last = TAILQ_LAST(&c->tasks.all, task_list);
	uint64_t number = c->bulk ? c->bulk->number + 1 : 1;
	struct bulk *b;
	uint8_t *name;

	if (c->bulk && !c->bulk->view.over)
		return 0;
	bulk_free(c->bulk);
	c->bulk = b = xcalloc(1, sizeof *b);
	b->core = c;
	b->number = number;
	b->filter = *f;
	b->filter.state = TASK_STATE_COUNT;
	b->filter.after = NULL;
	name = xcalloc(1, f->name.n + 1);
	if (f->name.n)
		memcpy(name, f->name.p, f->name.n);
	b->filter.name = span_of(name, f->name.n);
	if (last)
		b->last = last->id;
	b->view.verb = verb;
	b->view.dry = dry;
	b->event = evtimer_new(c->base, bulk_cb, b);
	ASSERT(b->event);
	event_active(b->event, EV_TIMEOUT, 0);
	return number;
}

const struct bulk_view *
bulk_view(const struct core *c, uint64_t number)
{
	return c->bulk && c->bulk->number == number ? &c->bulk->view : NULL;
}

/*
 * durable.c: see durable.h. The queue of those that wait for their commit is in the
 * order of their tickets, which is the order of the commits.
 */
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include "durable_impl.h"
#include "record.h"
#include "store_engine.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define DURABLE_PACK_KEEP_BYTES (1 << 16)

/* --- writing --- */

static uint64_t
durable_put(struct durable *d, enum store_shelf shelf, uint64_t key, bool accept)
{
	uint64_t ticket = d->packed.failed ? 0
					   : store_put(d->store, shelf, key,
						 buf_span(&d->packed), accept);

	buf_shrink(&d->packed, DURABLE_PACK_KEEP_BYTES);
	return ticket;
}

bool
durable_accepts(const struct durable *d)
{
	return store_state(d->store) == STORE_OK;
}

void
durable_turn(struct durable *d)
{
	if (d)
		store_kick(d->store);
}

void
durable_view(const struct durable *d, struct store_view *out)
{
	memset(out, 0, sizeof *out);
	out->engine = "memory";
	if (d)
		store_view(d->store, out);
}

/* --- accepting --- */

static struct waiting *
durable_wait(struct durable *d)
{
	if (d->waiting_n == d->waiting_room) {
		size_t room = d->waiting_room ? d->waiting_room * 2 : 64;
		struct waiting *more = malloc(room * sizeof *more);
		if (!more)
			return NULL;
		/* Straightened out: the oldest first. */
		for (size_t i = 0; i < d->waiting_n; i++)
			more[i] = *durable_waiting(d, i);
		free(d->waiting);
		d->waiting = more;
		d->waiting_room = room;
		d->waiting_at = 0;
	}
	d->waiting_n++;
	return durable_waiting(d, d->waiting_n - 1);
}

bool
durable_accept(struct core *c, struct task *t, const struct submission *s)
{
	struct durable *d = c->durable;
	struct waiting *w = durable_wait(d);

	if (!w)
		return false;
	t->key = store_new_key(d->store);
	record_pack(&d->packed, t, s->due_wall_ms);
	*w = (struct waiting){.ticket = durable_put(d, STORE_TASK, t->key, !s->relaxed),
	    .task = s->relaxed ? NULL : t,
	    .accepted = s->accepted,
	    .arg = s->accepted_arg,
	    .due_wall_ms = s->due_wall_ms};
	if (w->ticket != 0)
		return true;
	d->waiting_n--;
	t->key = 0;
	return false;
}

/* Few wait at a time, and this is rare. */
static struct waiting *
durable_find_waiting(struct durable *d, const struct task *t)
{
	for (size_t i = 0; i < d->waiting_n; i++)
		if (durable_waiting(d, i)->task == t)
			return durable_waiting(d, i);
	return NULL;
}

void
core_unwait_accept(struct core *c, const struct task *t)
{
	struct waiting *w = c->durable ? durable_find_waiting(c->durable, t) : NULL;

	if (w)
		w->accepted = NULL;
}

void
durable_end_accept(struct core *c, struct task *t)
{
	struct waiting *w = durable_find_waiting(c->durable, t);

	ASSERT(w);
	w->task = NULL;
	if (w->accepted)
		w->accepted(t, FAULT_CANCELLED, w->arg);
	w->accepted = NULL;
}

static void
durable_fate(struct core *c, const struct waiting *w, bool ok)
{
	struct task *t = w->task;

	if (w->worker)
		steps_stored(c, w->worker, w->request, ok);
	if (!t) /* relaxed, or cancelled meanwhile */
		return;
	if (ok)
		core_enter(c, t, w->due_wall_ms);
	else
		stats_add(&c->stats, STAT_TASKS_REFUSED, 1);
	if (w->accepted)
		w->accepted(t, ok ? FAULT_NONE : FAULT_STORE, w->arg);
	if (!ok)
		tasks_remove(&c->tasks, t);
}

static void
durable_note_state(struct durable *d)
{
	enum store_state state = store_state(d->store);
	struct store_view v;

	if (state == d->state)
		return;
	d->state = state;
	store_view(d->store, &v);
	if (state == STORE_OK)
		log_info("store: it can be written again: async tasks are accepted");
	else if (state == STORE_FULL)
		log_error(
		    "store: a commit failed: %s: async tasks are refused until one "
		    "succeeds; it is tried twice a second; sync calls go on",
		    v.why);
	else
		log_error("store: stopped: %s: async tasks are refused until deferd is "
			  "started again; sync calls go on",
		    v.why);
}

static void
durable_collect_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct core *c = arg;
	struct durable *d = c->durable;
	uint64_t through;
	bool ok;

	core_refresh_clock(c);
	durable_note_state(d);
	while (store_collect(d->store, &through, &ok)) {
		while (d->waiting_n > 0 && durable_waiting(d, 0)->ticket <= through) {
			struct waiting w = *durable_waiting(d, 0);
			d->waiting_at = (d->waiting_at + 1) % d->waiting_room;
			d->waiting_n--;
			durable_fate(c, &w, ok);
		}
	}
}

/* --- the rest of a task's life --- */

void
durable_change(struct core *c, const struct task *t, int64_t due_wall_ms)
{
	struct durable *d = c->durable;

	if (t->key == 0)
		return;
	record_pack_mark(&d->packed, t, due_wall_ms);
	durable_put(d, STORE_MARK, t->key, false);
}

bool
durable_keep_step(struct core *c, const struct task *t, struct step *s, uint64_t worker,
    uint64_t request)
{
	struct durable *d = c->durable;
	struct waiting *w = durable_wait(d);
	uint64_t key;

	if (!w)
		return false;
	key = store_new_key(d->store);
	record_pack_step(&d->packed, t->key, s);
	*w = (struct waiting){.ticket = durable_put(d, STORE_STEP, key, false),
	    .worker = worker,
	    .request = request};
	if (w->ticket != 0)
		s->key = key;
	else
		d->waiting_n--;
	return s->key != 0;
}

static void
durable_drop_steps(struct durable *d, const struct task *t)
{
	const struct task_steps *ss = steps_of(t);

	for (size_t i = 0; ss && i < ss->n; i++)
		if (ss->item[i]->key != 0)
			store_del(d->store, STORE_STEP, ss->item[i]->key);
}

/* Whether there may be a mark to take away. */
static bool
durable_has_mark(const struct task *t)
{
	return t->failures > 0 || t->deaths > 0 || t->reruns > 0 ||
	       (t->flags & TASK_MARKED);
}

void
durable_end(struct core *c, const struct task *t)
{
	struct durable *d = c->durable;

	if (t->key == 0)
		return;
	store_del(d->store, STORE_TASK, t->key);
	if (durable_has_mark(t))
		store_del(d->store, STORE_MARK, t->key);
	if (!t->payload) /* it is never run again */
		durable_drop_steps(d, t);
	record_pack_end(&d->packed, t);
	durable_put(d, STORE_END, t->key, false);
}

void
durable_timer(
    struct core *c, const struct handler *h, int64_t done_wall_ms, uint64_t *key)
{
	struct durable *d = c->durable;

	if (!d)
		return;
	if (*key == 0)
		*key = store_new_key(d->store);
	record_pack_timer(&d->packed, h, done_wall_ms);
	durable_put(d, STORE_TIMER, *key, false);
}

void
durable_forget_timer(struct core *c, uint64_t key)
{
	if (c->durable && key != 0)
		store_del(c->durable->store, STORE_TIMER, key);
}

void
durable_revive(struct core *c, struct task *t)
{
	struct durable *d = c->durable;

	if (t->key == 0)
		return;
	store_del(d->store, STORE_END, t->key);
	record_pack(&d->packed, t, 0);
	durable_put(d, STORE_TASK, t->key, false);
}

static void
durable_forget(const struct task *t, void *arg)
{
	struct durable *d = arg;

	if (t->key == 0)
		return;
	store_del(d->store, STORE_END, t->key);
	durable_drop_steps(d, t);
}

/* --- opening and closing --- */

static void
durable_log_lost(const struct store_report *r)
{
	for (size_t i = 0; i < r->lost_n && i < STORE_LOST_MAX; i++) {
		const struct store_lost *l = &r->lost[i];
		if (l->below == UINT64_MAX)
			log_error("store: unreadable: %s records above %llu",
			    store_shelf_name(l->shelf), (unsigned long long)l->above);
		else
			log_error("store: unreadable: %s records between %llu and %llu",
			    store_shelf_name(l->shelf), (unsigned long long)l->above,
			    (unsigned long long)l->below);
	}
}

static void
durable_log_report(const struct store_report *r)
{
	if (r->why[0])
		log_error("store: damaged: %s", r->why);
	if (r->set_aside)
		log_error("store: the damaged file is kept as %s", r->aside);
	durable_log_lost(r);
	if (r->bad)
		log_error("store: %llu damaged records were set aside (table bad)",
		    (unsigned long long)r->bad);
	if (r->missing)
		log_error("store: %llu records are missing without having been removed",
		    (unsigned long long)r->missing);
	if (r->frames_lost)
		log_error("store: %llu pages of the log lie behind a damaged one and "
			  "could not be replayed: the last commits may be lost",
		    (unsigned long long)r->frames_lost);
}

static int
durable_listen(struct core *c)
{
	struct durable *d = c->durable;

	d->event = event_new(c->base, store_event_fd(d->store), EV_READ | EV_PERSIST,
	    durable_collect_cb, c);
	if (!d->event || event_add(d->event, NULL) != 0 || store_start(d->store) != 0) {
		log_error("store: no resources for its thread: not started");
		return -ERR_SYSTEM;
	}
	c->tasks.forget = durable_forget;
	c->tasks.forget_arg = d;
	return 0;
}

int
durable_open(struct core *c)
{
	const struct conf *conf = c->conf;
	struct store_report r;
	int e;

	if (strcmp(conf->store.engine, "memory") == 0)
		return 0;
	struct durable *d = c->durable = xcalloc(1, sizeof *d);
	buf_init(&d->packed, 0);
	e = store_open(&d->store, &store_sqlite, conf->store.path, &r);
	if (e == 0)
		e = recover(c, &r);
	if (e != 0) {
		log_error("store: %s: %s: not started", conf->store.path, r.why);
		return e;
	}
	durable_log_report(&r);
	return durable_listen(c);
}

bool
durable_close(struct core *c, int64_t wait_ms)
{
	struct durable *d = c->durable;
	bool all = true;

	if (!d)
		return true;
	if (d->event)
		event_free(d->event);
	all = store_close(d->store, wait_ms);
	c->tasks.forget = NULL;
	c->durable = NULL;
	free(d->waiting);
	buf_fini(&d->packed);
	free(d);
	return all;
}

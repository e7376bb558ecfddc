/*
 * view.c: the task core as others may see it: getters, and the figures behind `show`
 * and `top`. Changes nothing.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "core_impl.h"
#include <stdlib.h>

struct app *
core_default_app(const struct core *c)
{
	return c->conf->default_app ? core_find_app(c, span_str(c->conf->default_app))
				    : NULL;
}

const struct conf *
core_conf(const struct core *c)
{
	return c->conf;
}

struct stats *
core_stats(const struct core *c)
{
	return (struct stats *)&c->stats;
}

struct events *
core_events(const struct core *c)
{
	return c->events;
}

int64_t
core_now_ms(const struct core *c)
{
	return c->now_ms;
}

enum core_phase
core_phase(const struct core *c)
{
	return c->phase;
}

int
core_capacity(const struct core *c)
{
	return (int)c->lease.capacity;
}

uint64_t
core_payload_bytes(const struct core *c)
{
	return c->tasks.payload_bytes;
}

struct task *
core_find_task(const struct core *c, const struct taskid *id)
{
	return tasks_find(&c->tasks, id);
}

struct task *
core_find_task_text(const struct core *c, struct span text, bool *ambiguous)
{
	return tasks_find_text(&c->tasks, text, ambiguous);
}

bool
core_list_tasks(const struct core *c, const struct task_filter *f,
    bool (*visit)(struct task *, void *arg), void *arg)
{
	return tasks_list(&c->tasks, f, visit, arg);
}

void
core_list_leased(
    const struct core *c, bool (*visit)(struct task *, void *arg), void *arg)
{
	struct task *t;

	for (size_t i = 0; i < c->seat_n; i++)
		TAILQ_FOREACH (t, &c->seat[i]->lease.tasks, place)
			if (!visit(t, arg))
				return;
}

void
core_view_store(const struct core *c, struct core_store *v)
{
	v->durable = c->durable != NULL;
	durable_view(c->durable, &v->store);
	v->delayed = c->delayed.n;
	v->dead = c->tasks.dead.n;
	v->dead_bytes = c->tasks.dead.bytes;
}

bool
core_list_dead(const struct core *c, const struct task_filter *f,
    bool (*visit)(struct task *, void *arg), void *arg)
{
	return tasks_list_dead(&c->tasks, f, visit, arg);
}

void
core_list_failed(
    const struct core *c, bool (*visit)(struct task *, void *arg), void *arg)
{
	tasks_list_failed(&c->tasks, visit, arg);
}

uint64_t
core_generation(const struct core *c)
{
	return c->generation;
}

/* A worker that finishes what it has before it makes way for another app's still works;
 * once there has been one, so does the pool while the next one starts. */
static bool
view_works(const struct core *c, const struct seat *s)
{
	return s->life == LIFE_READY || s->life == LIFE_CLOSING ||
	       s->life == LIFE_LEAVING || (s->life == LIFE_STARTING && c->was_ready);
}

const char *
core_not_ready(const struct core *c)
{
	bool worker = false;

	if (c->phase == CORE_STARTING)
		return "starting";
	if (c->phase != CORE_RUNNING)
		return "draining";
	for (size_t i = 0; i < c->app_n; i++)
		if (c->forkserver[i] &&
		    forkserver_state(c->forkserver[i]) == SPAWN_FAILED)
			return forkserver_trouble(c->forkserver[i]);
	for (size_t i = 0; i < c->seat_n; i++)
		worker = worker || view_works(c, c->seat[i]);
	return worker ? NULL : "no worker is ready";
}

/* --- workers --- */

const struct traces *
core_traces(const struct core *c)
{
	return &c->traces;
}

const struct dossier *
core_dossier(const struct core *c, size_t i)
{
	return dossiers_at(&c->dossiers, i);
}

const struct dossier *
core_find_dossier(const struct core *c, uint64_t worker)
{
	return dossiers_find(&c->dossiers, worker);
}

size_t
core_seat_count(const struct core *c)
{
	size_t n = (size_t)c->lease.concurrent;

	/* Seats that a larger pool has left, and that nobody sits on, are no seats. */
	for (size_t i = n; i < c->seat_n; i++)
		if (c->seat[i]->life != LIFE_EMPTY)
			n = i + 1;
	return n < c->seat_n ? n : c->seat_n;
}

static void
view_task(const struct core *c, const struct seat *s, const struct page_burst *b,
    struct worker_view *v)
{
	const struct task *t = b->began_ns ? tasks_find(&c->tasks, &b->task) : NULL;

	if (!t || t->seat != &s->lease)
		t = TAILQ_FIRST(&s->lease.tasks);
	v->task_ms = -1;
	if (!t)
		return;
	v->task = t->handler->name;
	v->task_kind = t->handler->kind;
	v->task_lane = t->lane;
	v->task_ms = task_run_ms(t, c->now_ms);
	taskid_text(&t->id, v->task_id);
}

void
core_view_worker(const struct core *c, size_t seat, struct worker_view *v)
{
	const struct seat *s = c->seat[seat];
	struct page_burst burst = {0};

	memset(v, 0, sizeof *v);
	v->seat = (int)seat + 1;
	v->state = life_state_name(s->life);
	v->slots = c->conf->workers.slots;
	v->obituary = s->obituary;
	v->spare = s->lease.state == LEASE_SEAT_EMPTY &&
		   c->lease.occupied >= (unsigned)c->lease.concurrent;
	v->age_ms = v->beat_ago_ms = v->burst_ms = -1;
	if (s->page)
		page_read(s->page, &burst);
	view_task(c, s, &burst, v);
	if (s->life == LIFE_EMPTY)
		return;
	v->worker = s->worker;
	v->pid = (int)s->pid;
	v->app = s->lease.app >= 0 ? c->app[s->lease.app]->conf->id : "";
	v->leases = (int)s->lease.leased;
	v->tasks_done = s->tasks_done;
	v->age_ms = c->now_ms - s->spawned_ms;
	v->beat_ago_ms = c->now_ms - s->heart.alive_ms;
	v->heap_bytes = s->heap_bytes;
	v->fibers = s->fibers;
	if (burst.began_ns)
		v->burst_ms = c->now_ms - burst.began_ns / NS_PER_MS;
}

/* --- lanes --- */

static int
view_by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
view_waits(const struct core_waits *w, struct lane_view *v)
{
	uint32_t ms[CORE_WAITS];

	if (w->n == 0)
		return;
	memcpy(ms, w->ms, w->n * sizeof ms[0]);
	qsort(ms, w->n, sizeof ms[0], view_by_size);
	v->wait_p50_ms = ms[w->n / 2];
	v->wait_p99_ms = ms[(w->n * 99) / 100];
}

void
core_view_lane(const struct core *c, enum lane_name lane, struct lane_view *v)
{
	const struct lane *l = &c->lease.lane[lane];
	const struct lane_app *a;

	memset(v, 0, sizeof *v);
	v->lane = lane;
	v->paused = l->paused;
	v->queued = l->n;
	v->leased = c->lease.leased[lane];
	v->leasable = lease_count_leasable(&c->lease, lane);
	v->done = c->lane_done[lane];
	v->failed = c->lane_failed[lane];
	v->limit = (int)(lane == LANE_LOW ? c->lease.low_limit : c->lease.capacity);
	TAILQ_FOREACH (a, &l->ring, ring) {
		int64_t wait_ms = c->now_ms - TAILQ_FIRST(&a->fifo)->accepted_ms;
		if (wait_ms > v->oldest_ms)
			v->oldest_ms = wait_ms;
	}
	view_waits(&c->waits[lane], v);
}

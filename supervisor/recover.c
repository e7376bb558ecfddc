/*
 * recover.c: at the start: the records become tasks again. What was accepted and has
 * not ended is queued in the order in which it was accepted; who was leased then counts
 * no attempt more, because nobody knows of a fault of its own.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include "durable_impl.h"
#include "record.h"
#include <stdio.h>
#include <stdlib.h>

struct recover_task {
	uint64_t key;
	struct task *task;
	int64_t due_wall_ms;
};

struct recover {
	struct core *core;
	int64_t wall_ms;
	struct recover_task *open; /* by rising key; owned */
	size_t open_n, open_room;
	struct task **ended; /* owned */
	size_t ended_n, ended_room;
	struct task **all;  /* both, owned */
	uint64_t strangers; /* of apps that the config does not have */
	bool no_memory;
};

/* Monotonic time of a wall time that lies before this process. */
static int64_t
recover_mono_ms(const struct recover *r, int64_t wall_ms)
{
	return wall_ms ? r->core->now_ms - (r->wall_ms - wall_ms) : 0;
}

static struct task *
recover_make(struct recover *r, struct app *a, const struct record *rec, uint64_t key)
{
	uint8_t *payload = NULL;
	struct task *t = NULL;
	struct handler *h = app_find(a, rec->kind, rec->name);

	if (!h) /* it is gone since */
		h = app_remember(a, rec->kind, rec->name);
	if ((payload = malloc(rec->payload.n ? rec->payload.n : 1)))
		t = task_new(&rec->id, payload, rec->payload.n);
	if (!t) {
		free(payload);
		r->no_memory = true;
		return NULL;
	}
	if (rec->payload.n)
		memcpy(payload, rec->payload.p, rec->payload.n);
	t->app = a;
	t->handler = h;
	t->key = key;
	t->execution = (uint8_t)rec->execution;
	t->lane = rec->execution == EXEC_LOW ? LANE_LOW : LANE_MAIN;
	t->timeout_ms = rec->timeout_ms;
	t->attempts_max = rec->attempts_max;
	t->accepted_wall_ms = rec->accepted_wall_ms;
	t->accepted_ms = recover_mono_ms(r, rec->accepted_wall_ms);
	if (rec->key.n &&
	    keys_add(&r->core->tasks.keys, t, rec->key_sort, rec->key) != 0)
		log_warn("store: a key stands for two tasks: the first one has it");
	return t;
}

/* A place more at the end of an array; NULL: no memory. */
static void *
recover_grow(struct recover *r, void *array, size_t *room, size_t n, size_t each)
{
	size_t more = *room ? *room * 2 : 1024;
	void *p;

	if (n < *room)
		return array;
	if (!(p = realloc(array, more * each))) {
		r->no_memory = true;
		return NULL;
	}
	*room = more;
	return p;
}

static bool
recover_open_task(struct recover *r, uint64_t key, struct span value)
{
	struct record rec;
	struct app *a;
	struct task *t;
	void *p;

	if (record_parse(value, &rec) != 0)
		return false;
	if (!(a = core_find_app(r->core, rec.app))) {
		r->strangers++;
		return true;
	}
	p = recover_grow(r, r->open, &r->open_room, r->open_n, sizeof *r->open);
	if (!p || (r->open = p, !(t = recover_make(r, a, &rec, key))))
		return true;
	r->open[r->open_n++] = (struct recover_task){key, t, rec.due_wall_ms};
	return true;
}

static int
recover_by_key(const void *key, const void *item)
{
	uint64_t k = *(const uint64_t *)key;
	uint64_t have = ((const struct recover_task *)item)->key;

	return k < have ? -1 : k > have;
}

static bool
recover_mark(struct recover *r, uint64_t key, struct span value)
{
	struct record_mark m;
	struct recover_task *o;

	if (record_parse_mark(value, &m) != 0)
		return false;
	o = bsearch(&key, r->open, r->open_n, sizeof *r->open, recover_by_key);
	if (!o) /* of an app that is not there now */
		return true;
	o->task->attempt = m.attempt;
	o->task->failures = m.failures;
	o->task->deaths = m.deaths;
	o->task->reruns = m.reruns;
	o->task->flags |= TASK_MARKED;
	o->due_wall_ms = m.due_wall_ms;
	return true;
}

static char *
recover_text(struct span s)
{
	return s.n ? strndup((const char *)s.p, s.n) : NULL;
}

static uint8_t *
recover_bytes(struct span s, size_t *n)
{
	uint8_t *p = s.n ? malloc(s.n) : NULL;

	*n = p ? s.n : 0;
	return p ? memcpy(p, s.p, s.n) : NULL;
}

static void
recover_note(struct task *t, const struct record_end *e)
{
	struct task_note *n;

	if (!e->class.n && !e->message.n && !e->backtrace.n && !e->headers.n &&
	    !e->progress.n && !e->has_code && !e->status && e->fraction < 0)
		return;
	if (!(n = task_note(t)))
		return;
	n->class = recover_text(e->class);
	n->message = recover_text(e->message);
	n->progress = recover_text(e->progress);
	n->backtrace = recover_bytes(e->backtrace, &n->backtrace_bytes);
	n->headers = recover_bytes(e->headers, &n->headers_bytes);
	n->fraction = e->fraction;
	n->code = e->code;
	n->has_code = e->has_code;
	n->status = e->status;
}

static bool
recover_ended(struct recover *r, uint64_t key, struct span value)
{
	struct record_end e;
	struct app *a;
	struct task *t;
	size_t n;
	void *p;

	if (record_parse_end(value, &e) != 0)
		return false;
	if (!(a = core_find_app(r->core, e.task.app))) {
		r->strangers++;
		return true;
	}
	p = recover_grow(r, r->ended, &r->ended_room, r->ended_n, sizeof *r->ended);
	if (!p || (r->ended = p, !(t = recover_make(r, a, &e.task, key))))
		return true;
	t->state = (uint8_t)e.state;
	t->fault = (uint8_t)e.fault;
	t->attempt = e.attempt;
	t->started_ms = recover_mono_ms(r, e.started_wall_ms);
	t->ended_ms = recover_mono_ms(r, e.ended_wall_ms);
	t->run_us = e.run_us;
	t->burst_us = e.burst_us;
	t->result = recover_bytes(e.result, &n);
	t->result_bytes = (uint32_t)n;
	recover_note(t, &e);
	r->ended[r->ended_n++] = t;
	return true;
}

static int
recover_by_task_key(const void *key, const void *item)
{
	uint64_t k = *(const uint64_t *)key;
	uint64_t have = (*(struct task *const *)item)->key;

	return k < have ? -1 : k > have;
}

/* Of a task that may run (again). */
static bool
recover_step(struct recover *r, uint64_t key, struct span value)
{
	struct record_step rec;
	struct recover_task *o;
	struct task **ended;
	struct step *s;

	if (record_parse_step(value, &rec) != 0)
		return false;
	o = bsearch(&rec.task_key, r->open, r->open_n, sizeof *r->open, recover_by_key);
	ended = o ? &o->task
		  : bsearch(&rec.task_key, r->ended, r->ended_n, sizeof *r->ended,
			recover_by_task_key);
	if (!ended) /* of an app that is not there now */
		return true;
	int e = steps_add(*ended, rec.name, rec.value, &s);
	if (e == 0)
		s->key = key;
	r->no_memory |= e == -ERR_NOMEM;
	return e == 0 || e == -ERR_NOMEM;
}

/* Of a timer that is gone nothing is kept: when it comes back it is a new one. */
static bool
recover_timer(struct recover *r, uint64_t key, struct span value)
{
	struct record_timer rec;
	struct app *a;

	if (record_parse_timer(value, &rec) != 0)
		return false;
	if (!(a = core_find_app(r->core, rec.app))) {
		r->strangers++;
		return true;
	}
	struct handler *h = app_find(a, KIND_TIMER, rec.name);
	if (h && h->timer)
		timer_recover(h->timer, key, &rec, r->wall_ms);
	else
		durable_forget_timer(r->core, key);
	return true;
}

static bool
recover_visit(enum store_shelf shelf, uint64_t key, struct span value, void *arg)
{
	static bool (*const readers[STORE_SHELF_COUNT])(
	    struct recover *, uint64_t, struct span) = {
	    [STORE_TASK] = recover_open_task,
	    [STORE_MARK] = recover_mark,
	    [STORE_END] = recover_ended,
	    [STORE_STEP] = recover_step,
	    [STORE_TIMER] = recover_timer,
	};

	return !readers[shelf] || readers[shelf](arg, key, value);
}

static int
recover_by_id(const void *x, const void *y)
{
	const struct task *a = *(struct task *const *)x, *b = *(struct task *const *)y;

	return memcmp(a->id.b, b->id.b, TASKID_BYTES);
}

static int
recover_by_end(const void *x, const void *y)
{
	const struct task *a = *(struct task *const *)x, *b = *(struct task *const *)y;

	return a->ended_ms < b->ended_ms ? -1 : a->ended_ms > b->ended_ms;
}

/* Into the table, in the order of acceptance. */
static int
recover_add_all(struct recover *r)
{
	size_t n = 0;

	r->all = malloc((r->open_n + r->ended_n + 1) * sizeof *r->all);
	if (!r->all)
		return -ERR_NOMEM;
	for (size_t i = 0; i < r->ended_n; i++)
		r->all[n++] = r->ended[i];
	for (size_t i = 0; i < r->open_n; i++)
		r->all[n++] = r->open[i].task;
	qsort(r->all, n, sizeof *r->all, recover_by_id);
	for (size_t i = 0; i < n; i++) {
		int e = tasks_add(&r->core->tasks, r->all[i]);
		if (e != 0)
			return e;
	}
	return 0;
}

/* The oldest end is forgotten first. */
static void
recover_keep_ended(struct recover *r)
{
	if (r->ended_n == 0)
		return;
	qsort(r->ended, r->ended_n, sizeof *r->ended, recover_by_end);
	for (size_t i = 0; i < r->ended_n; i++)
		tasks_end(&r->core->tasks, r->ended[i], r->ended[i]->payload_bytes);
}

static void
recover_queue(struct recover *r)
{
	for (size_t i = 0; i < r->open_n; i++) {
		struct recover_task *o = &r->open[i];
		timer_adopt(o->task);
		core_place(
		    r->core, o->task, o->due_wall_ms > r->wall_ms ? o->due_wall_ms : 0);
	}
}

int
recover(struct core *c, struct store_report *report)
{
	struct recover r = {.core = c, .wall_ms = clock_wall_ms()};
	int64_t began_ms = clock_now_ms();
	int e;

	core_refresh_clock(c);
	e = store_load(c->durable->store, recover_visit, &r, report);
	if (e == 0 && (r.no_memory || recover_add_all(&r) != 0)) {
		snprintf(
		    report->why, sizeof report->why, "no memory for what it holds");
		e = -ERR_NOMEM;
	}
	if (e == 0) {
		recover_keep_ended(&r);
		recover_queue(&r);
		log_info("store: %zu tasks to run, %zu ended ones, in %lld ms",
		    r.open_n, r.ended_n, (long long)(clock_now_ms() - began_ms));
		if (r.strangers)
			log_warn("store: %llu records are of apps that are not in the "
				 "config: they stay where they are",
			    (unsigned long long)r.strangers);
	}
	free(r.open);
	free(r.ended);
	free(r.all);
	return e;
}

/*
 * lease_events.c: the random events of the lease property test: each changes the model
 * and tells the real lease. See lease_model.h.
 */
#include "lease_model.h"
#include "t.h"
#include <stdarg.h>
#include <stdio.h>

static const int64_t model_thresholds[] = {
    0, 100000000, 290000000, 550000000, 800000000, 1000000000};

static int
model_below(struct model *m, int n)
{
	return (int)t_below(m->random, (uint64_t)n);
}

static void model_trace(struct model *, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void
model_trace(struct model *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->trace[m->trace_n++ % MODEL_TRACE], sizeof m->trace[0], fmt, ap);
	va_end(ap);
}

void
model_note_trace(const struct model *m)
{
	unsigned i = m->trace_n > MODEL_TRACE ? m->trace_n - MODEL_TRACE : 0;

	t_note("apps %d concurrent %d slots %d threshold_e9 %lld", m->app_n,
	    m->concurrent, m->slots, (long long)m->threshold_e9);
	for (; i < m->trace_n; i++)
		t_note("%u: %s", i, m->trace[i % MODEL_TRACE]);
}

static void
model_random_pool(struct model *m)
{
	m->concurrent = 1 + model_below(m, MODEL_SEATS);
	m->slots = 1 + model_below(m, MODEL_SLOTS);
	m->threshold_e9 = model_thresholds[model_below(m, COUNT_OF(model_thresholds))];
}

void
model_init(struct model *m, uint64_t *random)
{
	memset(m, 0, sizeof *m);
	m->random = random;
	m->app_n = 1 + model_below(m, MODEL_APPS);
	m->refuse_pct = model_below(m, 3) * 10;
	model_random_pool(m);
	if (lease_init(&m->lease, (size_t)m->app_n, m->concurrent, m->slots,
		m->threshold_e9) != 0)
		t_fail(__FILE__, __LINE__, "lease_init");
	for (int s = 0; s < MODEL_SEATS; s++) {
		m->seat[s].app = m->seat[s].promised = -1;
		if (lease_add_seat(&m->lease, &m->real_seat[s]) != 0)
			t_fail(__FILE__, __LINE__, "lease_add_seat");
	}
	for (int a = 0; a < m->app_n; a++) {
		m->real_app[a].index = a;
		m->app[a].can_spawn = model_below(m, 4) > 0;
		lease_set_can_spawn(&m->lease, a, m->app[a].can_spawn);
	}
}

void
model_fini(struct model *m)
{
	lease_fini(&m->lease);
}

/* --- tasks --- */

static void
model_to_queue(struct model *m, struct task *t, bool at_head)
{
	int app = t->app->index, lane = t->lane;
	struct model_queue *q = &m->app[app].queue[lane];

	if (q->n == 0)
		m->turn[lane][m->turn_n[lane]++] = app;
	if (at_head) {
		memmove(q->task + 1, q->task, (size_t)q->n * sizeof q->task[0]);
		q->task[0] = t;
	} else {
		q->task[q->n] = t;
	}
	q->n++;
	if (at_head)
		lease_requeue(&m->lease, t);
	else
		lease_queue(&m->lease, t);
}

static void
model_arrive(struct model *m)
{
	for (struct task *t = m->pool; t < m->pool + MODEL_TASKS; t++) {
		if (t->app)
			continue;
		t->app = &m->real_app[model_below(m, m->app_n)];
		t->execution = (uint8_t)model_below(m, 3);
		t->lane = t->execution == EXEC_LOW ? LANE_LOW : LANE_MAIN;
		model_trace(m, "task of app %d arrives in %s", t->app->index,
		    t->lane == LANE_LOW ? "low" : "main");
		model_to_queue(m, t, false);
		return;
	}
}

static void
model_burst(struct model *m)
{
	for (int i = model_below(m, 12); i >= 0; i--)
		model_arrive(m);
}

static void
model_cancel(struct model *m)
{
	int app = model_below(m, m->app_n), lane = model_below(m, LANE_COUNT), i = 0;
	struct model_queue *q = &m->app[app].queue[lane];

	if (q->n == 0)
		return;
	int at = model_below(m, q->n);
	struct task *t = q->task[at];
	model_trace(m, "waiting task of app %d is cancelled", app);
	memmove(
	    q->task + at, q->task + at + 1, (size_t)(--q->n - at) * sizeof q->task[0]);
	while (q->n == 0 && m->turn[lane][i] != app)
		i++;
	if (q->n == 0)
		for (m->turn_n[lane]--; i < m->turn_n[lane]; i++)
			m->turn[lane][i] = m->turn[lane][i + 1];
	lease_unqueue(&m->lease, t);
	t->app = NULL;
}

/* Takes lease i of the seat out of both books; the task stays the caller's. */
static struct task *
model_release(struct model *m, struct model_seat *s, int i)
{
	struct task *t = s->task[i];

	s->task[i] = s->task[--s->n];
	if (s->n == 0)
		s->idle_ms = m->now_ms;
	lease_release(&m->lease, t);
	return t;
}

static void
model_end(struct model *m)
{
	struct model_seat *s = &m->seat[model_below(m, MODEL_SEATS)];

	if (s->n == 0)
		return;
	model_trace(m, "a task of seat %d ends", (int)(s - m->seat));
	model_release(m, s, model_below(m, s->n))->app = NULL;
}

static void
model_end_most(struct model *m)
{
	for (int i = 0; i < MODEL_SEATS * 2; i++)
		model_end(m);
}

/* --- workers --- */

static void
model_seat_emptied(struct model *m, int s)
{
	m->seat[s].state = LEASE_SEAT_EMPTY;
	m->seat[s].app = m->seat[s].promised = -1;
	m->seat[s].beside = m->seat[s].fresh = false;
	lease_seat_empty(&m->lease, &m->real_seat[s]);
}

static void
model_death(struct model *m)
{
	int s = model_below(m, MODEL_SEATS);
	bool culprit = true;

	if (m->seat[s].state == LEASE_SEAT_EMPTY)
		return;
	model_trace(m, "the worker of seat %d dies", s);
	while (m->seat[s].n > 0) {
		struct task *t = model_release(m, &m->seat[s], m->seat[s].n - 1);
		if (culprit && t->execution == EXEC_SYNC)
			t->app = NULL;
		else
			model_to_queue(m, t, true);
		culprit = false;
	}
	model_seat_emptied(m, s);
}

static void
model_progress(struct model *m)
{
	int s = model_below(m, MODEL_SEATS);

	if (m->seat[s].state == LEASE_SEAT_STARTING) {
		model_trace(m, "the worker of seat %d is ready", s);
		m->seat[s].state = LEASE_SEAT_READY;
		m->seat[s].ready_ms = m->seat[s].idle_ms = m->now_ms;
		lease_seat_ready(&m->lease, &m->real_seat[s]);
	} else if (m->seat[s].state == LEASE_SEAT_CLOSING && m->seat[s].n == 0) {
		model_trace(m, "the worker of seat %d is gone", s);
		model_seat_emptied(m, s);
	}
}

static void
model_time(struct model *m)
{
	static const int most[] = {5, 50, 500, 20000};
	static const int exact[] = {LEASE_TURN_MS, LEASE_REST_MS, LEASE_LAST_REST_MS};

	if (model_below(m, 3) == 0)
		m->now_ms += exact[model_below(m, COUNT_OF(exact))];
	else
		m->now_ms += model_below(m, most[model_below(m, COUNT_OF(most))]);
	model_trace(m, "it is %lld ms", (long long)m->now_ms);
	lease_set_now(&m->lease, m->now_ms);
}

static void
model_close(struct model *m)
{
	int s = model_below(m, MODEL_SEATS);
	int promised = model_below(m, m->app_n + 1) - 1;

	if (m->seat[s].state != LEASE_SEAT_READY)
		return;
	model_trace(m, "seat %d is closing, promised to %d", s, promised);
	m->seat[s].state = LEASE_SEAT_CLOSING;
	m->seat[s].promised = promised;
	lease_seat_closing(&m->lease, &m->real_seat[s], promised);
}

/* A reload's new worker, beside the pool. */
static void
model_beside(struct model *m)
{
	int s = model_below(m, MODEL_SEATS);

	if (m->seat[s].state != LEASE_SEAT_EMPTY)
		return;
	m->seat[s].state = LEASE_SEAT_CLOSING;
	m->seat[s].app = model_below(m, m->app_n);
	m->seat[s].beside = m->seat[s].fresh = true;
	model_trace(
	    m, "seat %d gets a worker of app %d beside the pool", s, m->seat[s].app);
	lease_seat_beside(&m->lease, &m->real_seat[s], m->seat[s].app);
}

/* It takes the place of an old one, which finishes beside the pool. */
static void
model_enter(struct model *m)
{
	int s = 0, old = model_below(m, MODEL_SEATS);

	while (s < MODEL_SEATS && !m->seat[s].fresh)
		s++;
	if (s == MODEL_SEATS || m->seat[old].state == LEASE_SEAT_EMPTY ||
	    m->seat[old].fresh)
		return;
	model_trace(m, "seat %d takes the place of seat %d", s, old);
	m->seat[old].state = LEASE_SEAT_CLOSING;
	m->seat[old].promised = -1;
	m->seat[old].beside = true;
	lease_seat_aside(&m->lease, &m->real_seat[old]);
	m->seat[s].state = LEASE_SEAT_READY;
	m->seat[s].beside = m->seat[s].fresh = false;
	m->seat[s].ready_ms = m->seat[s].idle_ms = m->now_ms;
	lease_seat_enter(&m->lease, &m->real_seat[s]);
}

static void
model_can_spawn(struct model *m)
{
	int app = model_below(m, m->app_n);

	m->app[app].can_spawn = model_below(m, 5) > 0;
	model_trace(m, "app %d can spawn: %d", app, m->app[app].can_spawn);
	lease_set_can_spawn(&m->lease, app, m->app[app].can_spawn);
}

/* --- settings --- */

static void
model_pause(struct model *m)
{
	int lane = model_below(m, LANE_COUNT);

	m->paused[lane] = model_below(m, 3) == 0;
	model_trace(m, "lane %d paused: %d", lane, m->paused[lane]);
	lease_set_paused(&m->lease, lane, m->paused[lane]);
}

static void
model_limit(struct model *m)
{
	int app = model_below(m, m->app_n);

	m->app[app].limit = model_below(m, 2) ? 0 : 1 + model_below(m, 6);
	model_trace(m, "app %d limit %d", app, m->app[app].limit);
	lease_set_app_limit(&m->lease, app, (unsigned)m->app[app].limit);
}

static void
model_scale(struct model *m)
{
	model_random_pool(m);
	model_trace(m, "pool %d x %d, threshold_e9 %lld", m->concurrent, m->slots,
	    (long long)m->threshold_e9);
	lease_set_pool(&m->lease, m->concurrent, m->slots, m->threshold_e9);
}

static const struct {
	void (*run)(struct model *);
	int weight;
} model_events[] = {
    {model_arrive, 30},
    {model_burst, 3},
    {model_cancel, 4},
    {model_end, 34},
    {model_end_most, 1},
    {model_death, 3},
    {model_progress, 20},
    {model_time, 8},
    {model_close, 2},
    {model_beside, 5},
    {model_enter, 6},
    {model_can_spawn, 4},
    {model_pause, 2},
    {model_limit, 2},
    {model_scale, 1},
};

void
model_event(struct model *m)
{
	int total = 0, i = 0;

	for (size_t e = 0; e < COUNT_OF(model_events); e++)
		total += model_events[e].weight;
	int pick = model_below(m, total);
	while (pick >= model_events[i].weight)
		pick -= model_events[i++].weight;
	model_events[i].run(m);
}

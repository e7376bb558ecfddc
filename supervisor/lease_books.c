/*
 * lease_books.c: what happened, written down: lanes, seats, apps, counts. The rule that
 * reads these books is lease.c.
 */
#include "lease.h"
#include "../common/err.h"
#include <stdlib.h>

unsigned
lease_low_limit(unsigned capacity, int64_t threshold_e9)
{
	if (threshold_e9 <= 0)
		return 0;
	uint64_t limit = (uint64_t)threshold_e9 * capacity / 1000000000u;
	return limit ? (unsigned)limit : 1;
}

void
lease_set_pool(struct lease *l, int concurrent, int slots, int64_t threshold_e9)
{
	l->concurrent = concurrent;
	l->slots = slots;
	l->threshold_e9 = threshold_e9;
	l->capacity = (unsigned)concurrent * (unsigned)slots;
	l->low_limit = lease_low_limit(l->capacity, threshold_e9);
}

int
lease_init(
    struct lease *l, size_t app_n, int concurrent, int slots, int64_t threshold_e9)
{
	memset(l, 0, sizeof *l);
	l->app_room = app_n + LEASE_MORE_APPS;
	l->app = calloc(l->app_room, sizeof *l->app);
	if (!l->app)
		return -ERR_NOMEM;
	for (int lane = 0; lane < LANE_COUNT; lane++)
		lane_init(&l->lane[lane]);
	for (size_t i = 0; i < app_n; i++)
		if (lease_add_app(l) != 0)
			return -ERR_FULL;
	lease_set_pool(l, concurrent, slots, threshold_e9);
	return 0;
}

int
lease_add_app(struct lease *l)
{
	struct lease_app *a = &l->app[l->app_n];

	if (l->app_n == l->app_room)
		return -ERR_FULL;
	for (int lane = 0; lane < LANE_COUNT; lane++)
		lane_app_init(&a->lane[lane], (int)l->app_n);
	heap_init(&a->ready);
	l->app_n++;
	return 0;
}

void
lease_fini(struct lease *l)
{
	for (size_t i = 0; i < l->app_n; i++)
		heap_fini(&l->app[i].ready);
	free(l->app);
	free(l->seat);
	memset(l, 0, sizeof *l);
}

int
lease_add_seat(struct lease *l, struct lease_seat *s)
{
	struct lease_seat **more = realloc(l->seat, (l->seat_n + 1) * sizeof(*more));

	if (!more)
		return -ERR_NOMEM;
	l->seat = more;
	memset(s, 0, sizeof *s);
	s->index = (int)l->seat_n;
	s->app = s->promised = -1;
	TAILQ_INIT(&s->tasks);
	l->seat[l->seat_n++] = s;
	return 0;
}

/* --- the lanes' side of the books --- */

static struct lease_app *
lease_app_of(struct lease *l, const struct task *t)
{
	ASSERT((size_t)t->app->index < l->app_n);
	return &l->app[t->app->index];
}

void
lease_queue(struct lease *l, struct task *t)
{
	lane_push(&l->lane[t->lane], &lease_app_of(l, t)->lane[t->lane], t);
}

void
lease_requeue(struct lease *l, struct task *t)
{
	lane_push_head(&l->lane[t->lane], &lease_app_of(l, t)->lane[t->lane], t);
}

void
lease_unqueue(struct lease *l, struct task *t)
{
	lane_remove(&l->lane[t->lane], &lease_app_of(l, t)->lane[t->lane], t);
}

/* --- the seats' side --- */

/* Least loaded first; among equals the lowest seat, whose memory is warm. */
static int64_t
lease_load_key(const struct lease_seat *s)
{
	return ((int64_t)s->leased << 24) | s->index;
}

void
lease_book(struct lease *l, struct lease_app *a, struct lease_seat *s, struct task *t)
{
	lane_remove(&l->lane[t->lane], &a->lane[t->lane], t);
	lane_turn(&l->lane[t->lane], &a->lane[t->lane]);
	TAILQ_INSERT_TAIL(&s->tasks, t, place);
	t->seat = s;
	l->idle -= s->leased++ == 0;
	s->used = ++l->grants;
	a->leased++;
	l->leased[t->lane]++;
	heap_move(&a->ready, &s->load, lease_load_key(s));
}

static void
lease_seat_idle(struct lease *l, struct lease_seat *s)
{
	s->idle_ms = l->now_ms;
	l->idle += s->state == LEASE_SEAT_READY;
	if (s->promised >= 0)
		l->app[s->promised].coming++;
}

void
lease_release(struct lease *l, struct task *t)
{
	struct lease_seat *s = t->seat;
	struct lease_app *a = lease_app_of(l, t);

	ASSERT(s && s->leased > 0 && a->leased > 0 && l->leased[t->lane] > 0);
	TAILQ_REMOVE(&s->tasks, t, place);
	t->seat = NULL;
	if (--s->leased == 0)
		lease_seat_idle(l, s);
	a->leased--;
	l->leased[t->lane]--;
	if (heap_has(&s->load))
		heap_move(&a->ready, &s->load, lease_load_key(s));
}

/* Takes the seat out of whatever its state put it into. */
static void
lease_seat_leave(struct lease *l, struct lease_seat *s)
{
	if (s->app < 0)
		return;
	struct lease_app *a = &l->app[s->app];
	a->starting -= s->state == LEASE_SEAT_STARTING;
	a->closing -= s->state == LEASE_SEAT_CLOSING && !s->beside;
	l->idle -= s->state == LEASE_SEAT_READY && s->leased == 0;
	if (s->promised >= 0) {
		l->app[s->promised].promised--;
		l->app[s->promised].coming -= s->leased == 0;
	}
	s->promised = -1;
	heap_remove(&a->ready, &s->load);
}

void
lease_seat_starting(struct lease *l, struct lease_seat *s, int app)
{
	ASSERT(s->state == LEASE_SEAT_EMPTY && s->leased == 0);
	s->state = LEASE_SEAT_STARTING;
	s->app = app;
	l->occupied++;
	l->app[app].seats++;
	l->app[app].starting++;
}

static void
lease_seat_open(struct lease *l, struct lease_seat *s)
{
	s->state = LEASE_SEAT_READY;
	s->ready_ms = l->now_ms;
	lease_seat_idle(l, s);
	/* One node per seat: the array grows with the seats, at start-up. */
	if (heap_push(&l->app[s->app].ready, &s->load, lease_load_key(s)) != 0)
		NEVER("no memory for a seat's place in a heap");
}

void
lease_seat_ready(struct lease *l, struct lease_seat *s)
{
	ASSERT(s->state == LEASE_SEAT_STARTING);
	lease_seat_leave(l, s);
	lease_seat_open(l, s);
}

void
lease_seat_beside(struct lease *l UNUSED, struct lease_seat *s, int app)
{
	ASSERT(s->state == LEASE_SEAT_EMPTY && s->leased == 0);
	s->state = LEASE_SEAT_CLOSING;
	s->app = app;
	s->beside = true;
}

void
lease_seat_enter(struct lease *l, struct lease_seat *s)
{
	ASSERT(s->state == LEASE_SEAT_CLOSING && s->beside);
	s->beside = false;
	l->occupied++;
	l->app[s->app].seats++;
	lease_seat_open(l, s);
}

void
lease_seat_aside(struct lease *l, struct lease_seat *s)
{
	lease_seat_closing(l, s, -1);
	if (s->beside)
		return;
	s->beside = true;
	l->occupied--;
	l->app[s->app].seats--;
	l->app[s->app].closing--;
}

void
lease_seat_closing(struct lease *l, struct lease_seat *s, int promised_app)
{
	ASSERT(s->state != LEASE_SEAT_EMPTY);
	lease_seat_leave(l, s);
	s->state = LEASE_SEAT_CLOSING;
	l->app[s->app].closing += !s->beside;
	s->promised = promised_app;
	if (promised_app >= 0) {
		l->app[promised_app].promised++;
		l->app[promised_app].coming += s->leased == 0;
	}
}

void
lease_seat_empty(struct lease *l, struct lease_seat *s)
{
	ASSERT(s->leased == 0);
	if (s->state == LEASE_SEAT_EMPTY)
		return;
	lease_seat_leave(l, s);
	if (!s->beside) {
		l->occupied--;
		l->app[s->app].seats--;
	}
	s->beside = false;
	s->state = LEASE_SEAT_EMPTY;
	s->app = -1;
}

void
lease_set_now(struct lease *l, int64_t now_ms)
{
	l->now_ms = now_ms;
}

void
lease_set_can_spawn(struct lease *l, int app, bool can)
{
	l->app[app].can_spawn = can;
}

void
lease_set_app_limit(struct lease *l, int app, unsigned limit)
{
	l->app[app].limit = limit;
}

void
lease_set_paused(struct lease *l, enum lane_name lane, bool paused)
{
	l->lane[lane].paused = paused;
}

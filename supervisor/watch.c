/*
 * watch.c: what time brings: hearts that stop, deadlines, forkservers to start again,
 * results to forget. Verdicts are heart.c's; this room asks and carries out.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include <event2/event.h>
#include <stdio.h>

#define WATCH_EVERY_MS 100
/* When this process itself was stopped or starved, everybody looks silent: the first
 * look after such a gap judges nobody. */
#define WATCH_GAP_MS 1000
#define WATCH_DUE_A_TURN 1000

/* --- hearts --- */

static int64_t
watch_burst_limit_ms(struct core *c, const struct page_burst *b)
{
	const struct task *t = b->began_ns ? tasks_find(&c->tasks, &b->task) : NULL;

	return t && t->handler->burst_ms ? t->handler->burst_ms
					 : c->conf->workers.beat_timeout_ms;
}

static const struct {
	enum kill_cause cause;
	const char *what;
} watch_verdicts[] = {
    [HEART_BURST_TOO_LONG] = {KILL_BURST,
	"one burst of Ruby took longer than its limit"},
    [HEART_SILENT] = {KILL_BEAT, "no beat"},
    [HEART_NEVER_CAME] = {KILL_BAD, "it did not say HELLO after its start"},
};

static void
watch_seat(struct core *c, struct seat *s)
{
	struct page_burst burst = {0};
	struct heart_view v = {
	    .now_ms = c->now_ms,
	    .starting = s->life == LIFE_STARTING,
	    .beat_timeout_ms = c->conf->workers.beat_timeout_ms,
	    .start_timeout_ms = CORE_START_TIMEOUT_MS,
	};
	char why[160];

	if (s->life == LIFE_EMPTY || s->life == LIFE_KILLED)
		return;
	if (s->lost_ms && c->now_ms - s->lost_ms > WATCH_EVERY_MS) {
		seat_kill(s, KILL_BAD, "its pipe is closed, but it lives");
		return;
	}
	if (s->page) {
		page_read(s->page, &burst);
		v.bursts = atomic_load_explicit(&s->page->bursts, memory_order_relaxed);
	}
	v.burst_began_ms = burst.began_ns / NS_PER_MS;
	v.burst_limit_ms = watch_burst_limit_ms(c, &burst);
	enum heart_verdict verdict = heart_judge(&s->heart, &v);
	if (verdict == HEART_BEATS)
		return;
	snprintf(why, sizeof why, "%s (%lld ms)", watch_verdicts[verdict].what,
	    (long long)(c->now_ms - (verdict == HEART_BURST_TOO_LONG
					    ? v.burst_began_ms
					    : s->heart.alive_ms)));
	seat_kill(s, watch_verdicts[verdict].cause, why);
}

/* A braked seat may be filled again. */
static void
watch_release_seat(struct core *c, struct seat *s)
{
	if (s->life == LIFE_EMPTY && s->lease.state == LEASE_SEAT_CLOSING &&
	    s->not_before_ms <= c->now_ms)
		lease_seat_empty(&c->lease, &s->lease);
}

static void
watch_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct core *c = arg;

	core_refresh_clock(c);
	bool gap = c->now_ms - c->watched_ms > WATCH_GAP_MS;
	if (gap)
		log_warn("the supervisor itself stood still for %lld ms: no worker is "
			 "judged now",
		    (long long)(c->now_ms - c->watched_ms));
	c->watched_ms = c->now_ms;
	for (size_t i = 0; i < c->seat_n; i++) {
		watch_release_seat(c, c->seat[i]);
		if (gap)
			heart_heard(&c->seat[i]->heart, c->now_ms);
		else
			watch_seat(c, c->seat[i]);
	}
	for (size_t i = 0; i < c->app_n; i++)
		if (c->forkserver[i])
			forkserver_tick(c->forkserver[i], c->now_ms);
	timer_turn(c);
	delay_turn(c);
	tasks_expire(&c->tasks, c->now_ms);
	reap_collect(c);
}

/* --- deadlines --- */

void
watch_arm_deadline(struct core *c, struct task *t, int64_t at_ms)
{
	char id[TASKID_TEXT_BYTES];

	if (heap_has(&t->deadline)) {
		heap_move(&c->tasks.deadlines, &t->deadline, at_ms);
	} else if (heap_push(&c->tasks.deadlines, &t->deadline, at_ms) != 0) {
		struct log_about about = tasks_about(t, id);
		log_about(LOG_LEVEL_ERROR, &about,
		    "no memory to watch its deadline: only its worker does");
	}
}

static void
watch_leased_due(struct core *c, struct task *t)
{
	struct seat *s = seat_of(t->seat);
	int64_t end_ms = dispatch_deadline_ms(t);
	char why[128], id[TASKID_TEXT_BYTES];
	struct log_about about = tasks_about(t, id);

	t->flags |= TASK_TIMED_OUT;
	if (t->execution == EXEC_SYNC && !(t->flags & TASK_ANSWERED)) {
		watch_arm_deadline(c, t, end_ms + c->conf->workers.kill_grace_ms);
		settle_answer_early(c, t, FAULT_TIMEOUT);
		return;
	}
	heap_remove(&c->tasks.deadlines, &t->deadline);
	snprintf(why, sizeof why, "%s is %lld ms over its deadline and did not stop",
	    t->handler->name, (long long)(c->now_ms - end_ms));
	log_about(LOG_LEVEL_WARN, &about,
	    "%lld ms over its deadline and did not stop: its worker is killed",
	    (long long)(c->now_ms - end_ms));
	seat_kill(s, KILL_DEADLINE, why);
}

static void
watch_due(struct core *c, struct task *t)
{
	if (t->state == TASK_LEASED)
		watch_leased_due(c, t);
	else if (t->attempt == 0)
		settle_end(c, t, TASK_FAILED, FAULT_EXPIRED);
	else
		settle_end(c, t, TASK_FAILED, FAULT_TIMEOUT);
}

/* The timer is armed lazily: moved only when the first deadline is earlier than what it
 * is armed for; otherwise it comes, finds nothing, and is armed again. */
static void
watch_rearm(struct core *c)
{
	struct heap_node *first = heap_peek(&c->tasks.deadlines);

	if (!first || (c->deadline_ms && c->deadline_ms <= first->key))
		return;
	int64_t left_ms = first->key > c->now_ms ? first->key - c->now_ms : 0;
	struct timeval tv = {left_ms / MS_PER_S, (left_ms % MS_PER_S) * 1000};
	c->deadline_ms = first->key;
	event_add(c->deadline, &tv);
}

static void
watch_deadline_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct core *c = arg;
	struct heap_node *n;
	int done = 0;

	core_refresh_clock(c);
	c->deadline_ms = 0;
	while ((n = heap_peek(&c->tasks.deadlines)) && n->key <= c->now_ms &&
	       done++ < WATCH_DUE_A_TURN)
		watch_due(c, CONTAINER_OF(n, struct task, deadline));
	watch_rearm(c);
}

void
watch_turn(struct core *c)
{
	watch_rearm(c);
}

int
watch_init(struct core *c)
{
	struct timeval every = {0, WATCH_EVERY_MS * 1000};

	c->watched_ms = c->now_ms;
	c->watch = event_new(c->base, -1, EV_PERSIST, watch_cb, c);
	c->deadline = event_new(c->base, -1, 0, watch_deadline_cb, c);
	c->shoot = event_new(c->base, -1, 0, seat_shoot_cb, c);
	if (!c->watch || !c->deadline || !c->shoot)
		return -ERR_NOMEM;
	event_add(c->watch, &every);
	return 0;
}

void
watch_fini(struct core *c)
{
	if (c->watch)
		event_free(c->watch);
	if (c->deadline)
		event_free(c->deadline);
	if (c->shoot)
		event_free(c->shoot);
}

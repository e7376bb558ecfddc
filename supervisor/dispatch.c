/*
 * dispatch.c: carries out what the lease rule says, and takes what the workers say. A
 * message about a task is believed only if that very lease still stands: task, attempt
 * and worker number must fit.
 */
#include "core_impl.h"
#include "../common/err.h"
#include "../common/log.h"
#include "weigh.h"
#include <stdlib.h>

#define DISPATCH_AGAIN_MAX_MS ((int64_t)366 * 86400 * 1000)

/* --- leases --- */

int64_t
dispatch_deadline_ms(const struct task *t)
{
	if (t->execution == EXEC_SYNC)
		return t->accepted_ms + t->timeout_ms;
	return t->state == TASK_LEASED ? t->started_ms + t->timeout_ms : 0;
}

static void
dispatch_note_wait(struct core *c, const struct task *t)
{
	struct core_waits *w = &c->waits[t->lane];

	w->ms[w->next] = (uint32_t)task_wait_ms(t, c->now_ms);
	w->next = (w->next + 1) % CORE_WAITS;
	if (w->n < CORE_WAITS)
		w->n++;
}

static void
dispatch_emit_lease(
    struct core *c, const struct task *t, const struct lease_action *act)
{
	const struct seat *s = seat_of(act->seat);
	struct jsonw *w = emit_task(c, "lease", t);

	if (!w)
		return;
	jsonw_kint(w, "worker", (int64_t)s->worker);
	jsonw_kint(w, "seat", s->lease.index + 1);
	jsonw_kint(w, "attempt", t->attempt);
	jsonw_kint(w, "leasable_main", (int64_t)act->leasable_main);
	jsonw_kint(w, "leased_low", c->lease.leased[LANE_LOW]);
	jsonw_kint(w, "leased", c->lease.leased[LANE_LOW] + c->lease.leased[LANE_MAIN]);
	jsonw_kint(w, "wait_ms", task_wait_ms(t, c->now_ms));
	events_end(c->events);
}

static void
dispatch_grant(struct core *c, const struct lease_action *act)
{
	struct task *t = act->task;
	struct seat *s = seat_of(act->seat);

	task_move(t, TASK_LEASED, c->now_ms);
	t->attempt++;
	t->app->queued[t->lane]--;
	t->app->leased++;
	stats_add(
	    &c->stats, t->lane == LANE_MAIN ? STAT_LEASES_MAIN : STAT_LEASES_LOW, 1);
	dispatch_note_wait(c, t);
	dispatch_emit_lease(c, t, act);

	int64_t end_ms = dispatch_deadline_ms(t);
	watch_arm_deadline(c, t,
	    end_ms + (t->execution == EXEC_SYNC ? CORE_ANSWER_GRACE_MS
						: c->conf->workers.kill_grace_ms));
	struct msg_run run = {
	    .task = span_of(t->id.b, TASKID_BYTES),
	    .attempt = t->attempt,
	    .worker = s->worker,
	    .handler = t->handler->index,
	    .lane = t->lane,
	    .timeout_ms = end_ms > c->now_ms ? (uint64_t)(end_ms - c->now_ms) : 1,
	    .trace_ms = traces_ask(c, t),
	    .envelope = span_of(t->payload, t->payload_bytes),
	};
	if (steps_put_run(s, t, &run) != 0)
		settle_end(c, t, TASK_FAILED, FAULT_NO_MEMORY_HERE);
}

static void
dispatch_do_spawn(struct core *c, const struct lease_action *act)
{
	struct seat *s = seat_of(act->seat);

	if (seat_spawn(s, c->forkserver[act->app], act->app, false) != 0)
		lease_set_can_spawn(
		    &c->lease, act->app, false); /* the watch asks again */
}

static void
dispatch_do_retire(struct core *c, const struct lease_action *act)
{
	char why[128];

	snprintf(why, sizeof why, "app %s has tasks and %s", c->app[act->app]->conf->id,
	    c->lease.app[act->app].seats ? "too few workers" : "no worker");
	seat_retire(seat_of(act->seat), RETIRE_SHARE, why);
}

void
dispatch_turn(struct core *c)
{
	struct lease_action act;

	core_refresh_clock(c);
	lease_set_now(&c->lease, c->now_ms);
	while ((act = lease_next(&c->lease)).kind != LEASE_NONE) {
		/* A handler that a reload took away while the task was queued. */
		if (act.kind == LEASE_GRANT && !act.task->handler->present)
			settle_end_unknown(c, act.task);
		else if (act.kind == LEASE_GRANT)
			dispatch_grant(c, &act);
		else if (act.kind == LEASE_SPAWN)
			dispatch_do_spawn(c, &act);
		else
			dispatch_do_retire(c, &act);
	}
	for (size_t i = 0; i < c->seat_n; i++)
		if (c->seat[i]->link)
			link_flush(c->seat[i]->link);
}

/* --- messages --- */

/* The task of a message, or NULL when its lease is over: then it is only counted. */
static struct task *
dispatch_task(struct seat *s, struct span id, uint64_t attempt, uint64_t worker)
{
	struct task *t = NULL;

	if (id.n == TASKID_BYTES)
		t = tasks_find(&s->core->tasks, (const struct taskid *)id.p);
	if (t && t->state == TASK_LEASED && t->seat == &s->lease &&
	    t->attempt == attempt && s->worker == worker)
		return t;
	stats_add(&s->core->stats, STAT_LATE_MESSAGES, 1);
	log_debug("worker %llu: a message about a task that it does not hold any more: "
		  "dropped",
	    (unsigned long long)s->worker);
	return NULL;
}

#define DISPATCH_TASK(s, m) dispatch_task(s, (m)->task, (m)->attempt, (m)->worker)

static char *
dispatch_copy(struct span text)
{
	return strndup((const char *)(text.p ? text.p : (const uint8_t *)""), text.n);
}

static void
dispatch_measured(struct seat *s, struct task *t, uint64_t run_us, uint64_t burst_us)
{
	t->run_us = run_us > UINT32_MAX ? UINT32_MAX : (uint32_t)run_us;
	t->burst_us = burst_us > UINT32_MAX ? UINT32_MAX : (uint32_t)burst_us;
	s->tasks_done++;
	int max = s->core->conf->workers.max_tasks;
	if (max > 0 && s->tasks_done == (uint64_t)max)
		seat_retire(s, RETIRE_TASKS, "it has done its maxTasks");
}

static void
dispatch_done(struct seat *s, const struct msg *m)
{
	const struct msg_done *d = &m->done;
	struct core *c = s->core;
	struct task *t = DISPATCH_TASK(s, d);

	if (!t)
		return;
	dispatch_measured(s, t, d->run_us, d->burst_us);
	if (d->status || mp_peek(&(struct mp){
			     d->headers.p, d->headers.p + d->headers.n}) == MP_MAP) {
		struct task_note *n = task_note(t);
		if (n) {
			n->status = (int)d->status;
			n->headers = xmemdup(d->headers.p, d->headers.n);
			n->headers_bytes = d->headers.n;
		}
	}
	if (t->flags & TASK_ANSWERED) { /* its caller was told that it timed out */
		settle_end(c, t, TASK_FAILED, FAULT_TIMEOUT);
		return;
	}
	t->result = malloc(d->result.n ? d->result.n : 1);
	if (!t->result) {
		settle_end(c, t, TASK_FAILED, FAULT_NO_MEMORY_HERE);
		return;
	}
	memcpy(t->result, d->result.p, d->result.n);
	t->result_bytes = (uint32_t)d->result.n;
	settle_end(c, t, TASK_DONE, FAULT_NONE);
}

static const struct {
	enum task_state state;
	enum fault fault;
} dispatch_outcome[] = {
    [CAUSE_RAISED] = {TASK_FAILED, FAULT_HANDLER_ERROR},
    [CAUSE_CLOUD_ERROR] = {TASK_FAILED, FAULT_CLOUD_ERROR},
    [CAUSE_TIMEOUT] = {TASK_FAILED, FAULT_TIMEOUT},
    [CAUSE_CANCELLED] = {TASK_CANCELLED, FAULT_CANCELLED},
    [CAUSE_BAD_RESULT] = {TASK_FAILED, FAULT_BAD_RESULT},
    [CAUSE_NO_MEMORY] = {TASK_FAILED, FAULT_HANDLER_ERROR},
    [CAUSE_DETACHED] = {TASK_FAILED, FAULT_HANDLER_ERROR},
};

static void
dispatch_write_down(struct task *t, const struct msg_failed *f)
{
	struct task_note *n = task_note(t);
	struct mp c = mp_over(f->code);

	if (!n)
		return;
	free(n->class);
	free(n->message);
	free(n->backtrace);
	n->class = dispatch_copy(f->class);
	n->message = dispatch_copy(f->message);
	n->backtrace = NULL;
	n->backtrace_bytes = 0;
	if (mp_peek(&(struct mp){f->backtrace.p, f->backtrace.p + f->backtrace.n}) ==
	    MP_ARRAY) {
		n->backtrace = xmemdup(f->backtrace.p, f->backtrace.n);
		n->backtrace_bytes = f->backtrace.n;
	}
	n->has_code = mp_sint(&c, &n->code) == 0;
	n->status = (int)f->status;
}

static void
dispatch_failed(struct seat *s, const struct msg *m)
{
	const struct msg_failed *f = &m->failed;
	struct task *t = DISPATCH_TASK(s, f);

	if (!t)
		return;
	if (f->cause < CAUSE_RAISED || f->cause >= COUNT_OF(dispatch_outcome)) {
		seat_kill(s, KILL_BAD, "it sent a FAILED with an unknown cause");
		return;
	}
	dispatch_measured(s, t, f->run_us, f->burst_us);
	dispatch_write_down(t, f);
	if (t->flags & TASK_ANSWERED)
		settle_end(s->core, t, TASK_FAILED, FAULT_TIMEOUT);
	else if (dispatch_outcome[f->cause].state == TASK_FAILED)
		settle_fail(s->core, t, dispatch_outcome[f->cause].fault,
		    f->again > RETRY_NEVER ? RETRY_USUAL : (enum retry_wish)f->again,
		    f->again_ms > DISPATCH_AGAIN_MAX_MS ? DISPATCH_AGAIN_MAX_MS
							: (int64_t)f->again_ms);
	else
		settle_end(s->core, t, dispatch_outcome[f->cause].state,
		    dispatch_outcome[f->cause].fault);
}

static void
dispatch_trace(struct seat *s, const struct msg *m)
{
	const struct task *t = DISPATCH_TASK(s, &m->trace);

	if (t && traces_take(s->core, t, &m->trace) != 0)
		seat_kill(s, KILL_BAD, "it sent a TRACE that makes no sense");
}

static void
dispatch_progress(struct seat *s, const struct msg *m)
{
	const struct msg_progress *p = &m->progress;
	struct task *t = DISPATCH_TASK(s, p);
	struct task_note *n = t ? task_note(t) : NULL;

	if (!n)
		return;
	n->fraction = p->fraction < 0 ? 0 : p->fraction > 1 ? 1 : p->fraction;
	free(n->progress);
	n->progress = dispatch_copy(p->text);
}

/* These are worth having when the task is over, too. */
static void
dispatch_log(struct seat *s, const struct msg *m)
{
	leftover_on_log(s, &m->log);
}

static void
dispatch_detached(struct seat *s, const struct msg *m)
{
	leftover_on_detached(s, &m->detached);
}

static void
dispatch_unhandled(struct seat *s, const struct msg *m)
{
	leftover_on_unhandled(s, &m->unhandled);
}

static void
dispatch_hello(struct seat *s, const struct msg *m)
{
	seat_on_hello(s, &m->hello);
}

static void
dispatch_bye(struct seat *s, const struct msg *m)
{
	seat_on_bye(s, &m->bye);
}

static void
dispatch_enqueue(struct seat *s, const struct msg *m)
{
	enqueue_on_message(s, &m->enqueue);
}

static void
dispatch_step(struct seat *s, const struct msg *m)
{
	struct task *t = DISPATCH_TASK(s, &m->step);

	if (t)
		steps_on_message(s, t, &m->step);
}

static void
dispatch_beat(struct seat *s, const struct msg *m)
{
	s->heap_bytes = m->beat.heap_bytes;
	s->fibers = m->beat.fibers;
	s->symbols = m->beat.symbols;
	weigh_seat(s);
}

static void
dispatch_tired(struct seat *s, const struct msg *m)
{
	char reason[160];

	snprintf(reason, sizeof reason, "%.*s", SPAN_FMT(m->tired.reason));
	seat_retire(s, RETIRE_OWN, reason);
}

static void (*const dispatch_table[MSG_NUMBER_END])(
    struct seat *, const struct msg *) = {
    [MSG_HELLO] = dispatch_hello,
    [MSG_BEAT] = dispatch_beat,
    [MSG_TIRED] = dispatch_tired,
    [MSG_BYE] = dispatch_bye,
    [MSG_DONE] = dispatch_done,
    [MSG_FAILED] = dispatch_failed,
    [MSG_PROGRESS] = dispatch_progress,
    [MSG_LOG] = dispatch_log,
    [MSG_DETACHED] = dispatch_detached,
    [MSG_UNHANDLED] = dispatch_unhandled,
    [MSG_ENQUEUE] = dispatch_enqueue,
    [MSG_STEP] = dispatch_step,
    [MSG_TRACE] = dispatch_trace,
};

/* Before its HELLO was accepted a peer may say nothing else. */
static bool
dispatch_may_say(const struct seat *s, const struct msg *m)
{
	return s->hello || m->number == MSG_HELLO;
}

void
dispatch_batch(struct seat *s, struct span bytes)
{
	struct core *c = s->core;
	struct mp in = mp_over(bytes);
	unsigned tasks = 0;
	struct msg m;

	core_refresh_clock(c);
	heart_heard(&s->heart, c->now_ms);
	while (!mp_at_end(&in)) {
		int e = msg_parse(&in, MSG_UP, &m);
		if (e != 0 || !dispatch_may_say(s, &m)) {
			stats_add(&c->stats, STAT_BAD_MESSAGES, 1);
			seat_kill(
			    s, KILL_BAD, e ? err_text(e) : "it spoke before its HELLO");
			return;
		}
		tasks += msg_is_task(m.number);
		dispatch_table[m.number](s, &m);
	}
	stats_batch(&c->stats, STAT_UP, tasks);
}

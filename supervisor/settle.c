/*
 * settle.c: how a task ends, or goes back to its lane. The one place where a task
 * leaves its lease, is counted, is told to whoever waits for it, and joins the ended
 * ones.
 */
#include "core_impl.h"
#include "../common/err.h"
#include "../common/log.h"
#include <stdio.h>
#include <stdlib.h>

static const enum stat settle_stats[TASK_STATE_COUNT] = {
    [TASK_DONE] = STAT_ENDED_DONE,
    [TASK_FAILED] = STAT_ENDED_FAILED,
    [TASK_DEAD] = STAT_ENDED_DEAD,
    [TASK_CANCELLED] = STAT_ENDED_CANCELLED,
};

void
settle_leave(struct core *c, struct task *t)
{
	heap_remove(
	    t->state == TASK_DELAYED ? &c->delayed : &c->tasks.deadlines, &t->deadline);
	if (t->state == TASK_LEASED) {
		lease_release(&c->lease, t);
		t->app->leased--;
	} else if (t->state == TASK_QUEUED) {
		lease_unqueue(&c->lease, t);
		t->app->queued[t->lane]--;
	} else if (t->state == TASK_ACCEPTED) {
		durable_end_accept(c, t);
	}
}

/* Only what ran: a worker that died has not told how long. */
static void
settle_measure(struct core *c, const struct task *t)
{
	struct hist(*time)[LANE_COUNT][KIND_END] = c->stats.time;
	enum kind kind = t->handler->kind;

	if (t->attempt == 0 || kind >= KIND_END)
		return;
	hist_add(&time[STAT_TIME_WAIT][t->lane][kind],
	    (uint64_t)task_wait_ms(t, c->now_ms) * 1000);
	if (t->run_us == 0)
		return;
	hist_add(&time[STAT_TIME_RUN][t->lane][kind], t->run_us);
	hist_add(&time[STAT_TIME_BURST][t->lane][kind], t->burst_us);
}

static void
settle_count(struct core *c, struct task *t)
{
	struct handler *h = t->handler;

	stats_add(&c->stats, settle_stats[t->state], 1);
	if (t->state == TASK_DONE) {
		h->done++;
		c->lane_done[t->lane]++;
	} else {
		h->failed++;
		c->lane_failed[t->lane]++;
	}
	if (t->fault == FAULT_TIMEOUT)
		stats_add(&c->stats, STAT_TIMEOUTS, 1);
	h->run_us += t->run_us;
	if (t->run_us > h->run_us_max)
		h->run_us_max = t->run_us;
	if (t->burst_us > h->burst_us_max)
		h->burst_us_max = t->burst_us;
}

static void
settle_emit(struct core *c, const struct task *t)
{
	struct jsonw *w = emit_task(c, "end", t);

	if (!w)
		return;
	jsonw_kstr(w, "state", task_state_name(t->state));
	if (t->fault)
		jsonw_kstr(w, "fault", fault_info(t->fault)->native_code);
	jsonw_kint(w, "wait_ms", task_wait_ms(t, c->now_ms));
	jsonw_kint(w, "run_ms", task_run_ms(t, c->now_ms));
	events_end(c->events);
}

/* " (bad.rb:3:in total)", the first line of the backtrace; or "". */
static const char *
settle_where(const struct task_note *n, char *out, size_t room)
{
	struct mp c =
	    mp_over(n ? span_of(n->backtrace, n->backtrace_bytes) : SPAN_NONE);
	struct span frame;
	uint32_t frames;

	out[0] = '\0';
	if (n && n->backtrace_bytes && mp_array(&c, &frames) == 0 && frames > 0 &&
	    mp_str(&c, &frame) == 0)
		snprintf(out, room, " (%.*s)", SPAN_FMT(frame));
	return out;
}

static void
settle_log_failure(const struct task *t)
{
	const struct task_note *n = t->note;
	/* A sync caller is told, and who cancels knows: the others need a line. */
	enum log_level level = t->state == TASK_CANCELLED || t->fault == FAULT_BURIED
				   ? LOG_LEVEL_DEBUG
			       : t->execution == EXEC_SYNC ? LOG_LEVEL_INFO
							   : LOG_LEVEL_WARN;
	char id[TASKID_TEXT_BYTES], where[300];

	if (log_level() < level)
		return;
	struct log_about about = tasks_about(t, id);
	log_about(level, &about, "%s: %s%s%s%s", task_state_name(t->state),
	    n && n->class ? n->class : fault_info(t->fault)->native_code,
	    n && n->message ? ": " : "", n && n->message ? n->message : "",
	    settle_where(n, where, sizeof where));
}

static void
settle_tell(struct core *c, struct task *t)
{
	task_done_cb *done = t->done;

	t->done = NULL;
	if (done)
		done(t, t->done_arg);
	if (c->ended)
		c->ended(t, c->ended_arg);
}

void
settle_end(struct core *c, struct task *t, enum task_state state, enum fault fault)
{
	size_t payload_bytes = t->payload_bytes;

	settle_leave(c, t);
	t->fault = (uint8_t)fault;
	task_move(t, state, c->now_ms);
	settle_count(c, t);
	settle_measure(c, t);
	settle_emit(c, t);
	if (state != TASK_DONE)
		settle_log_failure(t);
	settle_tell(c, t);
	if (keys_of(t) && keys_of(t)->sort == KEYS_UNIQUE)
		keys_remove(&c->tasks.keys, t);
	durable_end(c, t);
	if (!t->payload)
		steps_drop(t);
	/* The caller of a sync task has its answer: the record stays, the bytes need
	 * not. */
	if (t->execution == EXEC_SYNC && (t->flags & TASK_RESULT_TAKEN)) {
		free(t->result);
		t->result = NULL;
		t->result_bytes = 0;
	}
	tasks_end(&c->tasks, t, payload_bytes);
}

void
settle_answer_early(struct core *c, struct task *t, enum fault fault)
{
	ASSERT(t->state == TASK_LEASED);
	t->flags |= TASK_ANSWERED;
	t->fault = (uint8_t)fault;
	core_refresh_clock(c);
	settle_tell(c, t);
}

void
settle_fail(struct core *c, struct task *t, enum fault fault, enum retry_wish wish,
    int64_t wait_ms)
{
	ASSERT(t->state == TASK_LEASED);
	if (retry_is_due(t, wish)) {
		settle_leave(c, t);
		delay_again(c, t, fault, wait_ms);
	} else {
		settle_end(c, t,
		    t->attempts_max > 1 && wish != RETRY_NEVER ? TASK_DEAD
							       : TASK_FAILED,
		    fault);
	}
}

static void
settle_emit_requeue(
    struct core *c, const struct task *t, bool charged, const char *reason)
{
	struct jsonw *w = emit_task(c, "requeue", t);

	if (!w)
		return;
	jsonw_kbool(w, "charged", charged);
	jsonw_kstr(w, "reason", reason);
	events_end(c->events);
}

static void
settle_log_requeue(const struct task *t, bool charged)
{
	char id[TASKID_TEXT_BYTES];
	struct log_about about = tasks_about(t, id);

	if (charged)
		log_about(LOG_LEVEL_WARN, &about,
		    "its worker died while it ran Ruby: it waits again, death %u of %d",
		    t->deaths, CORE_DEATHS_MAX);
	else
		log_about(LOG_LEVEL_INFO, &about,
		    "its worker has gone: it waits again, uncharged");
}

void
settle_requeue(struct core *c, struct task *t, bool charged, const char *reason)
{
	ASSERT(t->state == TASK_LEASED);
	settle_leave(c, t);
	task_move(t, TASK_QUEUED, c->now_ms);
	lease_requeue(&c->lease, t);
	t->app->queued[t->lane]++;
	t->flags &= (uint8_t)~TASK_CANCELLING;
	stats_add(&c->stats, STAT_TASKS_RERUN, 1);
	settle_emit_requeue(c, t, charged, reason);
	settle_log_requeue(t, charged);
	durable_change(c, t, 0);
	/* A sync caller goes on waiting until its deadline; the others have none while
	 * queued. */
	if (t->execution == EXEC_SYNC)
		watch_arm_deadline(c, t, t->accepted_ms + t->timeout_ms);
}

void
settle_say(struct task *t, const char *class, const char *message)
{
	struct task_note *n = task_note(t);

	if (!n)
		return;
	free(n->class);
	free(n->message);
	n->class = class ? strdup(class) : NULL;
	n->message = strdup(message);
}

void
settle_end_unknown(struct core *c, struct task *t)
{
	/* The lease is in the books already. */
	task_move(t, TASK_LEASED, c->now_ms);
	t->app->queued[t->lane]--;
	t->app->leased++;
	settle_say(t, NULL, "the handler is gone since the last reload");
	settle_end(c, t, t->execution == EXEC_SYNC ? TASK_FAILED : TASK_DEAD,
	    FAULT_UNKNOWN_HANDLER);
}

/* Decision 4: one task of a dead worker. */
static void
settle_after_death(struct core *c, struct task *t, bool culprit, const char *why)
{
	bool repeat = !(t->handler->flags & HANDLER_NO_REPEAT);

	if (t->flags & TASK_KILLED) {
		settle_say(t, NULL, "killed by the operator");
		settle_end(c, t, TASK_CANCELLED, FAULT_CANCELLED);
	} else if (t->flags & TASK_CANCELLING) {
		settle_end(c, t, TASK_CANCELLED, FAULT_CANCELLED);
	} else if (t->flags & TASK_TIMED_OUT) {
		settle_fail(c, t, FAULT_TIMEOUT, RETRY_USUAL, 0);
	} else if (culprit && ++t->deaths >= CORE_DEATHS_MAX) {
		settle_say(t, NULL, fault_info(FAULT_POISON)->text);
		settle_end(c, t, TASK_DEAD, FAULT_POISON);
	} else if (!repeat || (culprit && t->execution == EXEC_SYNC) ||
		   (!culprit && ++t->reruns > CORE_RERUNS_MAX)) {
		settle_say(t, NULL, why);
		settle_end(c, t, TASK_FAILED, FAULT_WORKER_DIED);
	} else {
		settle_requeue(c, t, culprit, why);
	}
}

static bool
settle_is_culprit(const struct task *t, const struct page_burst *burst)
{
	return burst->began_ns != 0 && burst->attempt == t->attempt &&
	       memcmp(burst->task.b, t->id.b, TASKID_BYTES) == 0;
}

/* Newest first, each to the head of its lane: they end up there in their old order. */
void
settle_death(
    struct core *c, struct seat *s, const struct page_burst *burst, const char *why)
{
	struct task *t, *before;

	for (t = TAILQ_LAST(&s->lease.tasks, task_list); t; t = before) {
		before = TAILQ_PREV(t, task_list, place);
		bool culprit = settle_is_culprit(t, burst) && s->killed != KILL_ASKED;
		if (culprit)
			t->handler->deaths++;
		settle_after_death(c, t, culprit, why);
	}
}

void
settle_leftovers(struct core *c, struct seat *s, const char *why)
{
	struct page_burst nobody = {0};

	settle_death(c, s, &nobody, why);
}

/*
 * delay.c: tasks that wait for their time: those submitted with one, and those that
 * failed and run again. The time is wall time, as people mean it; the clock may be set
 * while they wait.
 */
#include "../common/clock.h"
#include "../common/log.h"
#include "core_impl.h"
#include <stdio.h>
#include <sys/random.h>

#define DELAY_DUE_A_TURN 1000

static uint32_t
delay_random(void)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
		r = (uint32_t)clock_now_ns();
	return r;
}

static void
delay_emit(struct core *c, const struct task *t, int64_t wait_ms)
{
	struct jsonw *w = emit_task(c, "retry", t);

	if (!w)
		return;
	jsonw_kint(w, "failures", t->failures);
	jsonw_kint(w, "attempts", t->attempts_max);
	jsonw_kint(w, "after_ms", wait_ms);
	jsonw_kstr(w, "fault", fault_info(t->fault)->native_code);
	events_end(c->events);
}

static void
delay_log(const struct task *t, int64_t wait_ms)
{
	const struct task_note *n = t->note;
	char id[TASKID_TEXT_BYTES], wait[32];

	if (log_level() < LOG_LEVEL_WARN)
		return;
	struct log_about about = tasks_about(t, id);
	log_about(LOG_LEVEL_WARN, &about,
	    "failed: %s%s%s: it runs again in %s (%d of %d attempts have failed)",
	    n && n->class ? n->class : fault_info(t->fault)->native_code,
	    n && n->message ? ": " : "", n && n->message ? n->message : "",
	    clock_format_ms(wait_ms, wait, sizeof wait), t->failures, t->attempts_max);
}

void
delay_again(struct core *c, struct task *t, enum fault fault, int64_t wait_ms)
{
	if (t->failures < UINT8_MAX)
		t->failures++;
	if (t->attempts_max == 1) /* its handler asked for another attempt */
		t->attempts_max = RETRY_JOB_ATTEMPTS;
	if (wait_ms <= 0)
		wait_ms = retry_wait_ms(t->failures, delay_random());
	t->fault = (uint8_t)fault;
	t->flags &= (uint8_t) ~(TASK_CANCELLING | TASK_TIMED_OUT);
	stats_add(&c->stats, STAT_TASKS_RETRIED, 1);
	t->handler->failed++;
	delay_log(t, wait_ms);
	delay_emit(c, t, wait_ms);
	core_place(c, t, clock_wall_ms() + wait_ms);
	durable_change(c, t, task_due_wall_ms(t));
}

void
delay_end(struct core *c, struct task *t)
{
	heap_remove(&c->delayed, &t->deadline);
	core_place(c, t, 0);
}

void
delay_turn(struct core *c)
{
	int64_t now_ms = clock_wall_ms();
	struct heap_node *n;

	for (int i = 0; i < DELAY_DUE_A_TURN && (n = heap_peek(&c->delayed)); i++) {
		if (n->key > now_ms)
			break;
		delay_end(c, CONTAINER_OF(n, struct task, deadline));
	}
}

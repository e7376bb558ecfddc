/*
 * http_task.c: a task as native clients see it. Absent fields are left out.
 */
#include "../common/clock.h"
#include "http_impl.h"
#include "json.h"

static void
task_write_wall(struct jsonw *w, const char *key, int64_t wall_ms)
{
	char text[32];

	jsonw_kstr(w, key, clock_format_wall(wall_ms, text, sizeof text));
}

static void
task_write_times(struct jsonw *w, struct core *core, const struct task *t)
{
	int64_t now_ms = core_now_ms(core);

	task_write_wall(w, "accepted_at", t->accepted_wall_ms);
	if (task_due_wall_ms(t))
		task_write_wall(w, "due_at", task_due_wall_ms(t));
	if (t->started_ms)
		task_write_wall(w, "started_at", task_wall_ms(t, t->started_ms));
	if (t->ended_ms)
		task_write_wall(w, "finished_at", task_wall_ms(t, t->ended_ms));
	jsonw_kint(w, "wait_ms", task_wait_ms(t, now_ms));
	if (t->started_ms)
		jsonw_kint(w, "run_ms", task_run_ms(t, now_ms));
	if (t->burst_us)
		jsonw_kreal(w, "burst_max_ms", t->burst_us / 1000.0);
}

static void
task_write_progress(struct jsonw *w, const struct task_note *n)
{
	if (!n || (n->fraction < 0 && !n->progress))
		return;
	jsonw_key(w, "progress");
	jsonw_object(w);
	if (n->fraction >= 0)
		jsonw_kreal(w, "fraction", n->fraction);
	if (n->progress)
		jsonw_kstr(w, "text", n->progress);
	jsonw_end_object(w);
}

static void
task_write_value(struct jsonw *w, const char *key, struct span value)
{
	if (value.n == 0)
		return;
	jsonw_key(w, key);
	json_write_whole(w, value, JSON_PLAIN);
}

static void
task_write_params(struct jsonw *w, const struct task *t)
{
	struct mp c = mp_over(span_of(t->payload, t->payload_bytes));
	struct span body;
	uint32_t n;

	if (t->payload && mp_array(&c, &n) == 0 && n == ENV_COUNT &&
	    mp_skip(&c, &body) == 0)
		task_write_value(w, "params", body);
}

/* What Cloud::Response asked for besides the body. */
static void
task_write_response(struct jsonw *w, const struct task_note *n)
{
	if (!n || n->status == 0)
		return;
	jsonw_key(w, "response");
	jsonw_object(w);
	jsonw_kint(w, "status", n->status);
	task_write_value(w, "headers", span_of(n->headers, n->headers_bytes));
	jsonw_end_object(w);
}

void
task_write_json(struct jsonw *w, struct core *core, const struct task *t, bool master)
{
	char id[TASKID_TEXT_BYTES];

	jsonw_object(w);
	jsonw_kstr(w, "id", taskid_text(&t->id, id));
	jsonw_kstr(w, "kind", kind_name(t->handler->kind));
	jsonw_kstr(w, "name", t->handler->name);
	jsonw_kstr(w, "execution", execution_text(t->execution));
	jsonw_kstr(w, "lane", lane_text(t->lane));
	jsonw_kstr(w, "state", task_state_name(task_told_state(t)));
	jsonw_kint(w, "attempt", t->attempt);
	jsonw_kint(w, "attempts", t->attempts_max);
	task_write_times(w, core, t);
	task_write_progress(w, t->note);
	if (master)
		task_write_params(w, t);
	if (t->state == TASK_DONE) {
		task_write_value(w, "result", span_of(t->result, t->result_bytes));
		task_write_response(w, t->note);
	}
	if (t->fault != FAULT_NONE) {
		struct trouble trouble = trouble_of(t);
		jsonw_key(w, "error");
		native_write_error(w, &trouble);
	}
	jsonw_end_object(w);
}

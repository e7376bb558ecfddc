/*
 * command_trace.c: where the time of one task went.
 */
#include "../common/clock.h"
#include "command.h"
#include "trace.h"
#include "traces.h"

/* What the daemon itself knows of a task. */
static void
trace_of_task(struct trace *t, const struct task *task, int64_t now_ms)
{
	t->id = task->id;
	t->app = task->app->conf->id;
	t->kind = kind_name(task->handler->kind);
	t->handler = task->handler->name;
	t->attempt = task->attempt;
	t->accepted_wall_ms = task->accepted_wall_ms;
	t->wait_ns = task_wait_ms(task, now_ms) * NS_PER_MS;
	t->ran_ns = task->started_ms > 0 ? task_run_ms(task, now_ms) * NS_PER_MS : 0;
}

static void
trace_of_kept(struct trace *t, const struct kept_trace *k)
{
	t->id = k->id;
	t->app = k->app;
	t->kind = k->kind;
	t->handler = k->handler;
	t->why = k->why;
	t->attempt = k->attempt;
	t->accepted_wall_ms = k->accepted_wall_ms;
	t->wait_ns = k->wait_ns;
	t->link_ns = k->link_ns;
	t->ran_ns = k->ran_ns;
	t->dropped = k->dropped;
	t->raw = span_of(k->raw, k->raw_bytes);
	t->state = k->failed ? "failed" : "done";
}

/* False: refused. */
static bool
trace_of_call(struct command_call *call, struct trace *t)
{
	const char *text = command_arg(call, "ID");
	const struct traces *all = core_traces(call->core);
	bool ambiguous = false, too = false;
	struct task *task = core_find_task_text(call->core, span_str(text), &ambiguous);
	const struct kept_trace *k = task ? traces_find(all, &task->id)
					  : traces_find_text(all, span_str(text), &too);

	if (ambiguous || too)
		command_refuse(call, CODE_STATE,
		    "several tasks have an id that begins or ends with \"%.40s\": give "
		    "more of it",
		    text);
	else if (!task && !k)
		command_refuse(call, CODE_UNKNOWN,
		    "no task and no trace \"%.40s\" (ended tasks are forgotten after "
		    "results.ttl, traces after trace.count; an id may be abbreviated "
		    "from either end to 6 characters or more)",
		    text);
	else if (k)
		trace_of_kept(t, k);
	else
		trace_of_task(t, task, core_now_ms(call->core));
	if (task)
		t->state = task_state_name((enum task_state)task->state);
	return task || k;
}

/* In text a JSON document, in JSON members of the reply. */
static void
trace_export(struct command_call *call, const struct trace *t,
    void (*put)(const struct trace *, struct jsonw *))
{
	struct sheet *s = &call->sheet;
	struct jsonw w;

	if (sheet_json(s)) {
		put(t, sheet_json(s));
		return;
	}
	jsonw_init(&w, s->out);
	jsonw_object(&w);
	put(t, &w);
	jsonw_end_object(&w);
	buf_add_byte(s->out, '\n');
}

static void
trace_show(struct command_call *call, const struct trace *t)
{
	struct jsonw *w = sheet_json(&call->sheet);

	if (!w) {
		trace_draw(t, &call->sheet);
		return;
	}
	jsonw_key(w, "trace");
	jsonw_object(w);
	trace_put_json(t, w);
	jsonw_end_object(w);
}

void
command_trace(struct command_call *call)
{
	const char *form = command_arg(call, "as");
	struct trace t = {0};

	if (form && strcmp(form, "chrome") != 0 && strcmp(form, "otlp") != 0) {
		command_refuse(
		    call, CODE_SYNTAX, "\"as %.40s\": as takes chrome or otlp", form);
		return;
	}
	if (!trace_of_call(call, &t))
		return;
	if (trace_read(&t) != 0)
		t.dropped = 0; /* it was checked when it came */
	if (!form)
		trace_show(call, &t);
	else
		trace_export(call, &t,
		    strcmp(form, "chrome") == 0 ? trace_put_chrome : trace_put_otlp);
}

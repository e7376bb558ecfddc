/*
 * command_bulk.c: retry, promote and bury for all tasks that fit. The answer comes when
 * the order is over.
 */
#include "bulk.h"
#include "command_task.h"

static void
bulk_show_tasks(struct sheet *s, const struct bulk_view *v)
{
	struct jsonw *w = sheet_json(s);

	if (w) {
		jsonw_key(w, "tasks");
		jsonw_array(w);
	}
	for (size_t i = 0; i < v->shown_n; i++) {
		const struct bulk_shown *t = &v->shown[i];

		sheet_line(s, "  %s  %s/%s", t->id, t->app, t->name);
		if (!w)
			continue;
		jsonw_object(w);
		jsonw_kstr(w, "id", t->id);
		jsonw_kstr(w, "app", t->app);
		jsonw_kstr(w, "handler", t->name);
		jsonw_end_object(w);
	}
	if (w)
		jsonw_end_array(w);
	else if (v->fit > v->shown_n)
		sheet_line(s, "  ... and %llu more",
		    (unsigned long long)(v->fit - v->shown_n));
}

static void
bulk_answer(struct command_call *call, const struct bulk_view *v)
{
	struct sheet *s = &call->sheet;
	const char *stopped = v->stopped ? fault_info(v->stopped)->text : NULL;

	call->code = v->over ? CODE_OK : CODE_ASKED;
	sheet_card(s, NULL);
	sheet_str(s, "verb", NULL, bulk_verb_name(v->verb));
	sheet_bool(s, "dry", NULL, v->dry);
	sheet_bool(s, "over", NULL, v->over);
	sheet_int(s, "count", NULL, (int64_t)v->fit);
	sheet_str(s, "stopped", NULL, stopped);
	sheet_end_card(s);
	sheet_line(s, "%s: %llu tasks%s%s%s%s", bulk_verb_name(v->verb),
	    (unsigned long long)v->fit, v->dry ? " fit; nothing is changed" : "",
	    v->over ? "" : " so far, it goes on: the log will say how many",
	    stopped ? "; then it stopped: " : "", stopped ? stopped : "");
	bulk_show_tasks(s, v);
}

static bool
bulk_poll(struct command_call *call, bool expired)
{
	const struct bulk_view *v = bulk_view(call->core, call->wait.number[0]);

	if (!v) {
		command_refuse(call, CODE_STATE,
		    "it is over, but another order has come since: the log says how "
		    "many "
		    "tasks it was");
		return true;
	}
	if (!v->over && !expired)
		return false;
	bulk_answer(call, v);
	return true;
}

/* False: refused. */
static bool
bulk_take_dry(struct command_call *call, bool *dry)
{
	const char *text = command_arg(call, "dry");

	*dry = text && strcmp(text, "yes") == 0;
	if (!text || *dry || strcmp(text, "no") == 0)
		return true;
	command_refuse(call, CODE_SYNTAX, "\"dry %.40s\": dry is yes or no", text);
	return false;
}

static void
bulk_run(struct command_call *call, enum bulk_verb verb)
{
	struct task_filter f = {
	    .state = TASK_STATE_COUNT, .lane = LANE_COUNT, .limit = SIZE_MAX};
	bool dry;

	if (!bulk_take_dry(call, &dry) || !command_take_filter(call, &f))
		return;
	if (!f.app && f.name.n == 0 && f.fault == FAULT_NONE && f.lane == LANE_COUNT) {
		command_refuse(call, CODE_SYNTAX,
		    "say which tasks: one of app, name, fault and lane at the least");
		return;
	}
	call->wait.number[0] = bulk_start(call->core, verb, &f, dry);
	if (call->wait.number[0] == 0) {
		command_refuse(call, CODE_STATE,
		    "another bulk command is under way: try again when it is over");
		return;
	}
	call->wait.poll = bulk_poll;
	call->wait.until_ms = core_now_ms(call->core) + COMMAND_WAIT_MS;
}

void
command_bulk_retry(struct command_call *call)
{
	bulk_run(call, BULK_RETRY);
}

void
command_bulk_promote(struct command_call *call)
{
	bulk_run(call, BULK_PROMOTE);
}

void
command_bulk_bury(struct command_call *call)
{
	bulk_run(call, BULK_BURY);
}

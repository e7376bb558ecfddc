/*
 * command_task.c: tasks by list and by id, cancel and kill.
 */
#include "../common/clock.h"
#include "../common/mp.h"
#include "command_task.h"
#include "lease.h"
#include <stdlib.h>

#define TASKS_MAX 10000

/* --- show tasks --- */
static const char *
tasks_take_number(struct command_call *call, struct task_filter *f, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	(void)call;
	if (*text == '\0' || *end != '\0' || n < 1 || n > TASKS_MAX)
		return "limit takes a number from 1 to 10000";
	f->limit = (size_t)n;
	return NULL;
}

static const char *
tasks_take_state(struct command_call *call, struct task_filter *f, const char *text)
{
	(void)call;
	f->state = task_state_parse(span_str(text));
	return f->state == TASK_STATE_COUNT
		   ? "state is one of accepted, queued, delayed, leased, done, failed, "
		     "dead, cancelled"
		   : NULL;
}

static const char *
tasks_take_lane(struct command_call *call, struct task_filter *f, const char *text)
{
	(void)call;
	for (int lane = 0; lane < LANE_COUNT; lane++)
		if (strcmp(text, lane_text((enum lane_name)lane)) == 0)
			f->lane = (enum lane_name)lane;
	return f->lane == LANE_COUNT ? "lane is main or low" : NULL;
}

static const char *
tasks_take_app(struct command_call *call, struct task_filter *f, const char *text)
{
	f->app = core_find_app(call->core, span_str(text));
	return f->app ? NULL : "there is no such app; \"show info\" lists them";
}

static const char *
tasks_take_name(struct command_call *call, struct task_filter *f, const char *text)
{
	(void)call;
	f->name = span_str(text);
	return f->name.n > 0 ? NULL : "name must not be empty";
}

static const char *
tasks_take_fault(struct command_call *call, struct task_filter *f, const char *text)
{
	(void)call;
	f->fault = fault_parse(text);
	return f->fault ? NULL : "there is no such code; deferd-http(7) lists them";
}

bool
command_take_filter(struct command_call *call, struct task_filter *f)
{
	static const struct {
		const char *name;
		const char *(*take)(
		    struct command_call *, struct task_filter *, const char *);
	} options[] = {{"limit", tasks_take_number}, {"state", tasks_take_state},
	    {"lane", tasks_take_lane}, {"app", tasks_take_app},
	    {"name", tasks_take_name}, {"fault", tasks_take_fault}};

	for (size_t i = 0; i < COUNT_OF(options); i++) {
		const char *value = command_arg(call, options[i].name);
		const char *wrong = value ? options[i].take(call, f, value) : NULL;

		if (wrong) {
			command_refuse(call, CODE_SYNTAX, "\"%s %.100s\": %s",
			    options[i].name, value, wrong);
			return false;
		}
	}
	return true;
}

struct tasks_list {
	struct sheet *sheet;
	int64_t now_ms;
	size_t n;
};

static bool
tasks_show_one(struct task *t, void *arg)
{
	struct tasks_list *list = arg;
	struct sheet *s = list->sheet;
	char id[TASKID_TEXT_BYTES];

	taskid_text(&t->id, id);
	list->n++;
	sheet_row(s);
	sheet_str(s, "id", NULL, id);
	sheet_str(s, NULL, "id", id + strlen(id) - ID_TAIL);
	sheet_str(s, "state", "state", task_state_name((enum task_state)t->state));
	sheet_str(s, "lane", "lane", lane_text((enum lane_name)t->lane));
	sheet_str(s, "app", "app", t->app->conf->id);
	sheet_str(s, "kind", "kind", kind_name(t->handler->kind));
	sheet_str(s, "name", "name", t->handler->name);
	sheet_int(s, "attempt", "attempt", t->attempt);
	sheet_ms(s, "age_ms", "age", list->now_ms - t->accepted_ms);
	sheet_ms(s, "wait_ms", "wait", task_wait_ms(t, list->now_ms));
	sheet_ms(
	    s, "run_ms", "run", t->started_ms > 0 ? task_run_ms(t, list->now_ms) : -1);
	sheet_str(s, "error", "error",
	    t->fault == FAULT_NONE ? NULL
				   : fault_info((enum fault)t->fault)->native_code);
	return true;
}

void
command_show_tasks(struct command_call *call)
{
	struct task_filter f = {
	    .state = TASK_STATE_COUNT, .lane = LANE_COUNT, .limit = TASKS_DEFAULT};
	struct tasks_list list = {&call->sheet, core_now_ms(call->core), 0};
	bool more;

	if (!command_take_filter(call, &f))
		return;
	sheet_table(
	    &call->sheet, "tasks", call->arg_n > 0 ? "no such tasks" : "no tasks");
	more = core_list_tasks(call->core, &f, tasks_show_one, &list);
	sheet_end_table(&call->sheet);
	if (sheet_json(&call->sheet))
		jsonw_kbool(sheet_json(&call->sheet), "more", more);
	else if (more)
		sheet_line(
		    &call->sheet, "\n... and more than these %zu: use limit", list.n);
}

/* --- one task --- */
struct task *
command_find_task(struct command_call *call)
{
	const char *text = command_arg(call, "ID");
	bool ambiguous = false;
	struct task *t = core_find_task_text(call->core, span_str(text), &ambiguous);

	if (t)
		return t;
	if (ambiguous)
		command_refuse(call, CODE_STATE,
		    "several tasks have an id that begins or ends with \"%.40s\": give "
		    "more of it",
		    text);
	else
		command_refuse(call, CODE_UNKNOWN,
		    "no task \"%.40s\" (ended ones are forgotten after results.ttl; an "
		    "id may be "
		    "abbreviated from either end to 6 characters or more)",
		    text);
	return NULL;
}

static int64_t
task_wall_or_0(const struct task *t, int64_t mono_ms)
{
	return mono_ms > 0 ? task_wall_ms(t, mono_ms) : 0;
}

static void
task_show_what(struct sheet *s, const struct task *t)
{
	char id[TASKID_TEXT_BYTES];

	sheet_str(s, "id", "id", taskid_text(&t->id, id));
	sheet_str(s, "state", "state", task_state_name((enum task_state)t->state));
	sheet_str(s, "app", "app", t->app->conf->id);
	sheet_str(s, "kind", "kind", kind_name(t->handler->kind));
	sheet_str(s, "name", "name", t->handler->name);
	sheet_str(s, "place", "place", t->handler->place);
	sheet_str(
	    s, "execution", "execution", execution_text((enum execution)t->execution));
	sheet_str(s, "lane", "lane", lane_text((enum lane_name)t->lane));
}

static void
task_show_times(struct sheet *s, const struct task *t, int64_t now_ms)
{
	bool begun = t->started_ms > 0;

	sheet_int(s, "attempt", "attempt", t->attempt);
	sheet_int(s, "attempts", NULL, t->attempts_max);
	sheet_text(s, "retries", "at most %d after a failure", t->attempts_max - 1);
	sheet_wall(s, "accepted_at", "accepted", t->accepted_wall_ms);
	sheet_wall(s, "started_at", "started", task_wall_or_0(t, t->started_ms));
	sheet_wall(s, "ended_at", "ended", task_wall_or_0(t, t->ended_ms));
	sheet_ms(s, "wait_ms", "waited", task_wait_ms(t, now_ms));
	sheet_ms(s, "run_ms", "ran", begun ? task_run_ms(t, now_ms) : -1);
	sheet_ms(s, "timeout_ms", "timeout",
	    t->timeout_ms > 0 ? (int64_t)t->timeout_ms : -1);
	sheet_ms(s, "deadline_in_ms", "deadline in",
	    heap_has(&t->deadline) && t->deadline.key > now_ms
		? t->deadline.key - now_ms
		: -1);
	sheet_us(s, "worker_run_ms", "worker time", begun ? (int64_t)t->run_us : -1);
	sheet_us(s, "burst_max_ms", "longest burst", begun ? (int64_t)t->burst_us : -1);
}

static void
task_show_worker(struct command_call *call, const struct task *t)
{
	struct sheet *s = &call->sheet;
	struct worker_view v;

	if (t->state != TASK_LEASED || !t->seat)
		return;
	core_view_worker(call->core, (size_t)t->seat->index, &v);
	sheet_int(s, "worker", NULL, (int64_t)v.worker);
	sheet_int(s, "seat", NULL, v.seat);
	sheet_int(s, "pid", NULL, v.pid);
	sheet_text(s, "worker", "%llu (seat %d, pid %d)", (unsigned long long)v.worker,
	    v.seat, v.pid);
}

static void
task_show_rest(struct sheet *s, const struct task *t)
{
	sheet_int(s, "deaths", "deaths charged", t->deaths);
	sheet_int(s, "reruns", "runs uncharged", t->reruns);
	sheet_bool(s, "cancelling", "cancelling", t->flags & TASK_CANCELLING);
	sheet_bool(s, "timed_out", "timed out", t->flags & TASK_TIMED_OUT);
	sheet_bool(s, "caller_waits", "caller waits", t->done != NULL);
	sheet_bytes(s, "payload_bytes", "payload", t->payload_bytes);
	sheet_bytes(s, "result_bytes", "result", t->result_bytes);
	sheet_bytes(s, "memory_bytes", "memory", (int64_t)task_memory_bytes(t));
	if (t->note && t->note->fraction >= 0) {
		struct jsonw *w = sheet_json(s);

		if (w)
			jsonw_kreal(w, "progress", t->note->fraction);
		sheet_str(s, "progress_text", NULL, t->note->progress);
		sheet_text(s, "progress", "%.0f %% %.200s", t->note->fraction * 100,
		    t->note->progress ? t->note->progress : "");
	}
}

/* The lines of the backtrace; malformed ones end it. */
static void
task_show_backtrace(struct sheet *s, const struct task_note *note)
{
	struct mp c = mp_over(span_of(note->backtrace, note->backtrace_bytes));
	struct jsonw *w = sheet_json(s);
	struct span line;
	uint32_t n;

	if (note->backtrace_bytes == 0 || mp_array(&c, &n) != 0)
		return;
	if (w) {
		jsonw_key(w, "backtrace");
		jsonw_array(w);
	}
	for (uint32_t i = 0; i < n && mp_str(&c, &line) == 0; i++) {
		if (w)
			jsonw_span(w, line);
		sheet_span(s, NULL, i == 0 ? "backtrace" : "", line);
	}
	if (w)
		jsonw_end_array(w);
}

static void
task_show_error(struct sheet *s, const struct task *t)
{
	const struct fault_info *info;

	if (t->fault == FAULT_NONE)
		return;
	info = fault_info((enum fault)t->fault);
	sheet_card(s, "error");
	sheet_str(s, "fault", "error", info->native_code);
	if (t->note && t->note->has_code)
		sheet_int(s, "code", "code", t->note->code);
	sheet_str(s, "class", "class", t->note ? t->note->class : NULL);
	sheet_lines(s, "message", "message",
	    t->note && t->note->message ? t->note->message : info->text);
	if (t->note)
		task_show_backtrace(s, t->note);
	sheet_end_card(s);
}

void
command_show_task(struct command_call *call)
{
	struct task *t = command_find_task(call);
	struct sheet *s = &call->sheet;

	if (!t)
		return;
	sheet_card(s, "task");
	task_show_what(s, t);
	task_show_times(s, t, core_now_ms(call->core));
	task_show_worker(call, t);
	task_show_rest(s, t);
	sheet_end_card(s);
	task_show_error(s, t);
}

/* --- cancel, kill --- */
void
command_say_task(
    struct command_call *call, const char *id, const char *state, const char *text)
{
	sheet_card(&call->sheet, NULL);
	sheet_str(&call->sheet, "id", NULL, id);
	sheet_str(&call->sheet, "state", NULL, state);
	sheet_str(&call->sheet, "message", NULL, text);
	sheet_end_card(&call->sheet);
	sheet_line(&call->sheet, "%s: %s", id, text);
}

void
command_cancel_task(struct command_call *call)
{
	struct task *t = command_find_task(call);
	char id[TASKID_TEXT_BYTES];
	const char *state;

	if (!t)
		return;
	taskid_text(&t->id, id);
	state = task_state_name((enum task_state)t->state);
	switch (core_cancel(call->core, t, "cancelled by an operator")) {
	case CANCEL_ENDED_NOW:
		command_say_task(call, id, "cancelled", "cancelled");
		break;
	case CANCEL_ASKED:
		call->code = CODE_ASKED;
		command_say_task(call, id, "leased",
		    "its handler is told to cancel at its next await; if it never "
		    "awaits: kill");
		break;
	case CANCEL_TOO_LATE:
		command_refuse(
		    call, CODE_STATE, "%s has ended already: it is %s", id, state);
		break;
	}
}

void
command_kill_task(struct command_call *call)
{
	struct task *t = command_find_task(call);
	char id[TASKID_TEXT_BYTES];
	const char *state;

	if (!t)
		return;
	taskid_text(&t->id, id);
	state = task_state_name((enum task_state)t->state);
	if (core_kill(call->core, t) != 0) {
		command_refuse(call, CODE_STATE,
		    "%s is %s, not running: there is no worker to kill%s", id, state,
		    task_has_ended((enum task_state)t->state) ? "" : "; use cancel");
		return;
	}
	call->code = CODE_ASKED;
	command_say_task(call, id, "leased",
	    "its worker is killed; the task ends as cancelled, its neighbours run "
	    "again");
}

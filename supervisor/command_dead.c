/*
 * command_dead.c: dead tasks, and what can be done to tasks that do not run: one by
 * one.
 */
#include "command_task.h"

static bool
dead_show_one(struct task *t, void *arg)
{
	struct sheet *s = arg;
	char id[TASKID_TEXT_BYTES];
	const struct fault_info *info = fault_info((enum fault)t->fault);
	const char *message =
	    t->note && t->note->message ? t->note->message : info->text;

	taskid_text(&t->id, id);
	sheet_row(s);
	sheet_str(s, "id", NULL, id);
	sheet_str(s, NULL, "id", id + strlen(id) - ID_TAIL);
	sheet_str(s, "app", "app", t->app->conf->id);
	sheet_str(s, "kind", NULL, kind_name(t->handler->kind));
	sheet_str(s, "handler", "handler", t->handler->name);
	sheet_str(s, "fault", "fault", info->native_code);
	sheet_int(s, "attempt", "attempt", t->attempt);
	sheet_int(s, "failures", "failures", t->failures);
	sheet_wall(s, "died_at", "died", task_wall_ms(t, t->ended_ms));
	sheet_str(s, "message", NULL, message);
	sheet_text(s, "message", "%.60s", message);
	return true;
}

void
command_show_dead(struct command_call *call)
{
	struct task_filter f = {
	    .state = TASK_STATE_COUNT, .lane = LANE_COUNT, .limit = TASKS_DEFAULT};
	struct sheet *s = &call->sheet;
	bool more;

	if (!command_take_filter(call, &f))
		return;
	sheet_table(s, "dead", call->arg_n > 0 ? "no such tasks" : "no dead tasks");
	more = core_list_dead(call->core, &f, dead_show_one, s);
	sheet_end_table(s);
	if (sheet_json(s))
		jsonw_kbool(sheet_json(s), "more", more);
	else if (more)
		sheet_line(s, "\n... and more than these %zu: use limit", f.limit);
}

/* --- one by one --- */
static void
dead_mend(struct command_call *call, core_mend_fn *mend, const char *to,
    const char *text, const char *needs)
{
	struct task *t = command_find_task(call);
	char id[TASKID_TEXT_BYTES];
	const char *was;
	enum fault f;

	if (!t)
		return;
	taskid_text(&t->id, id);
	was = task_state_name((enum task_state)t->state);
	f = mend(call->core, t);
	if (f == FAULT_NONE)
		command_say_task(call, id, to, text);
	else if (f == FAULT_NOT_NOW)
		command_refuse(call, CODE_STATE, "%s is %s: %s", id, was, needs);
	else
		command_refuse(call, f == FAULT_QUEUE_FULL ? CODE_FULL : CODE_STATE,
		    "%s stays as it is: %s", id, fault_info(f)->text);
}

void
command_retry_task(struct command_call *call)
{
	dead_mend(call, core_revive, "queued", "queued again, as if it were new",
	    "only dead tasks can be retried");
}

void
command_promote_task(struct command_call *call)
{
	dead_mend(call, core_promote, "queued", "queued now",
	    "only delayed tasks can be promoted");
}

void
command_bury_task(struct command_call *call)
{
	dead_mend(call, core_bury, "dead", "dead; retry brings it back",
	    "only queued and delayed tasks that nobody waits for can be buried; use "
	    "cancel");
}

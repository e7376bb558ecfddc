/*
 * command_restart.c: restart: a refusal comes from this program, the answer from the
 * next one, over the same connection.
 */
#include "../common/clock.h"
#include "command.h"
#include "config.h"
#include <unistd.h>

/* number[0]: how many had been refused when it was asked. */
static bool
restart_poll_refusal(struct command_call *call, bool expired UNUSED)
{
	const struct control_outcome *o = call->ops->restarted;

	if (o->count == call->wait.number[0])
		return false;
	command_refuse(
	    call, CODE_STATE, "not restarted, what runs goes on:\n%.900s", o->text);
	return true;
}

void
command_restart(struct command_call *call)
{
	const struct control_ops *ops = call->ops;
	uint64_t before = ops->restarted ? ops->restarted->count : 0;

	if (!ops->restart || !ops->restart(ops->arg)) {
		command_refuse(call, CODE_STATE,
		    "not now: deferd stops, or a reload or a restart is under way");
		return;
	}
	call->wait.number[0] = before;
	call->wait.next_answers = true;
	call->wait.poll = restart_poll_refusal;
	call->wait.until_ms = INT64_MAX;
}

/* --- in the next program --- */

static bool
restart_poll_ready(struct command_call *call, bool expired)
{
	const char *not_ready = core_not_ready(call->core);
	struct sheet *s = &call->sheet;

	if (not_ready && !expired)
		return false;
	call->code = not_ready ? CODE_ASKED : CODE_OK;
	sheet_card(s, NULL);
	sheet_str(s, "version", NULL, PACKAGE_VERSION);
	sheet_int(s, "pid", NULL, getpid());
	sheet_bool(s, "ready", NULL, !not_ready);
	sheet_end_card(s);
	if (not_ready)
		sheet_line(s,
		    "restarted: deferd %s, pid %d, but after %d s it is not ready: %s",
		    PACKAGE_VERSION, (int)getpid(), COMMAND_WAIT_MS / MS_PER_S,
		    not_ready);
	else
		sheet_line(s, "restarted: deferd %s, pid %d, ready", PACKAGE_VERSION,
		    (int)getpid());
	return true;
}

void
command_resume_restart(struct command_call *call)
{
	call->wait.poll = restart_poll_ready;
	call->wait.until_ms = core_now_ms(call->core) + COMMAND_WAIT_MS;
}

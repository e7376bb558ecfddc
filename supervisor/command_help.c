/*
 * command_help.c: help, and the commands that act on the whole daemon.
 */
#include "../common/human.h"
#include "command.h"
#include <stdio.h>

/* The typed words are prefixes of the command's own first words. */
static bool
command_help_fits(const struct command *cmd, char *const *words, size_t n)
{
	const char *p = cmd->syntax;

	for (size_t i = 0; i < n; i++) {
		struct span t = command_token(&p);
		size_t len = strlen(words[i]);

		if (len > t.n || memcmp(t.p, words[i], len) != 0)
			return false;
	}
	return true;
}

/* "show task" means that one, not also "show tasks". */
static bool
command_help_is(const struct command *cmd, char *const *words, size_t n)
{
	const char *p = cmd->syntax;

	for (size_t i = 0; i < n; i++)
		if (!span_is(command_token(&p), words[i]))
			return false;
	return n > 0;
}

static void
command_help_one(struct sheet *s, const struct command *cmd)
{
	sheet_card(s, "command");
	sheet_str(s, "syntax", "syntax", cmd->syntax);
	sheet_str(s, "level", "level", command_level_name(cmd->level));
	sheet_str(s, "help", "help", cmd->help);
	sheet_str(s, "detail", NULL, cmd->detail);
	sheet_end_card(s);
	if (!sheet_json(s))
		buf_printf(s->out, "\n%s\n", cmd->detail);
}

void
command_help(struct command_call *call)
{
	const struct command *fits[COMMANDS_MAX], *is = NULL;
	size_t n = 0, exact = 0;

	ASSERT(command_count <= COUNT_OF(fits));
	for (size_t i = 0; i < command_count; i++) {
		const struct command *cmd = &command_table[i];

		if (command_help_fits(cmd, call->rest, call->rest_n))
			fits[n++] = cmd;
		if (command_help_is(cmd, call->rest, call->rest_n)) {
			is = cmd;
			exact++;
		}
	}
	if (exact == 1) {
		fits[0] = is;
		n = 1;
	}
	if (n == 0) {
		command_refuse(call, CODE_UNKNOWN,
		    "no command begins so; \"help\" alone lists them all");
		return;
	}
	if (n == 1 && call->rest_n > 0) {
		command_help_one(&call->sheet, fits[0]);
		return;
	}
	sheet_table(&call->sheet, "commands", "no command");
	for (size_t i = 0; i < n; i++) {
		sheet_row(&call->sheet);
		sheet_str(&call->sheet, "syntax", "command", fits[i]->syntax);
		sheet_str(
		    &call->sheet, "level", "level", command_level_name(fits[i]->level));
		sheet_str(&call->sheet, "help", "what", fits[i]->help);
		sheet_str(&call->sheet, "detail", NULL, fits[i]->detail);
	}
	sheet_end_table(&call->sheet);
}

static void
command_say(struct command_call *call, const char *text)
{
	sheet_card(&call->sheet, NULL);
	sheet_str(
	    &call->sheet, "phase", NULL, command_phase_name(core_phase(call->core)));
	sheet_str(&call->sheet, "message", NULL, text);
	sheet_end_card(&call->sheet);
	sheet_line(&call->sheet, "%s", text);
}

static void
command_say_left(struct command_call *call, const char *what, int64_t grace_ms)
{
	struct lane_view main_lane, low;
	char text[256], grace[HUMAN_BYTES];

	core_view_lane(call->core, LANE_MAIN, &main_lane);
	core_view_lane(call->core, LANE_LOW, &low);
	human_ms(grace_ms, grace);
	snprintf(text, sizeof text,
	    "%s: %llu queued and %llu running tasks are finished first%s%s", what,
	    (unsigned long long)(main_lane.queued + low.queued),
	    (unsigned long long)(main_lane.leased + low.leased),
	    grace_ms < 0 ? "" : ", for at most ", grace_ms < 0 ? "" : grace);
	command_say(call, text);
}

void
command_drain(struct command_call *call)
{
	if (core_phase(call->core) == CORE_STOPPING) {
		command_refuse(call, CODE_STATE, "deferd is stopping already");
		return;
	}
	core_drain(call->core);
	command_say_left(call, "draining, new tasks are refused", -1);
}

void
command_stop(struct command_call *call)
{
	if (core_phase(call->core) == CORE_STOPPING) {
		command_refuse(call, CODE_STATE,
		    "deferd is stopping already (a second TERM would end it at once)");
		return;
	}
	call->code = CODE_ASKED;
	call->ops->stop(call->ops->arg);
	command_say_left(call, "stopping", core_conf(call->core)->shutdown.grace_ms);
}

void
command_undrain(struct command_call *call)
{
	if (core_undrain(call->core) != 0) {
		command_refuse(call, CODE_STATE,
		    core_phase(call->core) == CORE_STOPPING
			? "deferd is stopping: there is no way back"
			: "deferd is not draining");
		return;
	}
	command_say(call, "new tasks are accepted again");
}

void
command_subscribe_events(struct command_call *call)
{
	call->wants_events = true;
}

void
command_top(struct command_call *call)
{
	command_refuse(call, CODE_SYNTAX,
	    "top is drawn by deferctl: run \"deferctl top\" in a terminal");
}

void
command_watch(struct command_call *call)
{
	command_refuse(call, CODE_SYNTAX,
	    "watch is done by deferctl: run \"deferctl watch SECONDS COMMAND...\"");
}

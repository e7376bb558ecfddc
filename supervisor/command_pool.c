/*
 * command_pool.c: the commands that act on lanes and workers.
 */
#include "command.h"

/* LANE_COUNT with the refusal made. */
static enum lane_name
pool_take_lane(struct command_call *call)
{
	const char *text = command_arg(call, "LANE");

	for (int lane = 0; lane < LANE_COUNT; lane++)
		if (strcmp(text, lane_text((enum lane_name)lane)) == 0)
			return (enum lane_name)lane;
	command_refuse(
	    call, CODE_SYNTAX, "\"%.40s\" is no lane: they are main and low", text);
	return LANE_COUNT;
}

static void
pool_set_paused(struct command_call *call, bool paused)
{
	enum lane_name lane = pool_take_lane(call);
	struct sheet *s = &call->sheet;
	struct lane_view v;

	if (lane == LANE_COUNT)
		return;
	core_pause_lane(call->core, lane, paused);
	core_view_lane(call->core, lane, &v);
	sheet_card(s, NULL);
	sheet_str(s, "lane", NULL, lane_text(lane));
	sheet_bool(s, "paused", NULL, v.paused);
	sheet_int(s, "queued", NULL, (int64_t)v.queued);
	sheet_int(s, "leased", NULL, (int64_t)v.leased);
	sheet_end_card(s);
	sheet_line(s, "%s: %s: %llu queued, %llu running", lane_text(lane),
	    paused ? "paused" : "its tasks are started", (unsigned long long)v.queued,
	    (unsigned long long)v.leased);
}

void
command_pause(struct command_call *call)
{
	pool_set_paused(call, true);
}

void
command_resume(struct command_call *call)
{
	pool_set_paused(call, false);
}

/*
 * command_pool.c: the commands that act on lanes and workers.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "command.h"
#include <stdlib.h>

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

/* --- scale, recycle: they answer when the pool has what was asked for --- */

/* A whole number of the argument, from 1; 0: it is none. */
static uint64_t
pool_take_number(const struct command_call *call, const char *name)
{
	const char *text = command_arg(call, name);
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	return text[0] < '0' || text[0] > '9' || *end != '\0' ? 0 : n;
}

static void
pool_wait(struct command_call *call, bool (*poll)(struct command_call *, bool))
{
	call->wait.poll = poll;
	call->wait.until_ms = core_now_ms(call->core) + COMMAND_WAIT_MS;
}

static void
pool_answer(struct command_call *call, size_t unsettled, const char *what)
{
	int size = core_pool_size(call->core);
	struct sheet *s = &call->sheet;

	call->code = unsettled > 0 ? CODE_ASKED : CODE_OK;
	sheet_card(s, NULL);
	sheet_int(s, "workers", NULL, size);
	sheet_int(s, "capacity", NULL, core_capacity(call->core));
	sheet_int(s, "unsettled", NULL, (int64_t)unsettled);
	sheet_end_card(s);
	if (unsettled > 0)
		sheet_line(s,
		    "%s, but after %d s %zu workers are still to come or to go: show "
		    "workers tells more",
		    what, COMMAND_WAIT_MS / MS_PER_S, unsettled);
	else
		sheet_line(s, "%s: the pool has %d workers, all ready", what, size);
}

/* True when nothing is to be waited for any more. */
static bool
pool_poll(struct command_call *call, size_t unsettled, bool expired, const char *what)
{
	if (core_phase(call->core) == CORE_STOPPING) {
		command_refuse(call, CODE_STATE, "deferd stops meanwhile");
		return true;
	}
	if (unsettled > 0 && !expired)
		return false;
	pool_answer(call, unsettled, what);
	return true;
}

static bool
pool_poll_scale(struct command_call *call, bool expired)
{
	return pool_poll(call, core_pool_unsettled(call->core, 0), expired, "scaled");
}

void
command_scale(struct command_call *call)
{
	uint64_t n = pool_take_number(call, "N");
	int rc = n > CORE_POOL_MAX ? -ERR_RANGE : core_scale(call->core, (int)n);

	if (rc == -ERR_STATE)
		command_refuse(call, CODE_STATE,
		    "not while deferd drains or stops, or a reload is under way: try "
		    "again then");
	else if (rc == -ERR_NOMEM)
		command_refuse(call, CODE_INTERNAL, "out of memory");
	else if (rc != 0)
		command_refuse(call, CODE_SYNTAX,
		    "\"%.40s\" is no size of a pool: a number from 1 to %d",
		    command_arg(call, "N"), CORE_POOL_MAX);
	else
		pool_wait(call, pool_poll_scale);
}

/* Is that worker still there? */
static bool
pool_has_worker(const struct command_call *call, uint64_t worker)
{
	struct worker_view v;

	for (size_t i = 0; i < core_seat_count(call->core); i++) {
		core_view_worker(call->core, i, &v);
		if (v.worker == worker)
			return true;
	}
	return false;
}

/* number[0]: the worker, 0 for all; number[1]: the last number when it was asked. */
static bool
pool_poll_recycle(struct command_call *call, bool expired)
{
	uint64_t worker = call->wait.number[0];
	size_t left =
	    core_pool_unsettled(call->core, worker ? 0 : call->wait.number[1]);

	if (worker && left == 0 && pool_has_worker(call, worker))
		left = 1;
	return pool_poll(call, left, expired, "recycled");
}

void
command_recycle(struct command_call *call)
{
	bool all = strcmp(command_arg(call, "WORKER"), "all") == 0;
	uint64_t worker = all ? 0 : pool_take_number(call, "WORKER");
	uint64_t last = core_last_worker(call->core);

	if (core_phase(call->core) == CORE_STOPPING)
		command_refuse(call, CODE_STATE, "deferd is stopping");
	else if (!all && worker == 0)
		command_refuse(call, CODE_SYNTAX,
		    "\"%.40s\" is no worker: a number that show workers prints, or all",
		    command_arg(call, "WORKER"));
	else if (core_recycle(call->core, worker) == 0 && !all)
		command_refuse(call, CODE_UNKNOWN,
		    "there is no worker %llu that could be replaced",
		    (unsigned long long)worker);
	else {
		call->wait.number[0] = worker;
		call->wait.number[1] = last;
		pool_wait(call, pool_poll_recycle);
	}
}

/*
 * command_show.c: the daemon's lanes, workers and handlers, as they are now.
 */
#include "command.h"
#include <stdio.h>

void
command_show_lanes(struct command_call *call)
{
	struct sheet *s = &call->sheet;
	struct lane_view v;

	sheet_table(s, "lanes", "no lanes");
	for (int lane = 0; lane < LANE_COUNT; lane++) {
		core_view_lane(call->core, (enum lane_name)lane, &v);
		sheet_row(s);
		sheet_str(s, "lane", "lane", lane_text(v.lane));
		sheet_int(s, "queued", "queued", (int64_t)v.queued);
		sheet_int(s, "leasable", "leasable", (int64_t)v.leasable);
		sheet_int(s, "leased", "leased", (int64_t)v.leased);
		sheet_int(s, "limit", "limit", v.limit);
		sheet_ms(s, "oldest_ms", "oldest", v.queued > 0 ? v.oldest_ms : -1);
		sheet_ms(s, "wait_p50_ms", "wait-p50", v.wait_p50_ms);
		sheet_ms(s, "wait_p99_ms", "wait-p99", v.wait_p99_ms);
		sheet_int(s, "done", "done", (int64_t)v.done);
		sheet_int(s, "failed", "failed", (int64_t)v.failed);
		sheet_bool(s, "paused", "paused", v.paused);
	}
	sheet_end_table(s);
}

/* What a worker runs: "event myCustomEvent", and "+2" when its other slots are leased.
 */
static void
show_running(struct sheet *s, const struct worker_view *v)
{
	char more[24] = "";

	if (!v->task)
		sheet_text(s, "runs", "-");
	if (v->leases > 1)
		snprintf(more, sizeof more, " +%d", v->leases - 1);
	if (v->task)
		sheet_text(s, "runs", "%s %s %.100s%s", lane_text(v->task_lane),
		    kind_name(v->task_kind), v->task, more);
	sheet_str(s, "task_name", NULL, v->task);
	sheet_str(s, "task_kind", NULL, v->task ? kind_name(v->task_kind) : NULL);
	sheet_str(s, "task_lane", NULL, v->task ? lane_text(v->task_lane) : NULL);
	sheet_str(s, "task_id", NULL, v->task ? v->task_id : NULL);
	sheet_ms(s, "task_ms", "for", v->task ? v->task_ms : -1);
}

static void
show_worker(struct sheet *s, const struct worker_view *v)
{
	bool alive = v->worker != 0;

	sheet_row(s);
	sheet_int(s, "seat", "seat", v->seat);
	sheet_id(s, "worker", "worker", v->worker);
	sheet_id(s, "pid", "pid", alive ? (uint64_t)v->pid : 0);
	sheet_str(s, "state", "state", v->state);
	sheet_str(s, "app", "app", alive ? v->app : NULL);
	show_running(s, v);
	sheet_int(s, "leases", NULL, v->leases);
	sheet_int(s, "slots", NULL, v->slots);
	sheet_int(s, "tasks_done", "done", (int64_t)v->tasks_done);
	sheet_ms(s, "age_ms", "age", alive ? v->age_ms : -1);
	sheet_ms(s, "beat_ago_ms", "beat", alive ? v->beat_ago_ms : -1);
	sheet_ms(s, "burst_ms", "burst", alive ? v->burst_ms : -1);
	sheet_bytes(
	    s, "heap_bytes", "heap", v->heap_bytes > 0 ? (int64_t)v->heap_bytes : -1);
	sheet_int(s, "fibers", NULL, (int64_t)v->fibers);
	sheet_str(
	    s, "obituary", NULL, v->obituary && v->obituary[0] ? v->obituary : NULL);
}

void
command_show_workers(struct command_call *call)
{
	struct sheet *s = &call->sheet;
	struct worker_view v;
	bool any = false;

	sheet_table(s, "workers", "no seats");
	for (size_t i = 0; i < core_seat_count(call->core); i++) {
		core_view_worker(call->core, i, &v);
		if (!v.spare)
			show_worker(s, &v);
	}
	sheet_end_table(s);
	for (size_t i = 0; i < core_seat_count(call->core) && !sheet_json(s); i++) {
		core_view_worker(call->core, i, &v);
		if (!v.obituary || !v.obituary[0])
			continue;
		if (!any)
			sheet_gap(s);
		sheet_line(s, "seat %d, last death: %.900s", v.seat, v.obituary);
		any = true;
	}
}

static void
show_handler(struct sheet *s, const struct app *app, const struct handler *h)
{
	uint64_t ended = h->done + h->failed;

	sheet_row(s);
	sheet_str(s, "app", "app", app->conf->id);
	sheet_str(s, "kind", "kind", kind_name(h->kind));
	sheet_str(s, "name", "name", h->name);
	sheet_str(s, "place", "place", h->place);
	sheet_bool(s, "present", NULL, h->present);
	sheet_int(s, "done", "done", (int64_t)h->done);
	sheet_int(s, "failed", "failed", (int64_t)h->failed);
	sheet_us(s, "run_avg_ms", "avg", ended > 0 ? (int64_t)(h->run_us / ended) : -1);
	sheet_us(s, "run_max_ms", "max", ended > 0 ? (int64_t)h->run_us_max : -1);
	sheet_us(s, "burst_max_ms", "burst", ended > 0 ? (int64_t)h->burst_us_max : -1);
	sheet_int(s, "detached", "detached", (int64_t)h->detached);
	sheet_int(s, "unhandled", "unhandled", (int64_t)h->unhandled);
	sheet_int(s, "deaths", "deaths", (int64_t)h->deaths);
	sheet_text(s, "note", "%s", h->present ? "" : "gone from the files");
}

void
command_show_handlers(struct command_call *call)
{
	struct sheet *s = &call->sheet;

	sheet_table(s, "handlers", "no handlers are loaded");
	for (size_t a = 0; a < core_app_count(call->core); a++) {
		const struct app *app = core_app(call->core, a);

		for (size_t i = 0; i < app->handler_n; i++)
			show_handler(s, app, app->handler[i]);
	}
	sheet_end_table(s);
}

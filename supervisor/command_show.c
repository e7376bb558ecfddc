/*
 * command_show.c: the daemon, its lanes, workers and handlers, as they are now.
 */
#include "config.h"
#include "command.h"
#include "rss.h"
#include "stats.h"
#include <stdio.h>
#include <unistd.h>

const char *
command_phase_name(enum core_phase phase)
{
	static const char *const names[] = {
	    "starting", "running", "draining", "stopping"};

	return names[phase];
}

static uint64_t
show_sum(const struct command_call *call, enum stat first, enum stat last)
{
	return stats_sum(core_stats(call->core), first, last);
}

static uint64_t
show_stat(const struct command_call *call, enum stat which)
{
	return core_stats(call->core)->value[which];
}

static void
show_process(struct command_call *call)
{
	struct sheet *s = &call->sheet;
	const char *not_ready = core_not_ready(call->core);

	sheet_str(s, "version", "deferd", PACKAGE_VERSION);
	sheet_int(s, "pid", "pid", getpid());
	sheet_ms(s, "uptime_ms", "uptime", core_now_ms(call->core) - call->started_ms);
	sheet_str(s, "phase", "phase", command_phase_name(core_phase(call->core)));
	sheet_bool(s, "ready", NULL, not_ready == NULL);
	sheet_str(s, "not_ready", NULL, not_ready);
	sheet_text(
	    s, "ready", "%s%s", not_ready ? "no: " : "yes", not_ready ? not_ready : "");
}

static void
show_store(struct command_call *call)
{
	const struct conf *conf = core_conf(call->core);
	bool durable = strcmp(core_durability(call->core, false), "memory") != 0;
	struct sheet *s = &call->sheet;

	sheet_str(s, "store_engine", NULL, conf->store.engine);
	sheet_bool(s, "durable", NULL, durable);
	sheet_text(s, "store", "%s: %s%s", conf->store.engine,
	    durable ? "async tasks are on disk, in "
		    : "not durable, what is queued is lost when deferd ends",
	    durable ? conf->store.path : "");
}

static void
show_places(struct command_call *call)
{
	const char *const *url = call->ops->urls;
	const struct conf *conf = core_conf(call->core);
	struct sheet *s = &call->sheet;
	struct jsonw *w = sheet_json(s);

	if (w) {
		jsonw_key(w, "urls");
		jsonw_array(w);
	}
	for (; url && *url; url++) {
		if (w)
			jsonw_str(w, *url);
		sheet_str(s, NULL, "listens", *url);
	}
	if (w)
		jsonw_end_array(w);
	sheet_str(s, "control_socket", "control", conf->control.socket);
	sheet_str(s, "config", "config", conf->path);
}

static size_t
show_count_handlers(const struct app *app)
{
	size_t n = 0;

	for (size_t i = 0; i < app->handler_n; i++)
		n += app->handler[i]->present;
	return n;
}

static void
show_app_list(struct command_call *call)
{
	struct sheet *s = &call->sheet;
	struct jsonw *w = sheet_json(s);

	if (w) {
		jsonw_key(w, "apps");
		jsonw_array(w);
	}
	for (size_t i = 0; i < core_app_count(call->core); i++) {
		const struct app *app = core_app(call->core, i);
		size_t handlers = show_count_handlers(app);

		sheet_text(s, "app", "%.100s: %zu handlers from %.200s, sandbox: %s",
		    app->conf->id, handlers, app->conf->handlers,
		    app->sandbox[0] ? app->sandbox : "?");
		if (!w)
			continue;
		jsonw_object(w);
		jsonw_kstr(w, "id", app->conf->id);
		jsonw_kint(w, "handlers", (int64_t)handlers);
		jsonw_kstr(w, "folder", app->conf->handlers);
		jsonw_kint(w, "generation", (int64_t)app->generation);
		jsonw_kstr(w, "sandbox", app->sandbox);
		jsonw_kstr(w, "sandbox_lacks", app->lacks);
		jsonw_end_object(w);
	}
	if (w)
		jsonw_end_array(w);
}

/* How many seats have a worker in that state; NULL: in any. */
static int64_t
show_count_workers(const struct command_call *call, const char *state)
{
	struct worker_view v;
	int64_t n = 0;

	for (size_t i = 0; i < core_seat_count(call->core); i++) {
		core_view_worker(call->core, i, &v);
		n += v.worker != 0 && (!state || strcmp(v.state, state) == 0);
	}
	return n;
}

static void
show_pool(struct command_call *call)
{
	const struct conf *conf = core_conf(call->core);
	int64_t ready = show_count_workers(call, "ready");
	int64_t all = show_count_workers(call, NULL);
	int capacity = core_capacity(call->core);
	struct sheet *s = &call->sheet;
	struct lane_view low;

	core_view_lane(call->core, LANE_LOW, &low);
	sheet_int(s, "concurrent", NULL, core_pool_size(call->core));
	sheet_int(s, "slots", NULL, conf->workers.slots);
	sheet_int(s, "capacity", NULL, capacity);
	sheet_int(s, "low_limit", NULL, low.limit);
	sheet_int(s, "workers", NULL, all);
	sheet_int(s, "workers_ready", NULL, ready);
	sheet_text(s, "pool", "%d workers x %d slots: capacity %d, low at most %d",
	    core_pool_size(call->core), conf->workers.slots, capacity, low.limit);
	sheet_text(
	    s, "workers", "%lld ready of %lld alive", (long long)ready, (long long)all);
}

static void
show_tasks_now(struct command_call *call)
{
	const struct core_peaks *peaks = core_peaks(call->core);
	struct sheet *s = &call->sheet;
	struct lane_view m, low;

	core_view_lane(call->core, LANE_MAIN, &m);
	core_view_lane(call->core, LANE_LOW, &low);
	sheet_int(s, "queued", NULL, (int64_t)(m.queued + low.queued));
	sheet_int(s, "leased", NULL, (int64_t)(m.leased + low.leased));
	sheet_text(s, "queued", "%llu (main %llu, low %llu)",
	    (unsigned long long)(m.queued + low.queued), (unsigned long long)m.queued,
	    (unsigned long long)low.queued);
	sheet_text(s, "running", "%llu (main %llu, low %llu)",
	    (unsigned long long)(m.leased + low.leased), (unsigned long long)m.leased,
	    (unsigned long long)low.leased);
	sheet_int(s, "queued_max", NULL, (int64_t)peaks->queued);
	sheet_int(s, "leased_max", NULL, (int64_t)peaks->leased);
	sheet_int(s, "full_times", NULL, (int64_t)peaks->full);
	sheet_text(s, "most so far",
	    "queued %llu, running %llu; no free slot %llu times",
	    (unsigned long long)peaks->queued, (unsigned long long)peaks->leased,
	    (unsigned long long)peaks->full);
	sheet_bytes(
	    s, "payload_bytes", "payloads", (int64_t)core_payload_bytes(call->core));
	sheet_bytes(s, "rss_bytes", "memory", rss_bytes(0));
}

/* What has happened since the start: one line for tasks, one for workers. */
static void
show_history(struct command_call *call)
{
	struct sheet *s = &call->sheet;
	const struct {
		const char *key, *name;
		uint64_t value;
	} counts[] = {
	    {"tasks_accepted", "accepted", show_stat(call, STAT_TASKS_ACCEPTED)},
	    {"tasks_refused", "refused", show_stat(call, STAT_TASKS_REFUSED)},
	    {"tasks_done", "done", show_stat(call, STAT_ENDED_DONE)},
	    {"tasks_failed", "failed", show_stat(call, STAT_ENDED_FAILED)},
	    {"tasks_dead", "dead", show_stat(call, STAT_ENDED_DEAD)},
	    {"tasks_cancelled", "cancelled", show_stat(call, STAT_ENDED_CANCELLED)},
	    {"tasks_rerun", "run again", show_stat(call, STAT_TASKS_RERUN)},
	    {"workers_spawned", "spawned", show_stat(call, STAT_WORKERS_SPAWNED)},
	    {"workers_killed", "killed",
		show_sum(call, STAT_WORKERS_KILLED_BURST, STAT_WORKERS_KILLED_STOP)},
	    {"workers_died", "died",
		show_sum(call, STAT_WORKERS_DIED_KILLED, STAT_WORKERS_DIED_EXIT)},
	    {"workers_retired", "retired",
		show_sum(call, STAT_WORKERS_RETIRED_OWN, STAT_WORKERS_RETIRED_STOP)},
	    {"spawns_delayed", "slowed", show_stat(call, STAT_SPAWNS_DELAYED)},
	};
	const size_t first_worker = 7;
	char text[2][256] = {"", ""};

	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		char *line = text[i >= first_worker];
		size_t n = strlen(line);

		sheet_int(s, counts[i].key, NULL, (int64_t)counts[i].value);
		snprintf(line + n, sizeof text[0] - n, "%s%s %llu", n > 0 ? ", " : "",
		    counts[i].name, (unsigned long long)counts[i].value);
	}
	sheet_text(s, "tasks since start", "%s", text[0]);
	sheet_text(s, "workers since start", "%s", text[1]);
}

void
command_show_info(struct command_call *call)
{
	sheet_card(&call->sheet, NULL);
	show_process(call);
	show_store(call);
	show_places(call);
	show_app_list(call);
	show_pool(call);
	show_tasks_now(call);
	show_history(call);
	sheet_end_card(&call->sheet);
}

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

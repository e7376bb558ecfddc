/*
 * command_info.c: show info: the daemon as a whole.
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
show_store_numbers(struct sheet *s, const struct core_store *v)
{
	const struct store_view *st = &v->store;
	int64_t mean_us =
	    st->commits > 0 ? (int64_t)(st->commit_us_sum / st->commits) : -1;
	int64_t max_us = st->commits > 0 ? (int64_t)st->commit_us_max : -1;

	sheet_int(s, "store_commits", NULL, (int64_t)st->commits);
	sheet_int(s, "store_records", NULL, (int64_t)st->records);
	sheet_int(s, "store_failures", NULL, (int64_t)st->failures);
	sheet_us(s, "store_commit_mean_ms", NULL, mean_us);
	sheet_us(s, "store_commit_max_ms", NULL, max_us);
	sheet_bytes(s, "store_waiting_bytes", NULL, (int64_t)st->waiting_bytes);
	sheet_bytes(s, "store_file_bytes", NULL, (int64_t)st->file_bytes);
	sheet_bytes(s, "store_log_bytes", NULL, (int64_t)st->log_bytes);
	if (!v->durable)
		return;
	sheet_text(s, "commits", "%llu of %llu records, %llu failed",
	    (unsigned long long)st->commits, (unsigned long long)st->records,
	    (unsigned long long)st->failures);
	sheet_us(s, NULL, "commit mean", mean_us);
	sheet_us(s, NULL, "commit max", max_us);
	sheet_bytes(s, NULL, "uncommitted", (int64_t)st->waiting_bytes);
	sheet_bytes(s, NULL, "store file", (int64_t)st->file_bytes);
	sheet_bytes(s, NULL, "store log", (int64_t)st->log_bytes);
}

static void
show_store(struct command_call *call)
{
	struct sheet *s = &call->sheet;
	const char *state, *why;
	struct core_store v;

	core_view_store(call->core, &v);
	state = store_state_name(v.store.state);
	why = v.store.why;
	sheet_str(s, "store_engine", NULL, v.store.engine);
	sheet_bool(s, "durable", NULL, v.durable);
	sheet_str(s, "store_state", NULL, state);
	sheet_str(s, "store_why", NULL, why[0] ? why : NULL);
	if (!v.durable)
		sheet_text(s, "store",
		    "%s: not durable, what is queued is lost when deferd ends",
		    v.store.engine);
	else if (v.store.state == STORE_OK)
		sheet_text(s, "store", "%s: async tasks are on disk, in %s",
		    v.store.engine, core_conf(call->core)->store.path);
	else
		sheet_text(s, "store", "%s: %s: %s: async tasks are refused",
		    v.store.engine, state, why);
	show_store_numbers(s, &v);
	sheet_int(s, "delayed", "delayed", (int64_t)v.delayed);
	sheet_int(s, "dead", "dead", (int64_t)v.dead);
	sheet_bytes(s, "dead_bytes", NULL, (int64_t)v.dead_bytes);
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

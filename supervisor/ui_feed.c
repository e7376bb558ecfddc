#include "ui_feed.h"
#include "../common/clock.h"
#include "config.h"
#include "dossier.h"
#include "rss.h"
#include "stats.h"

/* Reading a process's memory costs a file: not for every worker of a large pool. */
#define FEED_RSS_SEATS 64
#define FEED_DEATHS 20
#define US_PER_MS 1000.0

/* --- once --- */

static void
feed_apps(const struct ui_viewer *v, struct jsonw *w)
{
	jsonw_key(w, "apps");
	jsonw_array(w);
	for (size_t i = 0; i < core_app_count(v->core); i++) {
		const struct app *a = core_app(v->core, i);

		if (ui_sees(v, a))
			jsonw_str(w, a->conf->id);
	}
	jsonw_end_array(w);
}

void
ui_feed_hello(const struct ui_viewer *v, struct jsonw *w)
{
	jsonw_object(w);
	jsonw_kstr(w, "version", PACKAGE_VERSION);
	feed_apps(v, w);
	jsonw_kbool(w, "all", v->all);
	jsonw_key(w, "bounds_ms");
	jsonw_array(w);
	for (size_t i = 0; i < HIST_BOUNDS; i++)
		jsonw_real(w, (double)hist_bound_us(i) / US_PER_MS);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

/* --- lanes --- */

static void
feed_waits(const struct stats *s, enum lane_name lane, struct jsonw *w)
{
	jsonw_key(w, "waits");
	jsonw_array(w);
	for (size_t i = 0; i <= HIST_BOUNDS; i++) {
		uint64_t n = 0;

		for (int kind = 0; kind < KIND_END; kind++)
			n += s->time[STAT_TIME_WAIT][lane][kind].n[i];
		jsonw_uint(w, n);
	}
	jsonw_end_array(w);
}

static void
feed_lane(const struct ui_viewer *v, enum lane_name lane, struct jsonw *w)
{
	struct lane_view l;

	core_view_lane(v->core, lane, &l);
	jsonw_object(w);
	jsonw_kstr(w, "lane", lane_text(lane));
	jsonw_kbool(w, "paused", l.paused);
	jsonw_kint(w, "queued", (int64_t)l.queued);
	jsonw_kint(w, "leasable", (int64_t)l.leasable);
	jsonw_kint(w, "leased", (int64_t)l.leased);
	jsonw_kint(w, "limit", l.limit);
	jsonw_kint(w, "oldest_ms", l.oldest_ms);
	feed_waits(core_stats(v->core), lane, w);
	jsonw_end_object(w);
}

/* --- seats --- */

static void
feed_running(const struct worker_view *s, bool own, struct jsonw *w)
{
	jsonw_kint(w, "leases", s->leases);
	jsonw_kint(w, "slots", s->slots);
	if (!s->task)
		return;
	jsonw_kstr(w, "lane", lane_text(s->task_lane));
	jsonw_kint(w, "task_ms", s->task_ms);
	if (!own)
		return;
	jsonw_kstr(w, "kind", kind_name(s->task_kind));
	jsonw_kstr(w, "name", s->task);
	jsonw_kstr(w, "task", s->task_id);
}

static void
feed_seat(const struct ui_viewer *v, size_t i, bool rss, struct jsonw *w)
{
	struct worker_view s;

	core_view_worker(v->core, i, &s);
	if (s.spare)
		return;
	jsonw_object(w);
	jsonw_kint(w, "seat", s.seat);
	jsonw_kstr(w, "state", s.state);
	if (s.worker != 0) {
		bool own = s.app && ui_sees(v, core_find_app(v->core, span_str(s.app)));

		jsonw_kint(w, "worker", (int64_t)s.worker);
		jsonw_kint(w, "pid", s.pid);
		if (own)
			jsonw_kstr(w, "app", s.app);
		feed_running(&s, own, w);
		jsonw_kint(w, "done", (int64_t)s.tasks_done);
		jsonw_kint(w, "age_ms", s.age_ms);
		jsonw_kint(w, "beat_ms", s.beat_ago_ms);
		jsonw_kint(w, "burst_ms", s.burst_ms);
		jsonw_kint(w, "heap_bytes", (int64_t)s.heap_bytes);
		if (rss && s.pid > 0)
			jsonw_kint(w, "rss_bytes", rss_bytes(s.pid));
	}
	jsonw_end_object(w);
}

/* --- the whole --- */

static void
feed_counters(const struct ui_viewer *v, struct jsonw *w)
{
	const uint64_t *n = core_stats(v->core)->value;
	const struct dossier *last = core_dossier(v->core, 0);

	jsonw_kint(w, "accepted", (int64_t)n[STAT_TASKS_ACCEPTED]);
	jsonw_kint(w, "refused", (int64_t)n[STAT_TASKS_REFUSED]);
	jsonw_kint(w, "done", (int64_t)n[STAT_ENDED_DONE]);
	jsonw_kint(w, "failed", (int64_t)(n[STAT_ENDED_FAILED] + n[STAT_ENDED_DEAD]));
	jsonw_kint(w, "cancelled", (int64_t)n[STAT_ENDED_CANCELLED]);
	jsonw_kint(w, "rerun", (int64_t)n[STAT_TASKS_RERUN]);
	jsonw_kint(w, "died",
	    (int64_t)(n[STAT_WORKERS_DIED_KILLED] + n[STAT_WORKERS_DIED_SIGNAL] +
		      n[STAT_WORKERS_DIED_EXIT]));
	/* These two change when there is something to ask for. */
	jsonw_kint(w, "tasks_at",
	    (int64_t)(n[STAT_TASKS_ACCEPTED] + n[STAT_LEASES_MAIN] +
		      n[STAT_LEASES_LOW] + n[STAT_ENDED_DONE] + n[STAT_ENDED_FAILED] +
		      n[STAT_ENDED_DEAD] + n[STAT_ENDED_CANCELLED] +
		      n[STAT_TASKS_RERUN]));
	jsonw_kint(w, "deaths_at", last ? last->wall_ms : 0);
}

static void
feed_daemon(const struct ui_viewer *v, int64_t uptime_ms, struct jsonw *w)
{
	static const char *const phases[] = {
	    "starting", "running", "draining", "stopping"};
	const struct core_peaks *peaks = core_peaks(v->core);
	const char *not_ready = core_not_ready(v->core);

	jsonw_kint(w, "now", clock_wall_ms());
	jsonw_kstr(w, "phase", phases[core_phase(v->core)]);
	jsonw_kstr(w, "not_ready", not_ready);
	jsonw_kint(w, "uptime_ms", uptime_ms);
	jsonw_kint(w, "generation", (int64_t)core_generation(v->core));
	jsonw_kint(w, "capacity", core_capacity(v->core));
	jsonw_kint(w, "queued_max", (int64_t)peaks->queued);
	jsonw_kint(w, "leased_max", (int64_t)peaks->leased);
	jsonw_kint(w, "full_times", (int64_t)peaks->full);
	jsonw_kint(w, "payload_bytes", (int64_t)core_payload_bytes(v->core));
	jsonw_kint(w, "rss_bytes", rss_bytes(0));
}

void
ui_feed_pool(const struct ui_viewer *v, int64_t uptime_ms, struct jsonw *w)
{
	size_t seats = core_seat_count(v->core);

	jsonw_object(w);
	feed_daemon(v, uptime_ms, w);
	feed_counters(v, w);
	jsonw_key(w, "lanes");
	jsonw_array(w);
	for (int lane = 0; lane < LANE_COUNT; lane++)
		feed_lane(v, (enum lane_name)lane, w);
	jsonw_end_array(w);
	jsonw_key(w, "seats");
	jsonw_array(w);
	for (size_t i = 0; i < seats; i++)
		feed_seat(v, i, seats <= FEED_RSS_SEATS, w);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

/* --- deaths --- */

static void
feed_death(const struct dossier *d, struct jsonw *w)
{
	const char *line;

	jsonw_object(w);
	jsonw_kint(w, "worker", (int64_t)d->worker);
	jsonw_kint(w, "at", d->wall_ms);
	jsonw_kint(w, "seat", d->seat);
	jsonw_kint(w, "pid", d->pid);
	jsonw_kstr(w, "app", d->app);
	jsonw_kstr(w, "killed_by", d->cause);
	jsonw_kstr(w, "text", d->text);
	if (d->handler[0])
		jsonw_kstr(w, "handler", d->handler);
	if (d->task[0])
		jsonw_kstr(w, "task", d->task);
	jsonw_kint(w, "burst_ms", d->burst_ms);
	jsonw_kint(w, "lived_ms", d->lived_ms);
	jsonw_kint(w, "tasks_done", (int64_t)d->tasks_done);
	jsonw_kint(w, "peak_bytes", d->peak_kib * 1024);
	jsonw_key(w, "log");
	jsonw_array(w);
	for (unsigned i = 0; (line = dossier_lines_at(&d->lines, i)); i++)
		jsonw_str(w, line);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

void
ui_feed_deaths(const struct ui_viewer *v, struct jsonw *w)
{
	const struct dossier *d;
	size_t shown = 0;

	jsonw_array(w);
	for (size_t i = 0; shown < FEED_DEATHS && (d = core_dossier(v->core, i)); i++) {
		if (!ui_sees(v, core_find_app(v->core, span_str(d->app))))
			continue;
		feed_death(d, w);
		shown++;
	}
	jsonw_end_array(w);
}

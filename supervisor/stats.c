/*
 * stats.c: the counters of stats.def and the core's gauges as OpenMetrics text. It asks
 * the core only through its views.
 */
#include "stats.h"
#include "core.h"
#include <stdio.h>

static const struct stat_row {
	bool counter;
	const char *metric, *labels, *help;
} stat_rows[STAT_COUNT] = {
#define COUNTER true
#define GAUGE false
#define STAT(name, kind, metric, labels, help)                                         \
	[STAT_##name] = {kind, metric, labels, help},
#include "stats.def"
#undef STAT
#undef COUNTER
#undef GAUGE
};

static void
stats_write_head(struct buf *out, const char *metric, bool counter, const char *help)
{
	buf_printf(out, "# TYPE %s %s\n# HELP %s %s.\n", metric,
	    counter ? "counter" : "gauge", metric, help);
}

static void
stats_write_value(struct buf *out, const char *metric, bool counter, const char *labels,
    unsigned long long value)
{
	bool some = labels[0] != '\0';

	buf_printf(out, "%s%s%s%s%s %llu\n", metric, counter ? "_total" : "",
	    some ? "{" : "", labels, some ? "}" : "", value);
}

static void
stats_write_rows(const struct stats *s, struct buf *out)
{
	const char *last = "";

	for (int i = 0; i < STAT_COUNT; i++) {
		const struct stat_row *r = &stat_rows[i];
		if (strcmp(last, r->metric) != 0)
			stats_write_head(out, r->metric, r->counter, r->help);
		last = r->metric;
		stats_write_value(out, r->metric, r->counter, r->labels, s->value[i]);
	}
}

/* --- times and sizes --- */

static const struct {
	const char *metric, *help;
} stats_times[STAT_TIME_COUNT] = {
    [STAT_TIME_WAIT] = {"deferd_task_wait_seconds",
	"time in the lane, of tasks that ran and ended"},
    [STAT_TIME_RUN] = {"deferd_task_run_seconds",
	"time from start to end in the worker, awaits included"},
    [STAT_TIME_BURST] = {"deferd_task_burst_seconds",
	"the longest time of Ruby between two awaits of a task"},
};

static void
stats_write_hist_head(
    struct buf *out, const char *metric, const char *unit, const char *help)
{
	buf_printf(out, "# TYPE %s histogram\n", metric);
	if (unit)
		buf_printf(out, "# UNIT %s %s\n", metric, unit);
	buf_printf(out, "# HELP %s %s.\n", metric, help);
}

/* Kinds that never ran in a lane are left out. */
static void
stats_write_times(const struct stats *s, struct buf *out)
{
	char labels[64];

	for (int i = 0; i < STAT_TIME_COUNT; i++) {
		const char *metric = stats_times[i].metric;
		stats_write_hist_head(out, metric, "seconds", stats_times[i].help);
		for (int n = 0; n < LANE_COUNT * KIND_END; n++) {
			enum lane_name lane = (enum lane_name)(n / KIND_END);
			enum kind kind = (enum kind)(n % KIND_END);
			const struct hist *h = &s->time[i][lane][kind];
			if (hist_count(h) == 0)
				continue;
			snprintf(labels, sizeof labels, "lane=\"%s\",kind=\"%s\"",
			    lane_text(lane), kind_name(kind));
			hist_write(h, metric, labels, out);
		}
	}
}

static void
stats_write_batches(const struct stats *s, struct buf *out)
{
	static const char metric[] = "deferd_link_batch_tasks";

	stats_write_hist_head(
	    out, metric, NULL, "tasks or results in an NNG message that has any");
	hist_write_sizes(&s->batch[STAT_DOWN], metric, "direction=\"down\"", out);
	hist_write_sizes(&s->batch[STAT_UP], metric, "direction=\"up\"", out);
}

static void
stats_write_lag(const struct stats *s, struct buf *out)
{
	static const char metric[] = "deferd_loop_lag_seconds";

	stats_write_hist_head(out, metric, "seconds",
	    "how late a timer of 1 ms came that runs while there is traffic");
	hist_write(&s->lag, metric, "", out);
}

/* --- the core's gauges --- */

static uint64_t
stats_lane_queued(const struct lane_view *v)
{
	return v->queued;
}
static uint64_t
stats_lane_leasable(const struct lane_view *v)
{
	return v->leasable;
}
static uint64_t
stats_lane_leased(const struct lane_view *v)
{
	return v->leased;
}
static uint64_t
stats_lane_limit(const struct lane_view *v)
{
	return (uint64_t)v->limit;
}
static uint64_t
stats_lane_paused(const struct lane_view *v)
{
	return v->paused;
}
static uint64_t
stats_lane_oldest(const struct lane_view *v)
{
	return (uint64_t)v->oldest_ms;
}

static const struct {
	const char *metric, *help;
	uint64_t (*get)(const struct lane_view *);
} stats_lanes[] = {
    {"deferd_lane_queued", "tasks that wait in the lane", stats_lane_queued},
    {"deferd_lane_leasable", "waiting tasks that a worker could take",
	stats_lane_leasable},
    {"deferd_lane_leased", "tasks of the lane that run", stats_lane_leased},
    {"deferd_lane_limit", "most tasks of the lane at once", stats_lane_limit},
    {"deferd_lane_paused", "1 while the lane is paused", stats_lane_paused},
    {"deferd_lane_oldest_milliseconds", "wait of the oldest queued task",
	stats_lane_oldest},
};

static void
stats_write_lanes(const struct core *c, struct buf *out)
{
	struct lane_view v[LANE_COUNT];
	char labels[32];

	for (int l = 0; l < LANE_COUNT; l++)
		core_view_lane(c, (enum lane_name)l, &v[l]);
	for (size_t i = 0; i < COUNT_OF(stats_lanes); i++) {
		const char *metric = stats_lanes[i].metric;
		stats_write_head(out, metric, false, stats_lanes[i].help);
		for (int l = 0; l < LANE_COUNT; l++) {
			snprintf(labels, sizeof labels, "lane=\"%s\"",
			    lane_text((enum lane_name)l));
			stats_write_value(
			    out, metric, false, labels, stats_lanes[i].get(&v[l]));
		}
	}
}

static void
stats_write_workers(const struct core *c, struct buf *out)
{
	static const char *const states[] = {
	    "empty", "starting", "ready", "closing", "leaving", "killed"};
	uint64_t n[COUNT_OF(states)] = {0};
	struct worker_view v;
	char labels[32];

	for (size_t i = 0; i < core_seat_count(c); i++) {
		core_view_worker(c, i, &v);
		for (size_t s = 0; s < COUNT_OF(states); s++)
			n[s] += strcmp(v.state, states[s]) == 0;
	}
	stats_write_head(
	    out, "deferd_workers", false, "seats by the state of their worker");
	for (size_t s = 0; s < COUNT_OF(states); s++) {
		snprintf(labels, sizeof labels, "state=\"%s\"", states[s]);
		stats_write_value(out, "deferd_workers", false, labels, n[s]);
	}
}

static void
stats_write_gauge(struct buf *out, const char *metric, const char *help, uint64_t value)
{
	stats_write_head(out, metric, false, help);
	stats_write_value(out, metric, false, "", value);
}

static void
stats_write_peaks(const struct core *c, struct buf *out)
{
	const struct core_peaks *p = core_peaks(c);

	stats_write_gauge(out, "deferd_queued_max",
	    "the most tasks that waited at once since the start", p->queued);
	stats_write_gauge(out, "deferd_leased_max",
	    "the most tasks that ran at once since the start", p->leased);
	stats_write_head(out, "deferd_pool_full", true,
	    "how often tasks began to wait because no slot was free");
	stats_write_value(out, "deferd_pool_full", true, "", p->full);
}

static void
stats_write_counter(
    struct buf *out, const char *metric, const char *help, uint64_t value)
{
	stats_write_head(out, metric, true, help);
	stats_write_value(out, metric, true, "", value);
}

static void
stats_write_store_state(const struct store_view *v, struct buf *out)
{
	static const char metric[] = "deferd_store_state";
	char labels[32];

	stats_write_head(
	    out, metric, false, "1 for the state that the store is in, 0 for others");
	for (enum store_state s = STORE_OK; s <= STORE_STOPPED; s++) {
		snprintf(labels, sizeof labels, "state=\"%s\"", store_state_name(s));
		stats_write_value(out, metric, false, labels, v->state == s);
	}
}

static void
stats_write_store(const struct core *c, struct buf *out)
{
	struct core_store v;

	core_view_store(c, &v);
	stats_write_counter(
	    out, "deferd_store_commits", "commits of the store", v.store.commits);
	stats_write_counter(
	    out, "deferd_store_records", "changes in these commits", v.store.records);
	stats_write_counter(
	    out, "deferd_store_failures", "commits that failed", v.store.failures);
	stats_write_counter(out, "deferd_store_commit_microseconds",
	    "time that commits took", v.store.commit_us_sum);
	stats_write_gauge(out, "deferd_store_commit_max_microseconds",
	    "the longest commit since the start", v.store.commit_us_max);
	stats_write_gauge(out, "deferd_store_waiting_bytes",
	    "changes that are not committed yet", v.store.waiting_bytes);
	stats_write_gauge(out, "deferd_store_file_bytes",
	    "size of the store's file at the last commit", v.store.file_bytes);
	stats_write_gauge(out, "deferd_store_log_bytes",
	    "size of the store's log at the last commit", v.store.log_bytes);
	stats_write_store_state(&v.store, out);
	stats_write_gauge(
	    out, "deferd_tasks_delayed", "tasks that wait for their time", v.delayed);
	stats_write_gauge(out, "deferd_tasks_dead", "dead tasks that are kept", v.dead);
}

int
stats_write(const struct stats *s, const struct core *c, struct buf *out)
{
	stats_write_rows(s, out);
	stats_write_times(s, out);
	stats_write_batches(s, out);
	stats_write_lag(s, out);
	stats_write_lanes(c, out);
	stats_write_workers(c, out);
	stats_write_gauge(
	    out, "deferd_capacity", "workers times slots", (uint64_t)core_capacity(c));
	stats_write_peaks(c, out);
	stats_write_store(c, out);
	stats_write_gauge(out, "deferd_payload_bytes",
	    "payload of the tasks that have not ended", core_payload_bytes(c));
	stats_write_gauge(out, "deferd_ready", "1 when new tasks are taken and can run",
	    core_not_ready(c) == NULL);
	buf_add_str(out, "# EOF\n");
	return out->failed ? -1 : 0;
}

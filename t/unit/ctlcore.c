#include "ctlcore.h"
#include "../../common/clock.h"
#include "../../common/err.h"
#include "../../common/mp.h"
#include "../../supervisor/stats.h"
#include <stdlib.h>

#define NOW_MS 1000000
#define WALL_MS 1795255200000 /* 2026-11-21T10:00:00Z */

/* --- what the commands ask --- */
size_t
core_app_count(const struct core *c UNUSED)
{
	return 1;
}
struct app *
core_app(const struct core *c, size_t i)
{
	return c->app[i];
}
struct app *
core_find_app(const struct core *c, struct span id)
{
	return span_is(id, c->conf_app.id) ? c->app[0] : NULL;
}
const struct conf *
core_conf(const struct core *c)
{
	return &c->conf;
}
struct stats *
core_stats(const struct core *c)
{
	return c->stats;
}
struct events *
core_events(const struct core *c)
{
	return c->events;
}
int64_t
core_now_ms(const struct core *c)
{
	return c->now_ms;
}
enum core_phase
core_phase(const struct core *c)
{
	return c->phase;
}
const char *
core_durability(const struct core *c, bool relaxed UNUSED)
{
	return c->durable ? "synced" : "memory";
}

const char *
core_not_ready(const struct core *c)
{
	return c->not_ready;
}
int
core_capacity(const struct core *c)
{
	return c->conf.workers.concurrent * c->conf.workers.slots;
}
uint64_t
core_payload_bytes(const struct core *c)
{
	return c->tasks.payload_bytes;
}
size_t
core_seat_count(const struct core *c)
{
	return c->worker_n;
}
void
core_view_worker(const struct core *c, size_t seat, struct worker_view *v)
{
	*v = c->worker[seat];
}
void
core_view_lane(const struct core *c, enum lane_name lane, struct lane_view *v)
{
	*v = c->lane[lane];
}
void
core_view_store(const struct core *c, struct core_store *v)
{
	*v = c->store;
	v->durable = c->durable;
	v->store.engine = c->conf.store.engine;
}
struct task *
core_find_task_text(const struct core *c, struct span text, bool *ambiguous)
{
	return tasks_find_text(&c->tasks, text, ambiguous);
}
bool
core_list_tasks(const struct core *c, const struct task_filter *f,
    bool (*visit)(struct task *, void *arg), void *arg)
{
	return tasks_list(&c->tasks, f, visit, arg);
}

/* --- what they do --- */
enum cancel_result
core_cancel(struct core *c, struct task *t, const char *reason UNUSED)
{
	c->cancelled++;
	if (task_has_ended((enum task_state)t->state))
		return CANCEL_TOO_LATE;
	if (t->state == TASK_LEASED)
		return CANCEL_ASKED;
	task_move(t, TASK_CANCELLED, c->now_ms);
	return CANCEL_ENDED_NOW;
}
int
core_kill(struct core *c, struct task *t)
{
	c->killed++;
	return t->state == TASK_LEASED ? 0 : -ERR_STATE;
}
void
core_drain(struct core *c)
{
	c->drained++;
	c->phase = CORE_DRAINING;
}

int
core_undrain(struct core *c)
{
	if (c->phase != CORE_DRAINING)
		return -ERR_STATE;
	c->phase = CORE_RUNNING;
	return 0;
}
void
core_pause_lane(struct core *c, enum lane_name lane, bool paused)
{
	c->lane[lane].paused = paused;
}

int
core_scale(struct core *c, int workers)
{
	if (workers < 1 || workers > CORE_POOL_MAX)
		return -ERR_RANGE;
	if (c->phase != CORE_RUNNING)
		return -ERR_STATE;
	c->conf.workers.concurrent = workers;
	return 0;
}
int
core_pool_size(const struct core *c)
{
	return c->conf.workers.concurrent;
}
uint64_t
core_last_worker(const struct core *c)
{
	return c->worker[c->worker_n - 1].worker;
}
size_t
core_recycle(struct core *c, uint64_t worker)
{
	c->recycled = worker;
	return worker == 0 || worker == c->worker[0].worker;
}
size_t
core_pool_unsettled(const struct core *c, uint64_t since UNUSED)
{
	return c->unsettled;
}

const struct traces *
core_traces(const struct core *c)
{
	return &c->traces;
}
const struct dossier *
core_dossier(const struct core *c, size_t i)
{
	return i == 0 && c->dossier.worker ? &c->dossier : NULL;
}
const struct dossier *
core_find_dossier(const struct core *c, uint64_t worker)
{
	return worker == c->dossier.worker ? &c->dossier : NULL;
}

const struct core_peaks *
core_peaks(const struct core *c)
{
	return &c->peaks;
}

/* --- the canned state --- */
static struct task *
ctlcore_task(struct core *c, enum lane_name lane)
{
	struct taskid id;
	struct task *t;

	taskid_next(&c->ids, WALL_MS, &id);
	t = task_new(&id, xcalloc(1, 100), 100);
	t->app = c->app[0];
	t->handler = &c->event;
	t->execution = lane == LANE_LOW ? EXEC_LOW : EXEC_ASYNC;
	t->lane = (uint8_t)lane;
	t->accepted_ms = c->now_ms - 2500;
	t->accepted_wall_ms = WALL_MS;
	t->attempts_max = 1;
	task_move(t, TASK_QUEUED, c->now_ms);
	if (tasks_add(&c->tasks, t) != 0)
		abort();
	return t;
}

static void
ctlcore_lease(struct core *c, struct task *t)
{
	t->attempt = 1;
	t->seat = &c->seat;
	task_move(t, TASK_LEASED, c->now_ms - 1500);
}

static void
ctlcore_fail(struct core *c, struct task *t)
{
	struct task_note *note = task_note(t);
	msgpack_packer pk;
	struct buf lines;

	ctlcore_lease(c, t);
	buf_init(&lines, 0);
	pk = mp_packer(&lines);
	msgpack_pack_array(&pk, 2);
	mp_put_cstr(&pk, "demo.rb:3:in call");
	mp_put_cstr(&pk, "demo.rb:2");
	note->class = xstrdup("RuntimeError");
	note->message = xstrdup("no \"such\"\nthing \033[31mred");
	note->backtrace = buf_take(&lines, &note->backtrace_bytes);
	t->fault = FAULT_HANDLER_ERROR;
	t->run_us = 1250;
	t->burst_us = 900;
	t->seat = NULL;
	task_move(t, TASK_FAILED, c->now_ms - 1000);
}

static void
ctlcore_fill_workers(struct core *c)
{
	static const char *const states[] = {
	    "ready", "ready", "ready", "starting", "killed", "empty"};

	c->worker_n = COUNT_OF(states);
	for (size_t i = 0; i < CTLCORE_WORKERS; i++) {
		struct worker_view *v = &c->worker[i];

		*v = (struct worker_view){.seat = (int)i + 1,
		    .worker = 101 + i,
		    .pid = 4000 + (int)i,
		    .state = i < COUNT_OF(states) ? states[i] : "ready",
		    .app = "demo",
		    .task_ms = -1,
		    .slots = 1,
		    .tasks_done = 7 * i,
		    .age_ms = 61000,
		    .beat_ago_ms = 40,
		    .burst_ms = -1,
		    .heap_bytes = 700000,
		    .obituary = ""};
	}
	c->worker[0].task = c->worker[1].task = "myCustomEvent";
	c->worker[0].task_kind = c->worker[1].task_kind = KIND_EVENT;
	c->worker[1].task_lane = LANE_LOW;
	c->worker[0].task_ms = c->worker[1].task_ms = 1500;
	c->worker[0].leases = c->worker[1].leases = 1;
	taskid_text(&c->leased->id, c->worker[0].task_id);
	taskid_text(&c->leased->id, c->worker[1].task_id);
	c->worker[4].obituary = "worker 90, pid 3000: killed by signal 9";
	c->worker[5].worker = 0;
	c->worker[5].pid = 0;
	c->worker[5].app = NULL;
}

static void
ctlcore_fill_conf(struct core *c, const char *socket)
{
	c->conf_app = (struct conf_app){.id = (char *)(uintptr_t) "demo",
	    .handlers = (char *)(uintptr_t) "/srv/handlers",
	    .keys.rest = {c->secret, 1}};
	c->secret[0] = (char *)(uintptr_t) "rest-secret";
	c->conf.path = (char *)(uintptr_t) "deferd.yaml";
	c->conf.control.socket = (char *)(uintptr_t)socket;
	c->conf.store.engine = (char *)(uintptr_t) "memory";
	c->conf.workers.concurrent = 20;
	c->conf.workers.slots = 1;
	c->conf.app = &c->conf_app;
	c->conf.app_n = 1;
}

void
ctlcore_init(struct core *c, const char *socket)
{
	memset(c, 0, sizeof *c);
	c->now_ms = NOW_MS;
	c->phase = CORE_RUNNING;
	c->events = events_new();
	c->stats = xcalloc(1, sizeof *c->stats);
	ctlcore_fill_conf(c, socket);
	c->app[0] = &c->one_app;
	c->event = (struct handler){.kind = KIND_EVENT,
	    .name = (char *)(uintptr_t) "myCustomEvent",
	    .place = (char *)(uintptr_t) "demo.rb:1",
	    .present = true,
	    .app = &c->one_app,
	    .done = 3,
	    .failed = 1,
	    .run_us = 4000000,
	    .run_us_max = 1200000,
	    .burst_us_max = 900};
	c->gone = c->event;
	c->gone.name = (char *)(uintptr_t) "old";
	c->gone.present = false;
	c->gone.done = c->gone.failed = 0;
	c->handlers[0] = &c->event;
	c->handlers[1] = &c->gone;
	c->one_app = (struct app){.conf = &c->conf_app,
	    .handler = c->handlers,
	    .handler_n = 2,
	    .generation = 1};
	tasks_init(&c->tasks, 60000, 1000, 1 << 20);
	c->queued = ctlcore_task(c, LANE_LOW);
	c->leased = ctlcore_task(c, LANE_MAIN);
	c->failed = ctlcore_task(c, LANE_MAIN);
	ctlcore_lease(c, c->leased);
	ctlcore_fail(c, c->failed);
	ctlcore_fill_workers(c);
	for (int lane = 0; lane < LANE_COUNT; lane++)
		c->lane[lane] = (struct lane_view){.lane = (enum lane_name)lane,
		    .queued = 3 + 100 * (unsigned)lane,
		    .leased = 4 + 12 * (unsigned)lane,
		    .limit = lane == LANE_LOW ? 16 : 20,
		    .oldest_ms = 2500,
		    .wait_p50_ms = 12,
		    .wait_p99_ms = 1800};
}

void
ctlcore_fini(struct core *c)
{
	tasks_fini(&c->tasks);
	events_free(c->events);
	free(c->stats);
}

uint64_t
ctlcore_requests(const struct core *c)
{
	return c->stats->value[STAT_CONTROL_REQUESTS];
}

void
ctlcore_add_tasks(struct core *c, size_t n)
{
	while (n-- > 0)
		ctlcore_task(c, LANE_MAIN);
}

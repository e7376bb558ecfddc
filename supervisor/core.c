/*
 * core.c: the task core's front: submitting, asking, cancelling; and its beginning and
 * end. What happens to a leased task is dispatch.c's and settle.c's.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include <event2/event.h>
#include <stdlib.h>

#define CORE_WINDOW_MS 10000
#define CORE_PAUSE_MS 200
#define CORE_STORE_CLOSE_MS 10000

void
core_refresh_clock(struct core *c)
{
	c->now_ms = clock_now_ms();
}

/* --- changing --- */

/* Its await raises Cloud::Cancelled; false: no memory to say so. */
static bool
core_interrupt(struct task *t, const char *reason)
{
	struct seat *s = seat_of(t->seat);
	struct msg_cancel m = {
	    .task = span_of(t->id.b, TASKID_BYTES),
	    .attempt = t->attempt,
	    .worker = s->worker,
	    .cause = CAUSE_CANCELLED,
	    .reason = span_str(reason),
	};

	return s->link && link_put(s->link, MSG_CANCEL, &m) == 0;
}

enum cancel_result
core_cancel(struct core *c, struct task *t, const char *reason)
{
	core_refresh_clock(c);
	if (task_has_ended(t->state))
		return CANCEL_TOO_LATE;
	if (t->state != TASK_LEASED) {
		settle_end(c, t, TASK_CANCELLED, FAULT_CANCELLED);
		return CANCEL_ENDED_NOW;
	}
	if (t->flags & TASK_CANCELLING)
		return CANCEL_ASKED;
	if (core_interrupt(t, reason))
		t->flags |= TASK_CANCELLING;
	return CANCEL_ASKED;
}

void
core_abandon(struct core *c, struct task *t)
{
	t->done = NULL;
	if (!t->app->conf->cancel_on_disconnect)
		return;
	t->flags |= TASK_RESULT_TAKEN;
	core_cancel(c, t, "the client went away");
}

int
core_kill(struct core *c UNUSED, struct task *t)
{
	if (t->state != TASK_LEASED)
		return -ERR_STATE;
	t->flags |= TASK_KILLED;
	seat_kill(seat_of(t->seat), KILL_ASKED, "the operator killed one of its tasks");
	return 0;
}

/* --- beginning and end --- */

void
core_on_end(struct core *c, core_ended_cb *cb, void *arg)
{
	c->ended = cb;
	c->ended_arg = arg;
}

struct seat *
core_find_seat(struct core *c, uint64_t worker)
{
	for (size_t i = 0; i < c->seat_n; i++)
		if (c->seat[i]->worker == worker && c->seat[i]->link)
			return c->seat[i];
	return NULL;
}

struct seat *
core_add_seat(struct core *c)
{
	struct seat **more = realloc(c->seat, (c->seat_n + 1) * sizeof(*more));

	if (!more)
		return NULL;
	c->seat = more;
	struct seat *s = xcalloc(1, sizeof *s);
	seat_init(s, c);
	if (lease_add_seat(&c->lease, &s->lease) != 0) {
		free(s);
		return NULL;
	}
	c->seat[c->seat_n++] = s;
	return s;
}

static int
core_make_seats(struct core *c)
{
	for (int i = 0; i < c->conf->workers.concurrent; i++)
		if (!core_add_seat(c))
			return -ERR_NOMEM;
	return 0;
}

static void
core_bound_tasks(struct core *c)
{
	const struct conf *conf = c->conf;

	tasks_bound(&c->tasks.ended, conf->results.ttl_ms,
	    (uint64_t)conf->results.count, (uint64_t)conf->results.bytes);
	tasks_bound(&c->tasks.dead, conf->dead.ttl_ms, (uint64_t)conf->dead.count,
	    (uint64_t)conf->dead.bytes);
}

void
core_use_conf(struct core *c, const struct conf *conf)
{
	int level = conf->log.level ? log_level_parse(conf->log.level) : -1;

	c->conf = conf;
	/* The pool's size is core_scale's: an operator may have changed it. */
	lease_set_pool(&c->lease, c->lease.concurrent, conf->workers.slots,
	    conf->workers.threshold_e9);
	for (size_t i = 0; i < c->app_n; i++) {
		const struct conf_app *a = core_app_conf(conf, c->app[i]);
		if (a)
			lease_set_app_limit(&c->lease, (int)i, (unsigned)a->concurrent);
	}
	core_bound_tasks(c);
	if (level >= 0)
		log_set_level((enum log_level)level);
}

struct core *
core_new(struct event_base *base, const struct conf *conf)
{
	struct core *c = xcalloc(1, sizeof *c);

	c->base = base;
	c->conf = conf;
	core_refresh_clock(c);
	c->events = events_new();
	heap_init(&c->delayed);
	traces_init(&c->traces);
	c->spawn_log = spawn_log_new(base);
	c->lag = lag_new(base, &c->stats);
	tasks_init(&c->tasks, 0, 0, 0);
	core_bound_tasks(c);
	brake_init(&c->brake, BRAKE_MAX, CORE_WINDOW_MS, CORE_PAUSE_MS);
	if (!(c->hub = link_hub_new(base)) ||
	    lease_init(&c->lease, conf->app_n, conf->workers.concurrent,
		conf->workers.slots, conf->workers.threshold_e9) != 0 ||
	    core_make_seats(c) != 0 || watch_init(c) != 0) {
		log_error("no resources for the task core");
		return NULL;
	}
	core_make_apps(c);
	return c;
}

static bool
core_loading(const struct core *c)
{
	for (size_t i = 0; i < c->app_n; i++)
		if (forkserver_state(c->forkserver[i]) == SPAWN_LOADING)
			return true;
	return false;
}

bool
core_load(struct core *c, core_report_cb *report, void *arg)
{
	bool all = true;

	for (size_t i = 0; i < c->app_n; i++)
		forkserver_start(c->forkserver[i], report, arg);
	while (core_loading(c) && event_base_loop(c->base, EVLOOP_ONCE) == 0)
		core_refresh_clock(c);
	for (size_t i = 0; i < c->app_n; i++)
		all = all && forkserver_state(c->forkserver[i]) == SPAWN_UP;
	return all;
}

void
core_run(struct core *c)
{
	c->phase = CORE_RUNNING;
	core_turn(c);
}

void
core_turn(struct core *c)
{
	if (c->phase == CORE_STARTING)
		return;
	reload_turn(c);
	dispatch_turn(c);
	durable_turn(c->durable);
	core_note_peaks(c);
	watch_turn(c);
	lag_turn(c->lag);
	if (!c->was_ready && !core_not_ready(c)) {
		c->was_ready = true;
		log_info("ready: %zu seats, %d slots each, low lane up to %u",
		    c->seat_n, c->conf->workers.slots, c->lease.low_limit);
	}
}

void
core_reap(struct core *c)
{
	core_refresh_clock(c);
	reap_collect(c);
}

bool
core_take_exit(struct core *c, int pid, struct reap_exit *out)
{
	return reap_take_unknown(&c->reaper, pid, out);
}

size_t
core_open_tasks(const struct core *c)
{
	return c->tasks.open;
}

size_t
core_drop_tasks(struct core *c, bool running_too)
{
	struct task *t;

	core_refresh_clock(c);
	for (size_t i = 0; i < c->seat_n && running_too; i++)
		TAILQ_FOREACH (t, &c->seat[i]->lease.tasks, place)
			(void)!core_interrupt(t, "the server stops");
	return settle_drop_all(c, running_too);
}

size_t
core_dismiss_workers(struct core *c, bool now)
{
	size_t n = 0;

	/* No new ones meanwhile. */
	reload_abandon(c);
	c->phase = CORE_STOPPING;
	for (size_t i = 0; i < c->app_n; i++)
		lease_set_can_spawn(&c->lease, (int)i, false);
	for (size_t i = 0; i < c->seat_n; i++) {
		struct seat *s = c->seat[i];
		if (s->life == LIFE_EMPTY)
			continue;
		n++;
		if (now)
			seat_kill(s, KILL_STOP, "the server stops");
		else
			seat_retire(s, RETIRE_STOP, "the server stops");
		if (s->link)
			link_flush(s->link);
	}
	return n;
}

void
core_free(struct core *c)
{
	reload_abandon(c);
	for (size_t i = 0; i < c->seat_n; i++) {
		if (c->seat[i]->life != LIFE_EMPTY && c->seat[i]->pid)
			kill(c->seat[i]->pid, SIGKILL);
		seat_fini(c->seat[i]);
	}
	for (size_t i = 0; i < c->app_n; i++)
		if (c->forkserver[i])
			forkserver_free(c->forkserver[i]);
	spawn_log_free(c->spawn_log);
	watch_fini(c);
	if (!durable_close(c, CORE_STORE_CLOSE_MS))
		log_error(
		    "store: not everything is on disk at the end, after %d ms at most",
		    CORE_STORE_CLOSE_MS);
	heap_fini(&c->delayed);
	bulk_free(c->bulk);
	tasks_fini(&c->tasks);
	lease_fini(&c->lease);
	dossiers_fini(&c->dossiers);
	traces_fini(&c->traces);
	for (size_t i = 0; i < c->seat_n; i++)
		free(c->seat[i]);
	for (size_t i = 0; i < c->app_n; i++)
		app_free(c->app[i]);
	free(c->seat);
	free(c->app);
	free(c->forkserver);
	events_free(c->events);
	lag_free(c->lag);
	link_hub_free(c->hub);
	free(c);
}

#include "world.h"
#include "../../common/log.h"
#include "../../supervisor/envelope.h"
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void
child_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	core_reap(((struct world *)arg)->core);
}

void
world_init(struct world *w, int workers, int slots, const char *odd)
{
	char path[4096];
	const char *build = getenv("DEFERD_BUILD");

	memset(w, 0, sizeof *w);
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(path, sizeof path, "%s/t/fault/oddworker", build ? build : ".");
	setenv("DEFERD_WORKER", path, 1);
	setenv("ODDWORKER", odd, 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	w->app = (struct conf_app){.id = (char *)(uintptr_t) "odd",
	    .handlers = (char *)(uintptr_t) ".",
	    .timeout_ms = 5000,
	    .job_timeout_ms = 5000};
	w->conf.app = &w->app;
	w->conf.app_n = 1;
	w->conf.workers.concurrent = workers;
	w->conf.workers.slots = slots;
	w->conf.workers.threshold_e9 = 800000000;
	w->conf.workers.kill_grace_ms = 300;
	w->conf.workers.beat_interval_ms = 200;
	w->conf.workers.beat_timeout_ms = 1000;
	w->conf.handlers.load_timeout_ms = 5000;
	w->conf.limits.result_bytes = w->conf.limits.batch_bytes = 1 << 20;
	w->conf.queue.tasks = 1000;
	w->conf.queue.bytes = w->conf.results.bytes = 1 << 20;
	w->conf.results.count = 1000;
	w->conf.results.ttl_ms = 60000;
	w->conf.dead.bytes = 1 << 20;
	w->conf.dead.count = 100;
	w->conf.dead.ttl_ms = 600000;
	w->base = event_base_new();
	w->core = core_new(w->base, &w->conf);
	OK(w->core);
	w->child = event_new(w->base, SIGCHLD, EV_SIGNAL | EV_PERSIST, child_cb, w);
	event_add(w->child, NULL);
	OK(core_load(w->core, NULL, NULL));
	core_run(w->core);
}

void
world_fini(struct world *w)
{
	core_free(w->core);
	event_free(w->child);
	event_base_free(w->base);
}

void
world_turn(struct world *w)
{
	struct timeval soon = {0, 20000};

	event_base_loopexit(w->base, &soon);
	event_base_loop(w->base, EVLOOP_ONCE);
	core_turn(w->core);
}

static void
done_cb(struct task *t, void *arg)
{
	struct call *c = arg;

	c->over = true;
	c->state = t->state;
	c->fault = t->fault;
	c->result_bytes = t->result_bytes < sizeof c->result ? t->result_bytes : 0;
	if (c->result_bytes)
		memcpy(c->result, t->result, c->result_bytes);
}

struct task *
world_start(struct world *w, const char *name, enum execution execution, struct call *c)
{
	struct buf envelope;
	struct task *t = NULL;

	memset(c, 0, sizeof *c);
	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, SPAN_NONE);
	struct submission sub = {
	    .handler = app_find(w->core->app[0], KIND_FUNCTION, span_str(name)),
	    .execution = execution,
	    .envelope = &envelope,
	    .done = done_cb,
	    .done_arg = c};
	EQ_INT(core_submit(w->core, &sub, &t), FAULT_NONE);
	buf_fini(&envelope);
	return t;
}

struct call
world_call(struct world *w, const char *name, enum execution execution)
{
	struct call c;

	world_start(w, name, execution, &c);
	WAIT_FOR(w, c.over);
	return c;
}

size_t
world_ready(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->core->seat_n; i++)
		n += w->core->seat[i]->life == LIFE_READY;
	return n;
}

uint64_t
world_stat_of(const struct world *w, enum stat s)
{
	return w->core->stats.value[s];
}

uint64_t
world_deaths(const struct world *w)
{
	return stats_sum(
	    &w->core->stats, STAT_WORKERS_DIED_KILLED, STAT_WORKERS_DIED_EXIT);
}

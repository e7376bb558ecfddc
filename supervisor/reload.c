/*
 * reload.c: see reload.h.
 */
#include "reload.h"
#include "../common/err.h"
#include "../common/log.h"
#include "conf_change.h"
#include "core_impl.h"
#include <stdio.h>
#include <stdlib.h>

#define RELOAD_READY_MS 10000 /* for the new workers to come up */
#define RELOAD_BIRTH_MS 500
#define RELOAD_TEXT_BYTES 1024

enum reload_stage { RELOAD_LOADING, RELOAD_READYING };

struct reload {
	const struct conf *next; /* borrowed */
	struct forkserver *
	    *forkserver; /* owned until the stroke; by app index; NULL: an
			    app that came in a reload which was given up */
	enum reload_stage stage;
	int64_t since_ms;   /* of the stage */
	struct seat **seat; /* the new workers' seats */
	uint64_t *worker;   /* and their numbers: another one there means it died */
	size_t seat_n;
	char trouble[RELOAD_TEXT_BYTES]; /* the first problem, "" while there is none */
	core_reload_cb *done;
	void *arg;
};

static void
reload_free(struct core *c, struct reload *r)
{
	for (size_t i = 0; i < c->app_n; i++)
		if (r->forkserver[i])
			forkserver_free(r->forkserver[i]);
	free(r->forkserver);
	free(r->seat);
	free(r->worker);
	free(r);
	c->reload = NULL;
}

/* The old generation stays; what was made beside it goes. */
static void
reload_fail(struct core *c, const char *text)
{
	struct reload *r = c->reload;
	core_reload_cb *done = r->done;
	void *arg = r->arg;
	char why[RELOAD_TEXT_BYTES];

	snprintf(why, sizeof why, "%s", text);
	for (size_t i = 0; i < r->seat_n; i++)
		if (r->seat[i]->worker == r->worker[i])
			seat_kill(r->seat[i], KILL_STOP, "the reload was given up");
	reload_free(c, r);
	log_error("reload: %s: the running handlers and config stay", why);
	done(false, why, arg);
}

void
reload_abandon(struct core *c)
{
	if (c->reload)
		reload_free(c, c->reload);
}

static void
reload_report_cb(const struct app *a, const char *text, bool warning, void *arg)
{
	struct core *c = arg;
	struct reload *r = c->reload;

	if (warning)
		log_warn("reload: app %s: %s", a->conf->id, text);
	else if (r && !r->trouble[0])
		snprintf(
		    r->trouble, sizeof r->trouble, "app %s: %s", a->conf->id, text);
}

void
core_reload(struct core *c, const struct conf *next, core_reload_cb *done, void *arg)
{
	struct buf names;
	char why[RELOAD_TEXT_BYTES];

	if (c->reload || c->phase != CORE_RUNNING) {
		done(false, c->reload ? "another reload is under way" : "not running",
		    arg);
		return;
	}
	buf_init(&names, 0);
	conf_change_restart(c->conf, next, &names);
	snprintf(
	    why, sizeof why, "these keys need a restart: %.900s", buf_cstr(&names));
	int e = names.n == 0 ? core_add_apps(c, next) : -ERR_STATE;
	if (names.n == 0 && e != 0)
		snprintf(why, sizeof why, "no room for more apps: %s", err_text(e));
	buf_fini(&names);
	if (e != 0) {
		log_error("reload: %s: nothing is applied", why);
		done(false, why, arg);
		return;
	}
	struct reload *r = xcalloc(1, sizeof *r);
	r->next = next;
	r->forkserver = xcalloc(c->app_n, sizeof(struct forkserver *));
	r->since_ms = c->now_ms;
	r->done = done;
	r->arg = arg;
	c->reload = r;
	for (size_t i = 0; i < c->app_n; i++) {
		const struct conf_app *conf = core_app_conf(next, c->app[i]);
		if (!conf)
			continue;
		r->forkserver[i] = forkserver_new(c, c->app[i], next, conf, true);
		forkserver_start(r->forkserver[i], reload_report_cb, c);
	}
}

struct forkserver *
reload_find_forkserver(struct core *c, pid_t pid)
{
	for (size_t i = 0; c->reload && i < c->app_n; i++)
		if (c->reload->forkserver[i] &&
		    forkserver_pid(c->reload->forkserver[i]) == pid)
			return c->reload->forkserver[i];
	return NULL;
}

/* --- the new workers --- */

static struct seat *
reload_free_seat(struct core *c)
{
	for (size_t i = 0; i < c->seat_n; i++)
		if (c->seat[i]->life == LIFE_EMPTY &&
		    c->seat[i]->lease.state == LEASE_SEAT_EMPTY)
			return c->seat[i];
	return core_add_seat(c);
}

static bool
reload_spawn_one(struct core *c, int app)
{
	struct reload *r = c->reload;
	struct seat *s = reload_free_seat(c);

	if (!s || seat_spawn(s, r->forkserver[app], app, true) != 0)
		return false;
	r->seat[r->seat_n] = s;
	r->worker[r->seat_n++] = s->worker;
	return true;
}

/* As many for each app as it has now; the pool's rule does the rest afterwards. */
static bool
reload_spawn(struct core *c)
{
	struct reload *r = c->reload;
	size_t most = (size_t)c->lease.concurrent;

	r->seat = xcalloc(most, sizeof(struct seat *));
	r->worker = xcalloc(most, sizeof(uint64_t));
	for (size_t i = 0; i < c->app_n; i++)
		for (unsigned n = c->lease.app[i].seats; n > 0 && r->seat_n < most; n--)
			if (!reload_spawn_one(c, (int)i))
				return false;
	r->stage = RELOAD_READYING;
	r->since_ms = c->now_ms;
	return true;
}

/* 1: all are ready; 0: not yet; -1: one died. */
static int
reload_workers_ready(const struct reload *r)
{
	int ready = 1;

	for (size_t i = 0; i < r->seat_n; i++) {
		if (r->seat[i]->worker != r->worker[i] ||
		    r->seat[i]->life == LIFE_EMPTY || r->seat[i]->life == LIFE_KILLED)
			return -1;
		if (r->seat[i]->life != LIFE_READY)
			ready = 0;
	}
	return ready;
}

/* --- the stroke --- */

static bool
reload_is_new(const struct reload *r, const struct seat *s)
{
	for (size_t i = 0; i < r->seat_n; i++)
		if (r->seat[i] == s)
			return true;
	return false;
}

static void
reload_commit(struct core *c)
{
	struct reload *r = c->reload;
	core_reload_cb *done = r->done;
	void *arg = r->arg;
	char text[160], pool[48] = "";

	for (size_t i = 0; i < c->seat_n; i++) {
		struct seat *s = c->seat[i];
		if (reload_is_new(r, s) || s->lease.state == LEASE_SEAT_EMPTY)
			continue;
		lease_seat_aside(&c->lease, &s->lease);
		if (s->life != LIFE_EMPTY)
			seat_retire(s, RETIRE_RELOAD, "a reload");
	}
	int was = c->conf->workers.concurrent;
	core_use_conf(c, r->next);
	for (size_t i = 0; i < c->app_n; i++) {
		if (!r->forkserver[i])
			continue;
		forkserver_commit(r->forkserver[i]);
		if (c->forkserver[i])
			forkserver_free(c->forkserver[i]);
		c->forkserver[i] = r->forkserver[i];
		r->forkserver[i] = NULL;
	}
	for (size_t i = 0; i < r->seat_n; i++)
		lease_seat_enter(&c->lease, &r->seat[i]->lease);
	int now = r->next->workers.concurrent;
	if (now != was)
		snprintf(pool, sizeof pool, ", %d in all soon", now);
	snprintf(text, sizeof text, "reloaded: %zu new workers%s, generation %llu",
	    r->seat_n, pool, (unsigned long long)++c->generation);
	reload_free(c, r);
	/* Unless the config says so, what an operator scaled it to stays. */
	if (now != was && core_scale(c, now) != 0)
		log_error("reload: the pool stays at %d workers", was);
	log_info("%s; the old ones finish their tasks", text);
	done(true, text, arg);
}

/* Workers that the old forkservers are forking right now would come up for nobody: they
 * are waited for, but not for ever. */
static bool
reload_awaits_birth(const struct core *c)
{
	if (c->now_ms - c->reload->since_ms > RELOAD_BIRTH_MS)
		return false;
	for (size_t i = 0; i < c->seat_n; i++)
		if (c->seat[i]->life != LIFE_EMPTY && c->seat[i]->pid == 0)
			return true;
	return false;
}

void
reload_turn(struct core *c)
{
	struct reload *r = c->reload;
	bool up = true;

	if (!r)
		return;
	for (size_t i = 0; i < c->app_n; i++) {
		if (!r->forkserver[i])
			continue;
		forkserver_tick(r->forkserver[i], c->now_ms);
		enum spawn_state state = forkserver_state(r->forkserver[i]);
		up = up && state == SPAWN_UP;
		if (state == SPAWN_FAILED || state == SPAWN_DOWN) {
			reload_fail(c, r->trouble[0]
					   ? r->trouble
					   : forkserver_trouble(r->forkserver[i]));
			return;
		}
	}
	if (!up)
		return;
	int ready = 0;
	if (r->stage == RELOAD_LOADING && !reload_spawn(c))
		reload_fail(c, "no resources for the new workers");
	else if ((ready = reload_workers_ready(r)) < 0)
		reload_fail(c, "a new worker died before it was ready");
	else if (ready > 0 && !reload_awaits_birth(c))
		reload_commit(c);
	else if (ready == 0 && c->now_ms - r->since_ms > RELOAD_READY_MS)
		reload_fail(c, "the new workers do not come up");
}

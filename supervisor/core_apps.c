/*
 * core_apps.c: the task core's apps. An app keeps its index and its struct for good:
 * tasks, seats and the lease rule point at them. A reload may add some; while it has
 * not committed, they are coming, and nobody else sees them.
 */
#include "../common/err.h"
#include "core_impl.h"
#include <stdlib.h>

/* Room for one more in both arrays. */
static bool
core_grow_apps(struct core *c)
{
	size_t n = c->app_n + 1;
	struct app **app = realloc(c->app, n * sizeof(struct app *));
	struct forkserver **f;

	if (!app)
		return false;
	c->app = app;
	f = realloc(c->forkserver, n * sizeof(struct forkserver *));
	if (f)
		c->forkserver = f;
	return f != NULL;
}

void
core_make_apps(struct core *c)
{
	for (size_t i = 0; i < c->conf->app_n; i++) {
		const struct conf_app *conf = &c->conf->app[i];
		bool grown = core_grow_apps(c);

		ASSERT(grown);
		c->app[i] = app_new(conf, (int)i);
		c->forkserver[i] = forkserver_new(c, c->app[i], c->conf, conf, false);
		c->app_n++;
		lease_set_app_limit(&c->lease, (int)i, (unsigned)conf->concurrent);
	}
}

static bool
core_knows_app(const struct core *c, const char *id)
{
	for (size_t i = 0; i < c->app_n; i++)
		if (strcmp(c->app[i]->conf->id, id) == 0)
			return true;
	return false;
}

int
core_add_apps(struct core *c, const struct conf *next)
{
	for (size_t i = 0; i < next->app_n; i++) {
		int e;

		if (core_knows_app(c, next->app[i].id))
			continue;
		if (!core_grow_apps(c))
			return -ERR_NOMEM;
		if ((e = lease_add_app(&c->lease)) != 0)
			return e;
		c->app[c->app_n] = app_new_coming(&next->app[i], (int)c->app_n);
		c->forkserver[c->app_n++] = NULL;
	}
	return 0;
}

const struct conf_app *
core_app_conf(const struct conf *conf, const struct app *a)
{
	for (size_t i = 0; i < conf->app_n; i++)
		if (strcmp(conf->app[i].id, a->conf->id) == 0)
			return &conf->app[i];
	return NULL;
}

/* --- asking --- */

size_t
core_app_count(const struct core *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->app_n; i++)
		n += !c->app[i]->coming;
	return n;
}

struct app *
core_app(const struct core *c, size_t i)
{
	for (size_t k = 0; k < c->app_n; k++)
		if (!c->app[k]->coming && i-- == 0)
			return c->app[k];
	return NULL;
}

struct app *
core_find_app(const struct core *c, struct span id)
{
	for (size_t i = 0; i < c->app_n; i++)
		if (!c->app[i]->coming && span_is(id, c->app[i]->conf->id))
			return c->app[i];
	return NULL;
}

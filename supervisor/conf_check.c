/*
 * conf_check.c: the checks that need more than one value, or the machine: its users,
 * groups and folders.
 */
#include "conf_read.h"
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPACITY_MAX 65536

static bool
id_is_reserved(const char *id)
{
	static const char *const reserved[] = {
	    "v1", "parse", "api", "healthz", "readyz", "metrics", "ui"};

	for (size_t i = 0; i < COUNT_OF(reserved); i++)
		if (strcmp(id, reserved[i]) == 0)
			return true;
	return false;
}

static bool
id_is_clean(const char *id)
{
	if (!isalnum((unsigned char)*id))
		return false;
	for (; *id; id++)
		if (!isalnum((unsigned char)*id) && !strchr("-_.", *id))
			return false;
	return true;
}

static void
check_app_id(struct conf_read *r, const struct conf_app *app, struct conf_mark entry)
{
	struct conf_mark at = r->at[CONF_ID_APP_ID];
	size_t index = r->conf->app_n - 1;

	if (!app->id) {
		if (!at.line)
			conf_blame(r, entry,
			    "apps[%zu].id: missing: expected the app's id", index);
		return;
	}
	if (!id_is_clean(app->id))
		conf_blame(r, at,
		    "apps[%zu].id: \"%s\": expected letters, digits, '-', '_' and '.', "
		    "beginning with a letter or a digit",
		    index, app->id);
	if (id_is_reserved(app->id))
		conf_blame(r, at,
		    "apps[%zu].id: \"%s\" is reserved, deferd's own URLs begin with "
		    "it: "
		    "expected another",
		    index, app->id);
	for (const struct conf_app *other = r->conf->app; other < app; other++)
		if (other->id && strcmp(other->id, app->id) == 0)
			conf_blame(r, at,
			    "apps[%zu].id: a duplicate app: \"%s\" is defined at line "
			    "%d "
			    "already: expected another id",
			    index, app->id, other->line);
}

static void
check_handlers(struct conf_read *r, const struct conf_app *app, struct conf_mark entry)
{
	struct conf_mark at = r->at[CONF_ID_APP_HANDLERS];
	size_t index = r->conf->app_n - 1;
	struct stat st;

	if (!app->handlers) {
		if (!at.line)
			conf_blame(r, entry,
			    "apps[%zu].handlers: missing: expected the folder of its "
			    "*.rb files",
			    index);
		return;
	}
	const char *why = NULL;
	if (stat(app->handlers, &st) < 0)
		why = strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		why = "it is not a folder";
	else if (access(app->handlers, R_OK | X_OK) < 0)
		why = strerror(errno);
	if (why)
		conf_blame(r, at,
		    "apps[%zu].handlers: %s: %s: expected a folder that can be read",
		    index, app->handlers, why);
}

static bool
list_has(const struct conf_list *list, const char *item)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i], item) == 0)
			return true;
	return false;
}

/* A key must say who uses it: the same one for master and rest would open everything.
 */
static void
check_keys(struct conf_read *r, const struct conf_app *app, struct conf_mark entry)
{
	const struct conf_list *rest = &app->keys.rest, *js = &app->keys.javascript;
	size_t index = r->conf->app_n - 1;

	for (size_t i = 0; i < rest->n; i++)
		if (list_has(js, rest->item[i]))
			conf_blame(r, r->at[CONF_ID_APP_KEYS_JAVASCRIPT],
			    "apps[%zu].keys.javascript: the same key as rest: expected "
			    "another",
			    index);
	for (size_t i = 0; i < app->keys.master.n; i++)
		if (list_has(rest, app->keys.master.item[i]) ||
		    list_has(js, app->keys.master.item[i]))
			conf_blame(r, r->at[CONF_ID_APP_KEYS_MASTER],
			    "apps[%zu].keys.master: the same key as %s: expected "
			    "another",
			    index,
			    list_has(rest, app->keys.master.item[i]) ? "rest"
								     : "javascript");
	bool given = r->at[CONF_ID_APP_KEYS_REST].line ||
		     r->at[CONF_ID_APP_KEYS_JAVASCRIPT].line ||
		     r->at[CONF_ID_APP_KEYS_MASTER].line;
	if (!given)
		conf_notice(r, entry,
		    "apps[%zu].keys: none: nobody can call the app over HTTP", index);
}

static void
check_user(struct conf_read *r, enum conf_id id, const char *user)
{
	char path[CONF_PATH_BYTES];

	if (!user)
		return;
	conf_read_path(r, id, path, sizeof path);
	const struct passwd *pw = getpwnam(user);
	if (!pw)
		conf_blame(r, r->at[id],
		    "%s: there is no user \"%s\": expected an existing one", path,
		    user);
	else if (geteuid() != 0 && geteuid() != pw->pw_uid)
		conf_blame(r, r->at[id],
		    "%s: only root can become another user: start deferd as root, or "
		    "remove it",
		    path);
}

static void
check_group(struct conf_read *r, enum conf_id id, const char *group)
{
	if (group && !getgrnam(group))
		conf_blame(r, r->at[id],
		    "%s: there is no group \"%s\": expected an existing one",
		    conf_key_at(id)->path, group);
}

static void
check_ca(struct conf_read *r, const struct conf_app *app)
{
	if (app->http.ca && access(app->http.ca, R_OK) < 0)
		conf_blame(r, r->at[CONF_ID_APP_HTTP_CA],
		    "apps[%zu].http.ca: %s: %s: expected a file of certificates",
		    r->conf->app_n - 1, app->http.ca, strerror(errno));
}

void
conf_check_app(struct conf_read *r, const struct conf_app *app, struct conf_mark entry)
{
	check_app_id(r, app, entry);
	check_handlers(r, app, entry);
	check_keys(r, app, entry);
	check_user(r, CONF_ID_APP_USER, app->user);
	check_ca(r, app);
}

/* Where a was set, else b, so that a check of both has a place. */
static struct conf_mark
either(const struct conf_read *r, enum conf_id a, enum conf_id b)
{
	return r->at[a].line ? r->at[a] : r->at[b];
}

static void
check_not_above(struct conf_read *r, enum conf_id small, enum conf_id large)
{
	int64_t a = conf_value_get(small, r->conf), b = conf_value_get(large, r->conf);
	char text_a[32], text_b[32];

	if (a > b)
		conf_blame(r, either(r, small, large),
		    "%s: %s is more than %s allows (%s): expected at most as much",
		    conf_key_at(small)->path,
		    conf_value_format(CONF_BYTES, a, text_a, sizeof text_a),
		    conf_key_at(large)->path,
		    conf_value_format(CONF_BYTES, b, text_b, sizeof text_b));
}

static void
check_pool(struct conf_read *r)
{
	const struct conf *c = r->conf;
	char timeout[32], interval[32];

	if (c->workers.concurrent * c->workers.slots > CAPACITY_MAX)
		conf_blame(r,
		    either(r, CONF_ID_WORKERS_SLOTS, CONF_ID_WORKERS_CONCURRENT),
		    "workers: concurrent x slots is %d: expected at most %d",
		    c->workers.concurrent * c->workers.slots, CAPACITY_MAX);
	if (c->workers.beat_timeout_ms <= c->workers.beat_interval_ms)
		conf_blame(r,
		    either(r, CONF_ID_HEARTBEAT_TIMEOUT, CONF_ID_HEARTBEAT_INTERVAL),
		    "workers.heartbeat.timeout: %s: expected more than the interval, "
		    "%s",
		    conf_value_format(CONF_DURATION, c->workers.beat_timeout_ms,
			timeout, sizeof timeout),
		    conf_value_format(CONF_DURATION, c->workers.beat_interval_ms,
			interval, sizeof interval));
}

static void
check_apps(struct conf_read *r)
{
	const struct conf *c = r->conf;

	if (c->app_n == 0 && (!r->at[CONF_ID_APPS].line || !r->failed))
		conf_blame(r, r->at[CONF_ID_APPS],
		    "apps: missing: expected a list of apps, each with id and "
		    "handlers");
	if (!c->default_app)
		return;
	for (size_t i = 0; i < c->app_n; i++)
		if (c->app[i].id && strcmp(c->app[i].id, c->default_app) == 0)
			return;
	conf_blame(r, r->at[CONF_ID_DEFAULT_APP],
	    "defaultApp: there is no app \"%s\": expected the id of one",
	    c->default_app);
}

static void
check_store(struct conf_read *r)
{
	if (!r->at[CONF_ID_STORE_ENGINE].line)
		conf_notice(r, r->at[CONF_ID_STORE],
		    "store.engine: not set: tasks are kept in memory and end with the "
		    "process");
	if (r->at[CONF_ID_STORE_PATH].line &&
	    strcmp(r->conf->store.engine, "memory") == 0)
		conf_notice(r, r->at[CONF_ID_STORE_PATH],
		    "store.path: means nothing to the engine memory and is ignored");
}

/* A process that is no longer root can neither end nor start another user's workers. */
static void
check_users(struct conf_read *r)
{
	const struct conf *c = r->conf;

	for (size_t i = 0; c->user && i < c->app_n; i++)
		if (c->app[i].user && strcmp(c->app[i].user, c->user) != 0)
			conf_blame(r, r->at[CONF_ID_USER],
			    "user: apps[%zu].user is another one, \"%s\", whose "
			    "workers \"%s\" could not end: remove one of the two",
			    i, c->app[i].user, c->user);
}

void
conf_check(struct conf_read *r)
{
	struct conf *c = r->conf;

	check_apps(r);
	check_pool(r);
	check_store(r);
	check_not_above(r, CONF_ID_HTTP_BODY, CONF_ID_QUEUE_BYTES);
	check_not_above(r, CONF_ID_LIMITS_RESULT, CONF_ID_RESULTS_BYTES);
	check_user(r, CONF_ID_USER, c->user);
	check_users(r);
	check_group(r, CONF_ID_CONTROL_VIEW, c->control.view_group);
	check_group(r, CONF_ID_CONTROL_OPERATE, c->control.operate_group);
	check_group(r, CONF_ID_CONTROL_ADMIN, c->control.admin_group);
}

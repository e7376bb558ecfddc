/*
 * conf_change.c: see conf_change.h.
 */
#include "conf_change.h"
#include "conf_key.h"
#include <stdio.h>

#define CHANGE_PATH_BYTES 256

/* Keys, and all below them, that are only looked at when deferd starts. */
static const char *const change_at_start[] = {"listen", "control", "http", "log.target",
    "log.access", "log.format", "store", "user", "pidFile", "apps[].user"};

static bool
change_needs_restart(enum conf_id id)
{
	const char *path = conf_key_at(id)->path;

	for (size_t i = 0; i < COUNT_OF(change_at_start); i++) {
		size_t n = strlen(change_at_start[i]);
		if (strncmp(path, change_at_start[i], n) == 0 &&
		    (path[n] == '\0' || path[n] == '.'))
			return true;
	}
	return false;
}

/* --- values as text --- */

static void
change_list_text(struct buf *out, const char *item)
{
	if (out->n)
		buf_add_str(out, ", ");
	buf_add_str(out, item);
}

static void
change_value_text(enum conf_id id, const void *owner, struct buf *out)
{
	const struct conf_key *key = conf_key_at(id);
	const void *field = (const char *)owner + key->offset;
	const struct conf *conf = owner;
	char number[64];

	if (id == CONF_ID_LISTEN) {
		for (size_t i = 0; i < conf->listen_n; i++)
			change_list_text(out, conf->listen[i].url);
	} else if (id == CONF_ID_APPS) {
		for (size_t i = 0; i < conf->app_n; i++)
			change_list_text(out, conf->app[i].id);
	} else if (key->type == CONF_SECRET) {
		size_t n = ((const struct conf_list *)field)->n;
		buf_printf(out, "%zu key%s", n, n == 1 ? "" : "s");
	} else if (conf_type_is_number(key->type)) {
		buf_add_str(out, conf_value_format(key->type, conf_value_get(id, owner),
				     number, sizeof number));
	} else {
		const char *text = *(char *const *)field;
		buf_add_str(out, text ? text : "-");
	}
}

static bool
change_same_secrets(enum conf_id id, const void *a, const void *b)
{
	const struct conf_list *x = (const void *)((const char *)a +
						   conf_key_at(id)->offset),
			       *y = (const void *)((const char *)b +
						   conf_key_at(id)->offset);
	bool same = x->n == y->n;

	for (size_t i = 0; same && i < x->n; i++)
		same = strcmp(x->item[i], y->item[i]) == 0;
	return same;
}

/* --- comparing --- */

struct change_walk {
	conf_change_cb *cb;
	void *arg;
	const char *app; /* NULL: not in apps[] */
};

static const struct conf_app *
change_find_app(const struct conf *conf, const char *id)
{
	for (size_t i = 0; i < conf->app_n; i++)
		if (strcmp(conf->app[i].id, id) == 0)
			return &conf->app[i];
	return NULL;
}

/* Its tasks, workers and callers would have to end. */
static bool
change_loses_app(const struct conf *now, const struct conf *next)
{
	for (size_t i = 0; i < now->app_n; i++)
		if (!change_find_app(next, now->app[i].id))
			return true;
	return false;
}

static void
change_compare(
    struct change_walk *w, enum conf_id id, const void *now, const void *next)
{
	const struct conf_key *key = conf_key_at(id);
	char path[CHANGE_PATH_BYTES];
	struct buf a, b;

	if (key->type == CONF_MAP || key->type == CONF_NOTICE)
		return;
	buf_init(&a, 0);
	buf_init(&b, 0);
	change_value_text(id, now, &a);
	change_value_text(id, next, &b);
	struct conf_change change = {path, buf_cstr(&a), buf_cstr(&b),
	    id == CONF_ID_APPS ? change_loses_app(now, next)
			       : change_needs_restart(id)};
	bool same = key->type == CONF_SECRET ? change_same_secrets(id, now, next)
					     : strcmp(change.was, change.now) == 0;
	if (w->app) /* "apps[]" and the rest */
		snprintf(path, sizeof path, "apps[%s]%s", w->app, key->path + 6);
	else
		snprintf(path, sizeof path, "%s", key->path);
	if (!same)
		w->cb(&change, w->arg);
	buf_fini(&a);
	buf_fini(&b);
}

void
conf_change_each(
    const struct conf *now, const struct conf *next, conf_change_cb *cb, void *arg)
{
	struct change_walk w = {.cb = cb, .arg = arg};

	for (int id = 0; id < CONF_IDS; id++)
		if (!conf_key_at(id)->of_app)
			change_compare(&w, id, now, next);
	for (size_t i = 0; i < next->app_n; i++) {
		const struct conf_app *was = change_find_app(now, next->app[i].id);

		w.app = next->app[i].id;
		for (int id = 0; was && id < CONF_IDS; id++)
			if (conf_key_at(id)->of_app)
				change_compare(&w, id, was, &next->app[i]);
	}
}

static void
change_add_name(const struct conf_change *change, void *arg)
{
	if (change->restart)
		change_list_text(arg, change->path);
}

void
conf_change_restart(const struct conf *now, const struct conf *next, struct buf *names)
{
	conf_change_each(now, next, change_add_name, names);
}

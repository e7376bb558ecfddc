/*
 * explain.c: see explain.h. The running daemon is asked as deferctl asks it.
 */
#include "explain.h"
#include "../common/err.h"
#include "app.h"
#include "conf_change.h"
#include "deferctl.h"
#include "sup.h"
#include <stdio.h>
#include <stdlib.h>

struct explain {
	size_t changes, restarts;
	json_t *handlers; /* of the daemon, owned; NULL: not known */
};

static void
explain_problem(const char *text, bool notice, void *arg)
{
	if (!notice)
		fprintf(stderr, "%s: %s\n", (const char *)arg, text);
}

/* --- what runs --- */

static json_t *
explain_ask(const char *socket, const char *what, int *code)
{
	const char *const words[] = {"-j", "show", what};
	struct link l;
	json_t *v = NULL;

	*code = link_open(&l, socket);
	if (*code == 0)
		v = link_ask(&l, words, COUNT_OF(words), code);
	link_close(&l);
	return v;
}

static struct conf *
explain_ask_conf(struct explain *e, const char *socket, int *code)
{
	json_t *v = explain_ask(socket, "config", code);
	const char *yaml = json_string_value(json_object_get(v, "yaml"));
	struct conf *conf = NULL;

	if (yaml)
		conf = conf_parse(span_str(yaml), "show config", explain_problem,
		    (void *)(uintptr_t) "the running config cannot be read here");
	if (yaml && !conf)
		*code = EXIT_UNAVAILABLE_;
	json_decref(v);
	if (conf)
		e->handlers = explain_ask(socket, "handlers", code);
	return conf;
}

/* Its keys masked, as the daemon shows them. */
static struct conf *
explain_mask(const struct conf *conf)
{
	struct conf *masked = NULL;
	struct buf text;

	buf_init(&text, 0);
	if (conf_dump(conf, &text) == 0)
		masked = conf_parse(buf_span(&text), conf->path, explain_problem,
		    (void *)(uintptr_t) "cannot be compared");
	buf_fini(&text);
	return masked;
}

/* --- saying it --- */

static void
explain_change_cb(const struct conf_change *c, void *arg)
{
	struct explain *e = arg;

	e->changes++;
	e->restarts += c->restart;
	printf("%s: %s -> %s (%s)\n", c->path, c->was, c->now,
	    c->restart ? "restart" : "reload");
}

static bool
explain_is(const json_t *row, const struct handler *h)
{
	const char *app = json_string_value(json_object_get(row, "app"));
	const char *kind = json_string_value(json_object_get(row, "kind"));
	const char *name = json_string_value(json_object_get(row, "name"));

	return json_is_true(json_object_get(row, "present")) && app && kind && name &&
	       strcmp(app, h->app->conf->id) == 0 &&
	       strcmp(kind, kind_name(h->kind)) == 0 && strcmp(name, h->name) == 0;
}

static void
explain_new_handlers(struct explain *e, const json_t *rows, const struct app *a)
{
	for (size_t i = 0; i < a->handler_n; i++) {
		const struct handler *h = a->handler[i];
		bool known = false;

		for (size_t j = 0; !known && j < json_array_size(rows); j++)
			known = explain_is(json_array_get(rows, j), h);
		if (known)
			continue;
		e->changes++;
		printf("app %s: %s %s: new, %s (reload)\n", a->conf->id,
		    kind_name(h->kind), h->name, h->place ? h->place : "-");
	}
}

static void
explain_gone_handlers(struct explain *e, const json_t *rows, const struct app *a)
{
	for (size_t j = 0; j < json_array_size(rows); j++) {
		const json_t *row = json_array_get(rows, j);
		const char *app = json_string_value(json_object_get(row, "app"));
		bool known = !app || strcmp(app, a->conf->id) != 0 ||
			     !json_is_true(json_object_get(row, "present"));

		for (size_t i = 0; !known && i < a->handler_n; i++)
			known = explain_is(row, a->handler[i]);
		if (known)
			continue;
		e->changes++;
		printf("app %s: %s %s: gone (reload)\n", a->conf->id,
		    json_string_value(json_object_get(row, "kind")),
		    json_string_value(json_object_get(row, "name")));
	}
}

static void
explain_app_cb(const struct app *a, void *arg)
{
	struct explain *e = arg;
	const json_t *rows = json_object_get(e->handlers, "handlers");

	if (!rows)
		return;
	explain_new_handlers(e, rows, a);
	explain_gone_handlers(e, rows, a);
}

static int
explain_sum(const struct explain *e)
{
	if (e->changes == 0) {
		puts("nothing would change; a reload loads the handler files again");
		return EXPLAIN_SAME;
	}
	puts(e->restarts ? "deferctl restart is needed; a reload would be refused"
			 : "a reload would apply this");
	return e->restarts ? EXPLAIN_RESTART : EXPLAIN_RELOAD;
}

int
explain_run(const struct conf *next, const char *old_file)
{
	struct explain e = {0};
	const char *socket = getenv("DEFERD_SOCKET");
	struct conf *now, *masked = NULL;
	int code = EXIT_CONFIG_;

	if (old_file)
		now = conf_load(old_file, explain_problem, (void *)(uintptr_t)old_file);
	else if ((now = explain_ask_conf(
		      &e, socket ? socket : next->control.socket, &code)))
		masked = explain_mask(next);
	if (now && (old_file || (masked && e.handlers))) {
		conf_change_each(now, masked ? masked : next, explain_change_cb, &e);
		code = sup_check_handlers(next, explain_app_cb, &e);
		if (code == 0)
			code = explain_sum(&e);
	}
	json_decref(e.handlers);
	conf_free(masked);
	conf_free(now);
	return code;
}

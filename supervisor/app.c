/*
 * app.c: an app's catalogue: building it, and finding handlers by name or by route.
 * Pure: it knows no forkserver and no HTTP. Names are found in an array that is sorted
 * when a catalogue becomes the current one.
 */
#include "app.h"
#include "timer.h"
#include <stdlib.h>

#define APP_HANDLERS_MAX 100000

struct app *
app_new(const struct conf_app *conf, int index)
{
	struct app *a = xcalloc(1, sizeof *a);

	a->conf = conf;
	a->index = index;
	return a;
}

struct app *
app_new_coming(const struct conf_app *conf, int index)
{
	struct app *a = app_new(NULL, index);

	a->own.id = xmemdup(conf->id, strlen(conf->id) + 1);
	a->own.handlers = xmemdup(conf->handlers, strlen(conf->handlers) + 1);
	a->conf = &a->own;
	a->coming = true;
	return a;
}

void
app_come(struct app *a, const struct conf_app *conf)
{
	a->conf = conf;
	a->coming = false;
}

static void
app_free_handler(struct handler *h)
{
	free(h->name);
	free(h->place);
	free(h->verb);
	free(h->pattern);
	timer_free(h->timer);
	free(h);
}

void
app_free(struct app *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->handler_n; i++)
		app_free_handler(a->handler[i]);
	free(a->handler);
	free(a->by_index);
	free(a->by_name);
	free(a->staged);
	free(a->own.id);
	free(a->own.handlers);
	free(a);
}

/* --- building --- */

void
app_begin_catalogue(struct app *a)
{
	a->staged_n = 0;
}

/* Room for one more pointer in an array of n. */
static struct handler **
app_grow(struct handler **array, size_t n)
{
	if (n & (n - 1))
		return array;
	array = realloc(array, (n ? n * 2 : 1) * sizeof *array);
	ASSERT(array != NULL);
	return array;
}

static struct handler *
app_known(const struct app *a, enum kind kind, struct span name)
{
	for (size_t i = 0; i < a->handler_n; i++)
		if (a->handler[i]->kind == kind && span_is(name, a->handler[i]->name))
			return a->handler[i];
	return NULL;
}

static struct handler *
app_make_handler(struct app *a, enum kind kind, struct span name)
{
	struct handler *h = xcalloc(1, sizeof *h);

	h->kind = kind;
	h->app = a;
	h->name = xcalloc(1, name.n + 1);
	if (name.n)
		memcpy(h->name, name.p, name.n);
	a->handler = app_grow(a->handler, a->handler_n);
	a->handler[a->handler_n++] = h;
	return h;
}

struct handler *
app_remember(struct app *a, enum kind kind, struct span name)
{
	struct handler *h = app_known(a, kind, name);

	return h ? h : app_make_handler(a, kind, name);
}

struct handler *
app_add_handler(struct app *a, enum kind kind, struct span name, uint32_t index)
{
	struct handler *h;

	if (index != a->staged_n || index >= APP_HANDLERS_MAX)
		return NULL;
	if (!(h = app_known(a, kind, name)))
		h = app_make_handler(a, kind, name);
	a->staged = app_grow(a->staged, a->staged_n);
	a->staged[a->staged_n++] = h;
	return h;
}

static int
app_compare(enum kind kind, struct span name, const struct handler *h)
{
	if (kind != h->kind)
		return kind < h->kind ? -1 : 1;
	int order = strncmp((const char *)name.p, h->name, name.n);
	if (order == 0 && h->name[name.n] != '\0')
		order = -1;
	return order;
}

static int
app_by_name(const void *x, const void *y)
{
	const struct handler *a = *(struct handler *const *)x,
			     *b = *(struct handler *const *)y;

	return app_compare(a->kind, span_str(a->name), b);
}

void
app_end_catalogue(struct app *a)
{
	struct handler **old = a->by_index;

	for (size_t i = 0; i < a->handler_n; i++)
		a->handler[i]->present = false;
	for (size_t i = 0; i < a->staged_n; i++) {
		a->staged[i]->present = true;
		a->staged[i]->index = (uint32_t)i;
	}
	free(a->by_name);
	a->by_name = xcalloc(a->staged_n + 1, sizeof *a->by_name);
	if (a->staged_n) {
		memcpy(a->by_name, a->staged, a->staged_n * sizeof *a->by_name);
		qsort(a->by_name, a->staged_n, sizeof *a->by_name, app_by_name);
	}
	a->by_index = a->staged;
	a->by_index_n = a->staged_n;
	a->staged = NULL;
	a->staged_n = 0;
	free(old);
	a->generation++;
}

/* --- finding --- */

static struct handler *
app_find_kind(const struct app *a, enum kind kind, struct span name)
{
	size_t low = 0, high = a->by_index_n;

	if (memchr(name.p ? name.p : (const uint8_t *)"", '\0', name.n))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = app_compare(kind, name, a->by_name[middle]);
		if (order == 0)
			return a->by_name[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct handler *
app_find(const struct app *a, enum kind kind, struct span name)
{
	static const enum kind order[] = {
	    KIND_FUNCTION, KIND_EVENT, KIND_SERVICE, KIND_JOB};
	struct handler *h = NULL;

	if (name.n == 0)
		return NULL;
	if (kind != KIND_ANY)
		return app_find_kind(a, kind, name);
	for (size_t i = 0; i < COUNT_OF(order) && !h; i++)
		h = app_find_kind(a, order[i], name);
	return h;
}

/* --- routes --- */

/* The text up to the next slash; *rest is what follows it. */
static struct span
app_segment(struct span text, struct span *rest)
{
	const uint8_t *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	size_t n = slash ? (size_t)(slash - text.p) : text.n;

	*rest = slash ? span_of(slash + 1, text.n - n - 1) : SPAN_NONE;
	return span_of(text.p, n);
}

/* `:x` or `{x}` -> x. */
static bool
app_is_param(struct span s, struct span *name)
{
	if (s.n > 1 && s.p[0] == ':')
		*name = span_of(s.p + 1, s.n - 1);
	else if (s.n > 2 && s.p[0] == '{' && s.p[s.n - 1] == '}')
		*name = span_of(s.p + 1, s.n - 2);
	else
		return false;
	return true;
}

static bool
app_match_pattern(struct span pattern, struct span path, struct route_match *m)
{
	m->n = 0;
	while (pattern.n && path.n) {
		struct span name, want = app_segment(pattern, &pattern),
				  got = app_segment(path, &path);
		if (!app_is_param(want, &name)) {
			if (!span_eq(want, got))
				return false;
		} else if (got.n && m->n < ROUTE_PARAMS_MAX) {
			m->param[m->n].name = name;
			m->param[m->n++].value = got;
		} else {
			return false;
		}
	}
	return pattern.n == 0 && path.n == 0;
}

static struct span
app_trim_slashes(struct span s)
{
	while (s.n && s.p[0] == '/')
		s = span_of(s.p + 1, s.n - 1);
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

/* "1", "1.0.0", "v2" */
static bool
app_is_version(struct span s)
{
	if (s.n && (s.p[0] == 'v' || s.p[0] == 'V'))
		s = span_of(s.p + 1, s.n - 1);
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '.')
			return false;
	return s.n > 0 && s.p[0] != '.';
}

/* A route's name is "<Service> <verb> <pattern>". */
static bool
app_is_of_service(const struct handler *h, struct span service)
{
	return strncmp(h->name, (const char *)service.p, service.n) == 0 &&
	       h->name[service.n] == ' ';
}

static bool
app_match_one(const struct handler *h, struct span rest, struct route_match *m)
{
	struct span pattern = app_trim_slashes(span_str(h->pattern)), below;

	if (app_match_pattern(pattern, rest, m))
		return true;
	return app_is_version(app_segment(rest, &below)) &&
	       app_match_pattern(pattern, below, m);
}

bool
app_match_route(
    const struct app *a, struct span verb, struct span path, struct route_match *m)
{
	struct span rest, service = app_segment(app_trim_slashes(path), &rest);

	memset(m, 0, sizeof *m);
	if (service.n == 0)
		return false;
	rest = app_trim_slashes(rest);
	for (size_t i = 0; i < a->by_index_n; i++) {
		struct handler *h = a->by_index[i];
		if (h->kind != KIND_ROUTE || !h->pattern || !h->verb ||
		    !app_is_of_service(h, service) || !app_match_one(h, rest, m))
			continue;
		if (span_is(verb, h->verb)) {
			m->handler = h;
			m->other_verb = false;
			return true;
		}
		m->other_verb = true;
	}
	m->n = 0;
	return false;
}

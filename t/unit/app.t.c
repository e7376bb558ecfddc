/*
 * The catalogue: names, kinds, reloads, routes.
 */
#include "t.h"
#include "../../supervisor/app.h"
#include <stdlib.h>

static const struct conf_app conf = {.id = (char *)(uintptr_t) "demo"};

static struct handler *
add(struct app *a, enum kind kind, const char *name)
{
	return app_add_handler(a, kind, span_str(name), (uint32_t)a->staged_n);
}

static struct handler *
add_route(struct app *a, const char *service, const char *verb, const char *pattern)
{
	struct buf name;

	buf_init(&name, 0);
	buf_printf(&name, "%s %s %s", service, verb, pattern);
	struct handler *h = add(a, KIND_ROUTE, buf_cstr(&name));
	h->verb = strdup(verb);
	h->pattern = strdup(pattern);
	buf_fini(&name);
	return h;
}

static struct app *
sample(void)
{
	struct app *a = app_new(&conf, 0);

	app_begin_catalogue(a);
	add(a, KIND_JOB, "both");
	add(a, KIND_FUNCTION, "hello");
	add(a, KIND_EVENT, "both");
	add(a, KIND_FUNCTION, "hell");
	add(a, KIND_SERVICE, "Users/list");
	add_route(a, "Users", "GET", "/users/me");
	add_route(a, "Users", "GET", "/users/:id");
	add_route(a, "Users", "PUT", "/users/{id}/posts/:post");
	add_route(a, "Users", "GET", "/");
	app_end_catalogue(a);
	return a;
}

static void
t_finds_by_kind_and_name(void)
{
	struct app *a = sample();

	EQ_STR(app_find(a, KIND_FUNCTION, span_str("hello"))->name, "hello");
	EQ_STR(app_find(a, KIND_FUNCTION, span_str("hell"))->name, "hell");
	OK(!app_find(a, KIND_FUNCTION, span_str("hel")));
	OK(!app_find(a, KIND_FUNCTION, span_str("hello!")));
	OK(!app_find(a, KIND_EVENT, span_str("hello")));
	OK(!app_find(a, KIND_FUNCTION, SPAN_NONE));
	OK(!app_find(a, KIND_FUNCTION, span_of("hell\0", 5)));
	app_free(a);
}

static void
t_any_kind_has_an_order(void)
{
	struct app *a = sample();

	EQ_INT(app_find(a, KIND_ANY, span_str("both"))->kind, KIND_EVENT);
	EQ_INT(app_find(a, KIND_ANY, span_str("Users/list"))->kind, KIND_SERVICE);
	OK(!app_find(a, KIND_ANY, span_str("Users GET /users/me")));
	app_free(a);
}

static void
t_a_reload_keeps_handlers_alive(void)
{
	struct app *a = sample();
	struct handler *hello = app_find(a, KIND_FUNCTION, span_str("hello")), *now;
	struct handler *hell = app_find(a, KIND_FUNCTION, span_str("hell"));

	hello->done = 7;
	app_begin_catalogue(a);
	OK(add(a, KIND_FUNCTION, "new"));
	OK(app_find(a, KIND_FUNCTION, span_str("hell"))); /* still in force */
	OK(add(a, KIND_FUNCTION, "hello"));
	OK(!app_add_handler(a, KIND_FUNCTION, span_str("gap"), 9));
	app_end_catalogue(a);
	now = app_find(a, KIND_FUNCTION, span_str("hello"));
	OK(now == hello && now->done == 7);
	EQ_INT(now->index, 1);
	OK(!hell->present && !app_find(a, KIND_FUNCTION, span_str("hell")));
	EQ_INT(a->generation, 2);
	app_free(a);
}

static bool
match(const struct app *a, const char *verb, const char *path, struct route_match *m)
{
	return app_match_route(a, span_str(verb), span_str(path), m);
}

static void
t_routes_match_segments(void)
{
	struct app *a = sample();
	struct route_match m;

	OK(match(a, "GET", "Users/users/me", &m));
	EQ_STR(m.handler->pattern, "/users/me");
	OK(match(a, "GET", "Users/users/42", &m));
	EQ_STR(m.handler->pattern, "/users/:id");
	EQ_INT(m.n, 1);
	OK(span_is(m.param[0].name, "id") && span_is(m.param[0].value, "42"));
	OK(match(a, "PUT", "Users/users/a%20b/posts/x/", &m));
	EQ_INT(m.n, 2);
	OK(span_is(m.param[0].value, "a%20b") && span_is(m.param[1].name, "post"));
	OK(match(a, "GET", "Users", &m));
	OK(!match(a, "GET", "Users/users", &m) && !m.other_verb);
	OK(!match(a, "GET", "Users/users/1/2", &m) && !m.other_verb);
	OK(!match(a, "GET", "User/users/1", &m));
	OK(!match(a, "GET", "", &m));
	app_free(a);
}

static void
t_routes_with_a_version(void)
{
	struct app *a = sample();
	struct route_match m;

	OK(match(a, "GET", "Users/1.0.0/users/7", &m));
	OK(span_is(m.param[0].value, "7"));
	OK(match(a, "GET", "Users/v2/users/7", &m));
	OK(!match(a, "GET", "Users/beta/users/7", &m));
	app_free(a);
}

static void
t_routes_tell_a_wrong_verb(void)
{
	struct app *a = sample();
	struct route_match m;

	OK(!match(a, "DELETE", "Users/users/7", &m));
	OK(m.other_verb && !m.handler);
	app_free(a);
}

TESTS(TEST(finds_by_kind_and_name), TEST(any_kind_has_an_order),
    TEST(a_reload_keeps_handlers_alive), TEST(routes_match_segments),
    TEST(routes_with_a_version), TEST(routes_tell_a_wrong_verb))

/*
 * The Backendless dialect: paths, execution types, bodies of every form, replies.
 */
#include "http_calls.h"

#define BL "/demo/javascript-key-1"

static void
t_backendless_events(void)
{
	httpcore_init(&c);
	c.plan.result = "5";
	EQ_INT(post(BL "/servercode/events/e", JSON, "{\"a\":1}"), 200);
	EQ_STR(r.body, "{\"result\":5}");
	EQ_STR(seen(), "{\"a\":1},null,null,null");
	c.plan.result = "{\"b\":2}";
	EQ_INT(post("/api/servercode/events/%65", JSON, "{}"), 200);
	EQ_STR(r.body, "{\"b\":2}");
	c.plan.result = NULL;
	EQ_INT(post(BL "/servercode/events/e", "", NULL), 200);
	EQ_STR(r.body, "{\"result\":null}");
	EQ_STR(reply_get(&r, "Access-Control-Allow-Origin"), "*");
	EQ_INT(post(BL "/servercode/events/x%22y", JSON, "{}"), 400);
	EQ_STR(r.body,
	    "{\"code\":0,\"message\":\"Custom event handler with name 'x\\\"y' "
	    "does not exists\"}");
	EQ_INT(get(BL "/servercode/events/e", ""), 405);
	httpcore_fini(&c);
}

static void
t_backendless_executions(void)
{
	httpcore_init(&c);
	EQ_INT(
	    post(BL "/servercode/events/e", "bl-execution-type: ASYNC\r\n" JSON, "{}"),
	    200);
	EQ_STR(r.body, "null");
	EQ_INT(strlen(reply_get(&r, "Deferd-Task-Id")), 36);
	EQ_STR(reply_get(&r, "Deferd-Durability"), "memory");
	EQ_INT(c.seen_execution, EXEC_ASYNC);
	EQ_INT(
	    post(BL "/services/S/m", "bl-execution-type: async-low-priority\r\n", NULL),
	    200);
	EQ_INT(c.seen_execution, EXEC_LOW);
	EQ_INT(
	    post(BL "/services/S/m", "bl-execution-type: asyncLowPriority\r\n", NULL),
	    200);
	EQ_INT(c.seen_execution, EXEC_LOW);
	EQ_INT(post(BL "/services/S/m", "bl-execution-type: later\r\n", NULL), 400);
	OK(has("{\"code\":0,\"message\":\"bl-execution-type"));
	httpcore_fini(&c);
}

static void
t_backendless_bodies(void)
{
	static const struct {
		const char *headers, *body;
		int status;
		const char *seen;
	} rows[] = {
	    {"", NULL, 200, "null,null,null,null"},
	    {"", "", 200, "null,null,null,null"},
	    {"", "hello", 200, "\"hello\",null,null,null"},
	    {"", "5", 200, "\"5\",null,null,null"},
	    {"", "{\"a\":1}", 200, "{\"a\":1},null,null,null"},
	    {"", "{oops", 200, "\"{oops\",null,null,null"},
	    {"Content-Type: text/plain\r\n", "[1]", 200, "\"[1]\",null,null,null"},
	    {JSON, "[1,\"x\"]", 200, "[1,\"x\"],null,null,null"},
	    {JSON, "\"s\"", 200, "\"s\",null,null,null"},
	    {JSON, "null", 200, "null,null,null,null"},
	    {"Content-Type: Application/JSON; charset=utf-8\r\n", "7", 200,
		"7,null,null,null"},
	    {"Content-Type: application/x-www-form-urlencoded\r\n", "{\"a\":1}", 200,
		"{\"a\":1},null,null,null"},
	    {JSON, "{oops", 400, NULL},
	    {"", "\xff", 400, NULL},
	    {"Content-Type: application/x-www-form-urlencoded\r\n", "a=1", 415, NULL},
	    {"Content-Type: image/png\r\n", "x", 415, NULL},
	    {"Content-Encoding: gzip\r\n" JSON, "{}", 415, NULL},
	};

	httpcore_init(&c);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		EQ_INT(post(BL "/services/S/m", rows[i].headers, rows[i].body),
		    rows[i].status);
		if (rows[i].seen)
			EQ_STR(seen(), rows[i].seen);
		else
			OK(has("{\"code\":0,\"message\":\""));
	}
	httpcore_fini(&c);
}

static void
t_backendless_services_and_routes(void)
{
	httpcore_init(&c);
	EQ_INT(get(BL "/services/S/r/a%20b?id=q&x=%C3%A9+1", ""), 200);
	EQ_STR(c.seen_handler->name, "S GET /r/:id");
	EQ_STR(seen(), "null,{\"id\":\"q\",\"x\":\"\xc3\xa9 1\",\"id\":\"a b\"},"
		       "{\"id\":\"q\",\"x\":\"\xc3\xa9 1\"},{\"id\":\"a b\"}");
	EQ_INT(get(BL "/services/S/2.0/r/7", ""), 200);
	EQ_STR(c.seen_handler->name, "S GET /r/:id");
	EQ_INT(get(BL "/services/S/m?a=1", ""), 200);
	EQ_STR(seen(), "null,{\"a\":\"1\"},{\"a\":\"1\"},null");
	EQ_INT(post(BL "/services/S/1.0.0/m?a=1", JSON, "{\"a\":2}"), 200);
	EQ_STR(seen(), "{\"a\":2},{\"a\":\"1\",\"a\":2},{\"a\":\"1\"},null");
	EQ_INT(post(BL "/services/S/r/7", JSON, "{}"), 405);
	EQ_INT(
	    client_call(&c, "PUT", BL "/services/S/m", "", "", &r) ? r.status : 0, 405);
	EQ_INT(post(BL "/services/S/nope", JSON, "{}"), 400);
	OK(has("[nope] method does not exist in [S] service or is not a function"));
	EQ_INT(post(BL "/services/Q/m", JSON, "{}"), 400);
	OK(has("[Q] service does not exist"));
	httpcore_fini(&c);
}

static void
t_backendless_responses(void)
{
	httpcore_init(&c);
	c.plan.result = "\"<p>\"";
	c.plan.status = 201;
	c.plan.header = "X-Made";
	c.plan.value = "yes";
	EQ_INT(post(BL "/services/S/m", "", NULL), 201);
	EQ_STR(r.body, "\"<p>\"");
	EQ_STR(reply_get(&r, "X-Made"), "yes");
	c.plan.header = "Content-Type";
	c.plan.value = "text/html";
	EQ_INT(post(BL "/services/S/m", "", NULL), 201);
	EQ_STR(r.body, "<p>");
	EQ_STR(reply_get(&r, "Content-Type"), "text/html");
	c.plan.header = "Content-Length";
	c.plan.value = "1";
	EQ_INT(post(BL "/services/S/m", "", NULL), 201);
	EQ_STR(reply_get(&r, "Content-Length"), "5");
	c.plan.header = "X-Bad";
	c.plan.value = "a\r\nX-Forged: 1";
	c.plan.status = 204;
	EQ_INT(post(BL "/services/S/m", "", NULL), 204);
	OK(!reply_get(&r, "X-Forged") && !reply_get(&r, "X-Bad"));
	EQ_STR(r.body, "");
	httpcore_fini(&c);
}

static void
t_backendless_rest(void)
{
	httpcore_init(&c);
	EQ_INT(get(BL "/info", ""), 200);
	OK(has("\"loggers\":[]"));
	EQ_INT(client_call(&c, "PUT", BL "/log", JSON, "[]", &r) ? r.status : 0, 200);
	EQ_INT(get("/demo/rest-key-2/info", ""), 403);
	OK(has("{\"code\":0,\"message\":\""));
	EQ_INT(get("/nope/rest-key-1/info", ""), 403);
	EQ_INT(post(BL "/data/T", JSON, "{}"), 400);
	OK(has("not available yet"));
	EQ_INT(get(BL "/nope", ""), 404);
	OK(client_call(&c, "OPTIONS", BL "/services/S/m",
	    "Access-Control-Request-Headers: bl-execution-type\r\n", NULL, &r));
	EQ_INT(r.status, 204);
	EQ_STR(reply_get(&r, "Access-Control-Allow-Headers"), "bl-execution-type");
	c.conf.default_app = NULL;
	EQ_INT(get("/api/info", ""), 404);
	httpcore_fini(&c);
}

TESTS(TEST(backendless_events), TEST(backendless_executions), TEST(backendless_bodies),
    TEST(backendless_services_and_routes), TEST(backendless_responses),
    TEST(backendless_rest))

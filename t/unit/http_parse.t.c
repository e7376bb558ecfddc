/*
 * The Parse dialect: functions, bodies, credentials, context, jobs and their status.
 */
#include "http_calls.h"

#define PARSE "X-Parse-Application-Id: demo\r\nX-Parse-REST-API-Key: rest-key-1\r\n"
#define PARSE_MASTER                                                                   \
	"X-Parse-Application-Id: demo\r\nX-Parse-Master-Key: master-key-1\r\n"

static void
t_parse_functions(void)
{
	httpcore_init(&c);
	c.plan.result =
	    "{\"t\":{\"__type\":\"Date\",\"iso\":\"2026-01-02T03:04:05.006Z\"}}";
	EQ_INT(
	    post("/parse/functions/hello", PARSE,
		"{\"d\":[{\"__type\":\"Date\",\"iso\":\"1970-01-01T00:00:00.000Z\"}]}"),
	    200);
	EQ_STR(r.body, "{\"result\":{\"t\":{\"__type\":\"Date\",\"iso\":"
		       "\"2026-01-02T03:04:05.006Z\"}}}");
	EQ_STR(seen(),
	    "{\"d\":[{\"__type\":\"Date\",\"iso\":\"1970-01-01T00:00:00.000Z\"}]},"
	    "null,null,null");
	EQ_STR(reply_get(&r, "Access-Control-Expose-Headers"),
	    "X-Parse-Job-Status-Id, X-Parse-Push-Status-Id");
	c.plan.result = NULL;
	EQ_INT(
	    post("//PARSE/Functions/odd%22name/?a=q", PARSE, "{\"a\":1,\"b\":2}"), 200);
	EQ_STR(r.body, "{\"result\":null}");
	EQ_STR(seen(),
	    "{\"a\":1,\"b\":2},{\"a\":1,\"b\":2,\"a\":\"q\"},{\"a\":\"q\"},null");
	EQ_INT(post("/parse/functions/no%22pe", PARSE, "{}"), 400);
	EQ_STR(
	    r.body, "{\"code\":141,\"error\":\"Invalid function: \\\"no\\\"pe\\\"\"}");
	EQ_INT(get("/parse/functions/hello", PARSE), 404);
	EQ_INT(post("/parse/functions/a/b", PARSE, "{}"), 404);
	EQ_INT(post("/parse/nope", PARSE, "{}"), 404);
	httpcore_fini(&c);
}

static void
t_parse_bodies(void)
{
	httpcore_init(&c);
	EQ_INT(post("/parse/functions/hello", PARSE "Content-Type: text/plain\r\n",
		   "{\"a\":1}"),
	    200);
	EQ_INT(post("/parse/functions/hello", PARSE, NULL), 200);
	EQ_STR(seen(), "null,null,null,null");
	EQ_INT(post("/parse/functions/hello", PARSE, "[5,6]"), 200);
	EQ_STR(seen(), "{\"0\":5,\"1\":6},null,null,null");
	EQ_INT(post("/parse/functions/hello", PARSE, "\"x\""), 400);
	EQ_INT(post("/parse/functions/hello", PARSE, "{"), 400);
	OK(has("{\"code\":107,\"error\":\"the body is not JSON"));
	EQ_INT(post("/parse/functions/hello",
		   PARSE "Content-Type: application/x-www-form-urlencoded\r\n", "a=1"),
	    415);
	EQ_INT(post("/parse/functions/hello",
		   PARSE "Content-Type: multipart/form-data; boundary=x\r\n", "--x"),
	    415);
	EQ_INT(post("/parse/functions/hello", PARSE "Content-Encoding: gzip\r\n", "x"),
	    415);
	httpcore_fini(&c);
}

static void
t_parse_credentials(void)
{
	static const char unauthorized[] = "{\"error\":\"unauthorized\"}";

	httpcore_init(&c);
	EQ_INT(post("/parse/functions/hello", "", "{}"), 403);
	EQ_STR(r.body, unauthorized);
	EQ_INT(post("/parse/functions/hello", "X-Parse-Application-Id: demo\r\n", "{}"),
	    403);
	EQ_STR(r.body, unauthorized);
	EQ_INT(post("/parse/functions/hello",
		   "X-Parse-Application-Id: demo\r\nX-Parse-Javascript-Key: "
		   "master-key-1\r\n",
		   "{}"),
	    403);
	EQ_INT(
	    post("/parse/functions/hello", "",
		"{\"_ApplicationId\":\"demo\",\"_JavaScriptKey\":\"javascript-key-1\","
		"\"_ClientVersion\":\"js8\",\"_InstallationId\":\"i\",\"_other\":1,"
		"\"a\":2}"),
	    200);
	EQ_STR(seen(), "{\"_other\":1,\"a\":2},null,null,null");
	OK(seen_ends(",0]"));
	EQ_INT(post("/parse/functions/hello", "",
		   "{\"_ApplicationId\":\"demo\",\"_MasterKey\":\"master-key-1\"}"),
	    200);
	OK(seen_ends(",1]"));
	/* demo:master-key-1 and demo:javascript-key=javascript-key-1 */
	EQ_INT(post("/parse/functions/hello",
		   "Authorization: Basic ZGVtbzptYXN0ZXIta2V5LTE=\r\n", "{}"),
	    200);
	OK(seen_ends(",1]"));
	EQ_INT(post("/parse/functions/hello",
		   "Authorization: Basic "
		   "ZGVtbzpqYXZhc2NyaXB0LWtleT1qYXZhc2NyaXB0LWtleS0x\r\n",
		   "{}"),
	    200);
	EQ_INT(
	    post("/parse/functions/hello", PARSE "X-Parse-Master-Key: wrong\r\n", "{}"),
	    200);
	OK(!strstr(buf_cstr(&c.seen), "rest-key-1") &&
	    !strstr(buf_cstr(&c.seen), "wrong"));
	httpcore_fini(&c);
}

static void
t_parse_context_and_method(void)
{
	httpcore_init(&c);
	EQ_INT(post("/parse/functions/hello",
		   PARSE "X-Parse-Cloud-Context: {\"h\":1}\r\n", "{}"),
	    200);
	OK(seen_ends(",{\"h\":1},0]"));
	EQ_INT(
	    post("/parse/functions/hello", PARSE "X-Parse-Cloud-Context: {\"h\":1}\r\n",
		"{\"_context\":{\"b\":2}}"),
	    200);
	OK(seen_ends(",{\"b\":2},0]"));
	EQ_INT(
	    post("/parse/functions/hello", PARSE "X-Parse-Cloud-Context: x\r\n", "{}"),
	    400);
	OK(has("\"code\":107"));
	EQ_INT(post("/parse/config", PARSE, "{\"_method\":\"GET\"}"), 200);
	EQ_STR(r.body, "{\"params\":{}}");
	EQ_INT(post("/parse/config", PARSE, "{\"_method\":\"BREW\"}"), 400);
	EQ_INT(get("/parse/health", ""), 200);
	c.phase = CORE_STARTING;
	EQ_INT(get("/parse/health", ""), 503);
	EQ_STR(reply_get(&r, "Retry-After"), "1");
	OK(client_call(&c, "OPTIONS", "/parse/functions/hello", "", NULL, &r));
	EQ_INT(r.status, 200);
	OK(strstr(
	    reply_get(&r, "Access-Control-Allow-Headers"), "X-Parse-REST-API-Key"));
	httpcore_fini(&c);
}

static void
t_parse_jobs(void)
{
	char id[64], body[200];

	httpcore_init(&c);
	EQ_INT(post("/parse/jobs/j", PARSE, "{}"), 403);
	EQ_STR(r.body, "{\"error\":\"Permission denied\"}");
	EQ_INT(post("/parse/jobs/nope", PARSE_MASTER, "{}"), 400);
	EQ_STR(r.body, "{\"code\":141,\"error\":\"Invalid job.\"}");
	c.plan.result = "\"all done\"";
	EQ_INT(post("/parse/jobs/j", PARSE_MASTER, "{\"a\":1}"), 200);
	EQ_STR(r.body, "{}");
	EQ_STR(reply_get(&r, "Deferd-Durability"), "memory");
	snprintf(id, sizeof id, "%s", reply_get(&r, "X-Parse-Job-Status-Id"));
	EQ_INT(post("/parse/jobs", PARSE_MASTER, "{\"jobName\":\"j\"}"), 200);
	client_turn(&c);
	snprintf(body, sizeof body,
	    "{\"where\":{\"objectId\":\"%s\"},\"limit\":1,\"_method\":\"GET\"}", id);
	EQ_INT(post("/parse/classes/_JobStatus", PARSE_MASTER, body), 200);
	OK(has("{\"results\":[{\"objectId\":\"") && has(id));
	OK(has("\"status\":\"succeeded\",\"message\":\"all done\""));
	OK(has("\"finishedAt\":{\"__type\":\"Date\",\"iso\":\"20"));
	EQ_INT(post("/parse/classes/_JobStatus", PARSE, body), 400);
	OK(has("\"code\":119"));
	EQ_INT(get("/parse/classes/_JobStatus?where=%7B%22status%22%3A%22failed%22%7D",
		   PARSE_MASTER),
	    200);
	EQ_STR(r.body, "{\"results\":[]}");
	EQ_INT(get("/parse/classes/_JobStatus?limit=1", PARSE_MASTER), 200);
	OK(has("\"jobName\":\"j\"") && !has(id));
	snprintf(body, sizeof body, "/parse/classes/_JobStatus/%s", id);
	EQ_INT(get(body, PARSE_MASTER), 200);
	EQ_INT(get("/parse/classes/_JobStatus/x", PARSE_MASTER), 404);
	EQ_INT(get("/parse/cloud_code/jobs/data", PARSE_MASTER), 200);
	EQ_STR(r.body, "{\"in_use\":[],\"jobs\":[\"j\"]}");
	EQ_INT(get("/parse/cloud_code/jobs/data", PARSE), 403);
	EQ_INT(post("/parse/classes/Invoice", PARSE, "{}"), 400);
	OK(has("not available yet"));
	httpcore_fini(&c);
}

static void
t_parse_responses_are_never_5xx(void)
{
	httpcore_init(&c);
	c.plan.result = "1";
	c.plan.status = 202;
	c.plan.header = "X-Made";
	c.plan.value = "yes";
	EQ_INT(post("/parse/functions/hello", PARSE, "{}"), 202);
	EQ_STR(reply_get(&r, "X-Made"), "yes");
	c.plan.status = 503;
	EQ_INT(post("/parse/functions/hello", PARSE, "{}"), 400);
	httpcore_fini(&c);
}

TESTS(TEST(parse_functions), TEST(parse_bodies), TEST(parse_credentials),
    TEST(parse_context_and_method), TEST(parse_jobs),
    TEST(parse_responses_are_never_5xx))

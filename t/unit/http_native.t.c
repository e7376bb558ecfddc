/*
 * The native dialect: from a request to a task and back.
 */
#include "http_calls.h"

#define TASKS "/v1/apps/demo/tasks"
#define REST "Authorization: Bearer rest-key-1\r\n"
#define MASTER "Authorization: Bearer master-key-1\r\n"

static void
t_native_post_async(void)
{
	httpcore_init(&c);
	EQ_INT(
	    post(TASKS, REST, "{\"name\":\"hello\",\"params\":{\"a\":[1,2.0]}}"), 202);
	EQ_STR(seen(), "{\"a\":[1,2.0]},null,null,null");
	OK(strncmp(reply_get(&r, "Location"), TASKS "/0", 21) == 0);
	EQ_STR(reply_get(&r, "Deferd-Durability"), "memory");
	OK(has("\"state\":\"") && has("\"lane\":\"main\""));
	EQ_INT(c.seen_execution, EXEC_ASYNC);
	EQ_INT(post(TASKS, REST,
		   "{\"name\":\"hello\",\"execution\":\"asyncLowPriority\"}"),
	    202);
	EQ_INT(c.seen_execution, EXEC_LOW);
	OK(has("\"lane\":\"low\""));
	EQ_STR(seen(), "{},null,null,null");
	httpcore_fini(&c);
}

static void
t_native_post_sync(void)
{
	httpcore_init(&c);
	c.plan.result = "{\"x\":[1,2.0,null]}";
	EQ_INT(post(TASKS, REST,
		   "{\"kind\":\"service\",\"name\":\"S/m\",\"execution\":\"sync\","
		   "\"timeout\":1.5,\"params\":null,\"attempts\":1}"),
	    200);
	OK(has("\"kind\":\"service\",\"name\":\"S/m\"") && has("\"state\":\"done\""));
	OK(has("\"result\":{\"x\":[1,2.0,null]}") && !has("error") && !has("params"));
	OK(strstr(reply_get(&r, "Server-Timing"), "run;dur=1.234") != NULL);
	EQ_INT(c.seen_timeout_ms, 1500);
	EQ_STR(seen(), "null,null,null,null");
	c.plan.result = NULL;
	EQ_INT(post(TASKS, REST, "{\"name\":\"hello\",\"execution\":\"sync\"}"), 200);
	OK(has("\"result\":null"));
	httpcore_fini(&c);
}

static void
t_native_refuses_odd_bodies(void)
{
	static const struct {
		const char *body;
		int status;
		const char *says;
	} rows[] = {
	    {"", 400, "bad_json"},
	    {"{\"name\":\"hello\"", 400, "bad_json"},
	    {"[]", 400, "expected an object"},
	    {"{}", 400, "name: missing"},
	    {"{\"name\":5}", 400, "expected a string"},
	    {"{\"name\":\"nope\"}", 404, "unknown_handler"},
	    {"{\"kind\":\"event\",\"name\":\"hello\"}", 404, "no event is named"},
	    {"{\"kind\":\"route\",\"name\":\"hello\"}", 400, "kind: expected"},
	    {"{\"name\":\"hello\",\"execution\":\"soon\"}", 400, "execution: expected"},
	    {"{\"name\":\"hello\",\"timeout\":0}", 400, "timeout: expected"},
	    {"{\"name\":\"hello\",\"timeout\":\"5\"}", 400, "timeout: expected"},
	    {"{\"name\":\"hello\",\"timeout\":1e300}", 400, "timeout: expected"},
	    {"{\"name\":\"hello\",\"attempts\":102}", 400, "attempts: expected"},
	    {"{\"name\":\"hello\",\"delay\":-3}", 400, "delay: expected"},
	    {"{\"name\":\"hello\",\"at\":\"x\"}", 400, "at: expected"},
	    {"{\"name\":\"hello\",\"key\":\"\"}", 400, "key: expected"},
	    {"{\"name\":\"hello\",\"parms\":{}}", 400, "parms: unknown field"},
	    {"{\"name\":\"hello\",\"params\":99999999999999999999}", 400, "64-bit"},
	};

	httpcore_init(&c);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		EQ_INT(post(TASKS, REST, rows[i].body), rows[i].status);
		if (!has(rows[i].says))
			t_fail(__FILE__, __LINE__, "%s: %s", rows[i].body, r.body);
	}
	EQ_INT(c.submitted, 0);
	httpcore_fini(&c);
}

static void
t_native_keys(void)
{
	httpcore_init(&c);
	EQ_INT(post(TASKS, "", "{}"), 401);
	OK(reply_get(&r, "WWW-Authenticate") != NULL);
	EQ_INT(post(TASKS, "Authorization: Bearer rest-key-2\r\n", "{}"), 403);
	EQ_INT(post(TASKS, "Authorization: Bearer rest-key-\r\n", "{}"), 403);
	EQ_INT(post(TASKS, "Authorization: Basic cmVzdA==\r\n", "{}"), 401);
	static char body[500];
	snprintf(body, sizeof body, "%s", r.body);
	EQ_INT(post(TASKS, "Authorization: Bearer x\r\n", "{}"), 403);
	snprintf(body, sizeof body, "%s", r.body);
	EQ_INT(post("/v1/apps/nope/tasks", REST, "{}"), 403);
	EQ_STR(r.body, body);
	EQ_INT(get(TASKS, REST), 403);
	EQ_INT(get(TASKS, MASTER), 200);
	EQ_INT(post(TASKS, "authorization:   bearer   javascript-key-1\r\n",
		   "{\"name\":\"hello\"}"),
	    202);
	httpcore_fini(&c);
}

static void
t_native_get_and_delete(void)
{
	char path[100], id[TASKID_TEXT_BYTES];

	httpcore_init(&c);
	c.plan.what = PLAN_NEVER;
	EQ_INT(post(TASKS, REST, "{\"name\":\"hello\",\"params\":{\"s\":1}}"), 202);
	snprintf(path, sizeof path, TASKS "/%s", taskid_text(&c.last->id, id));
	EQ_INT(get(path, REST), 200);
	OK(has("\"state\":\"queued\"") && !has("params") && !has("started_at"));
	EQ_INT(get(path, MASTER), 200);
	OK(has("\"params\":{\"s\":1}"));
	EQ_INT(client_call(&c, "DELETE", path, REST, NULL, &r) ? r.status : 0, 403);
	OK(client_call(&c, "DELETE", path, MASTER, NULL, &r));
	EQ_INT(r.status, 200);
	OK(has("\"state\":\"cancelled\"") && has("\"code\":\"cancelled\""));
	OK(client_call(&c, "DELETE", path, MASTER, NULL, &r));
	EQ_INT(r.status, 409);
	EQ_INT(post(TASKS, REST, "{\"name\":\"hello\"}"), 202);
	task_move(c.last, TASK_LEASED, 1);
	snprintf(path, sizeof path, TASKS "/%s", taskid_text(&c.last->id, id));
	OK(client_call(&c, "DELETE", path, MASTER, NULL, &r));
	EQ_INT(r.status, 202);
	OK(has("\"state\":\"leased\",\"cancelling\":true"));
	EQ_INT(get(TASKS "/01a1fc40-0258-75ff-967d-96fed101ecaa", REST), 404);
	EQ_INT(get(TASKS "/nonsense", REST), 404);
	httpcore_fini(&c);
}

static int
act(const char *verb, const char *key)
{
	char path[200], id[TASKID_TEXT_BYTES];

	snprintf(path, sizeof path, TASKS "/%s/%s", taskid_text(&c.last->id, id), verb);
	return post(path, key, "");
}

static void
t_native_verbs(void)
{
	httpcore_init(&c);
	c.plan.what = PLAN_NEVER;
	EQ_INT(post(TASKS, REST, "{\"name\":\"hello\"}"), 202);
	EQ_INT(act("bury", REST), 403);
	EQ_INT(act("retry", MASTER), 409);
	OK(has("\"not_now\"") && has("the task is queued"));
	EQ_INT(act("bake", MASTER), 404);
	EQ_INT(act("bury/it", MASTER), 404);
	EQ_INT(act("bury", MASTER), 200);
	OK(has("\"state\":\"dead\"") && has("\"code\":\"buried\"") &&
	    has("\"params\":"));
	EQ_INT(act("retry", MASTER), 200);
	OK(has("\"state\":\"queued\""));
	c.last->state = TASK_DELAYED;
	EQ_INT(act("promote", MASTER), 507);
	OK(has("store_unavailable"));
	httpcore_fini(&c);
}

/* Sync calls go on: deferd is ready, and says what is wrong. */
static void
t_a_store_that_cannot_be_written(void)
{
	httpcore_init(&c);
	EQ_INT(get("/healthz", ""), 200);
	EQ_STR(r.body, "{\"status\":\"ok\"}");
	c.store.state = STORE_FULL;
	snprintf(c.store.why, sizeof c.store.why, "disk full");
	EQ_INT(get("/healthz", ""), 200);
	OK(has("\"status\":\"degraded\",\"reason\":\"the store is full: disk full: "));
	EQ_INT(get("/readyz", ""), 200);
	OK(has("\"status\":\"ok\",\"note\":\"the store is full: "));
	EQ_INT(get("/metrics", ""), 200);
	OK(has("deferd_store_state{state=\"full\"} 1\n") &&
	    has("deferd_store_state{state=\"ok\"} 0\n"));
	httpcore_fini(&c);
}

static void
t_native_list(void)
{
	char path[200];
	const char *next;

	httpcore_init(&c);
	for (int i = 0; i < 5; i++)
		EQ_INT(post(TASKS, REST, "{\"name\":\"hello\"}"), 202);
	client_turn(&c);
	EQ_INT(get(TASKS "?limit=2&state=done&lane=main&name=hello", MASTER), 200);
	OK((next = strstr(r.body, "\"next\":\"")) != NULL);
	snprintf(path, sizeof path, TASKS "?limit=3&after=%.36s", next + 8);
	EQ_INT(get(path, MASTER), 200);
	OK(has("\"id\"") && !has("next"));
	EQ_INT(get(TASKS "?state=failed", MASTER), 200);
	EQ_STR(r.body, "{\"tasks\":[]}");
	EQ_INT(get(TASKS "?limit=0", MASTER), 400);
	EQ_INT(get(TASKS "?limit=501", MASTER), 400);
	EQ_INT(get(TASKS "?state=odd", MASTER), 400);
	EQ_INT(get(TASKS "?colour=red", MASTER), 400);
	EQ_INT(get(TASKS "?after=x", MASTER), 400);
	httpcore_fini(&c);
}

TESTS(TEST(native_post_async), TEST(native_post_sync), TEST(native_refuses_odd_bodies),
    TEST(native_keys), TEST(native_get_and_delete), TEST(native_verbs),
    TEST(a_store_that_cannot_be_written), TEST(native_list))

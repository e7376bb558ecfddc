/*
 * The error table, row by row: what a client of each dialect is told, when the task has
 * ended with the fault and when it was refused with it. Made from fault.def.
 */
#include "httpcore.h"
#include "t.h"
#include <jansson.h>

static const struct fault_info rows[] = {
#define FAULT(name, ns, nc, bs, bc, ps, pc, begun, text)                               \
	{#name, ns, nc, bs, bc, ps, pc, begun, text},
#include "../../supervisor/fault.def"
#undef FAULT
};

static const char *const calls[] = {
    [0] = "POST /v1/apps/demo/tasks HTTP/1.1\r\nHost: x\r\n"
	  "Authorization: Bearer rest-key-1\r\nContent-Length: 35\r\n\r\n"
	  "{\"name\":\"hello\",\"execution\":\"sync\"}",
    [1] = "POST /demo/rest-key-1/services/S/m HTTP/1.1\r\nHost: x\r\n\r\n",
    [2] = "POST /parse/functions/hello HTTP/1.1\r\nHost: x\r\n"
	  "X-Parse-Application-Id: demo\r\nX-Parse-REST-API-Key: rest-key-1\r\n\r\n",
};

static json_t *
ask(struct core *c, const char *request, struct reply *r)
{
	OK(client_ask(c, request, r));
	OK(strstr(reply_get(r, "Content-Type"), "application/json") != NULL);
	json_t *v = json_loadb(r->body, r->body_bytes, 0, NULL);
	if (!v)
		t_fail(__FILE__, __LINE__, "not JSON: %s", r->body);
	return v;
}

static void
check_native(const struct fault_info *row, const struct reply *r, const json_t *v)
{
	const json_t *error = json_object_get(v, "error");

	EQ_INT(r->status, row->native_status);
	EQ_STR(json_string_value(json_object_get(error, "code")), row->native_code);
	EQ_STR(json_string_value(json_object_get(error, "message")), row->text);
	OK(r->status != 503 || reply_get(r, "Retry-After"));
}

static void
check_backendless(const struct fault_info *row, const struct reply *r, const json_t *v)
{
	const char *text = json_string_value(json_object_get(v, "message"));

	EQ_INT(r->status, row->bl_status);
	OK(r->status != 502);
	EQ_INT(json_object_size(v), 2);
	EQ_INT(json_integer_value(json_object_get(v, "code")), row->bl_code);
	if (row->bl_code == 15000)
		EQ_STR(text, "Custom business logic execution has been terminated "
			     "because it did not complete in permitted time - 15 "
			     "seconds");
	else
		EQ_STR(text, row->text);
}

static void
check_parse(const struct fault_info *row, const struct reply *r, const json_t *v)
{
	const json_t *code = json_object_get(v, "code");

	EQ_INT(r->status, row->parse_status);
	OK(r->status < 500 || !row->begun);
	EQ_STR(json_string_value(json_object_get(v, "error")), row->text);
	OK((code != NULL) == (row->parse_code != 0));
	EQ_INT(json_integer_value(code), row->parse_code);
}

static void (*const checks[])(const struct fault_info *, const struct reply *,
    const json_t *) = {check_native, check_backendless, check_parse};

static void
check_row(struct core *c, enum fault fault, enum plan_what what)
{
	const struct fault_info *row = &rows[fault - 1];
	static struct reply r;

	for (size_t d = 0; d < COUNT_OF(calls); d++) {
		c->plan = (struct plan){.what = what, .fault = fault};
		json_t *v = ask(c, calls[d], &r);
		/* a call that was refused never timed out */
		if (what == PLAN_FAULT || d != 1 || row->bl_code != 15000)
			checks[d](row, &r, v);
		json_decref(v);
	}
}

static void
t_each_row_when_a_task_failed(void)
{
	struct core c;

	httpcore_init(&c);
	for (int f = 1; f < FAULT_COUNT; f++)
		check_row(&c, (enum fault)f, PLAN_FAULT);
	t_note("%zu rows, %zu dialects", COUNT_OF(rows), COUNT_OF(calls));
	httpcore_fini(&c);
}

static void
t_each_row_when_a_call_was_refused(void)
{
	struct core c;

	httpcore_init(&c);
	for (int f = 1; f < FAULT_COUNT; f++)
		check_row(&c, (enum fault)f, PLAN_REFUSE);
	httpcore_fini(&c);
}

static void
t_the_table_keeps_its_promises(void)
{
	EQ_INT(COUNT_OF(rows), FAULT_COUNT - 1);
	for (int f = 1; f < FAULT_COUNT; f++) {
		const struct fault_info *row = &rows[f - 1], *got = fault_info(f);
		EQ_STR(got->name, row->name);
		EQ_STR(got->text, row->text);
		OK(!row->begun || row->parse_status < 500);
		OK(row->bl_status != 502);
		OK(row->native_status >= 400 && row->native_status <= 599);
	}
}

/* --- Cloud::Error: the handler's code and status --- */

static void
check_cloud_error(struct core *c, size_t dialect, int64_t code, int asked, int status)
{
	static struct reply r;

	c->plan = (struct plan){.what = PLAN_FAULT,
	    .fault = FAULT_CLOUD_ERROR,
	    .message = "no \"way\"",
	    .class = "Cloud::Error",
	    .has_code = true,
	    .code = code,
	    .status = asked};
	json_t *v = ask(c, calls[dialect], &r);
	const json_t *error = dialect == 0 ? json_object_get(v, "error") : v;
	EQ_INT(r.status, status);
	EQ_INT(json_integer_value(json_object_get(error, "code")), code);
	EQ_STR(json_string_value(
		   json_object_get(error, dialect == 2 ? "error" : "message")),
	    "no \"way\"");
	if (dialect == 0)
		EQ_STR(
		    json_string_value(json_object_get(error, "class")), "Cloud::Error");
	json_decref(v);
}

static void
t_a_cloud_error_keeps_code_and_status(void)
{
	struct core c;

	httpcore_init(&c);
	check_cloud_error(&c, 0, 42, 0, 422);
	check_cloud_error(&c, 0, 42, 418, 418);
	check_cloud_error(&c, 1, -7, 0, 400);
	check_cloud_error(&c, 1, 42, 418, 418);
	check_cloud_error(&c, 1, 42, 502, 500);
	check_cloud_error(&c, 2, 1234, 0, 400);
	check_cloud_error(&c, 2, 1234, 503, 400);
	check_cloud_error(&c, 2, 101, 0, 404);
	check_cloud_error(&c, 2, 1, 0, 400);
	httpcore_fini(&c);
}

TESTS(TEST(each_row_when_a_task_failed), TEST(each_row_when_a_call_was_refused),
    TEST(the_table_keeps_its_promises), TEST(a_cloud_error_keeps_code_and_status))

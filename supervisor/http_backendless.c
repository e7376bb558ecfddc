/*
 * http_backendless.c: the dialect of the Backendless SDKs: events and services below
 * /<app>/<key> or /api. Errors are {"code", "message"}; 502 is never sent, because
 * their JS SDK shows it as a lost connection.
 */
#include "http_impl.h"
#include "json.h"
#include <event2/http.h>
#include <stdio.h>

/* --- errors --- */

static int
bl_status(const struct trouble *t)
{
	int status = t->status ? t->status : fault_info(t->fault)->bl_status;

	return status == 502 ? 500 : status;
}

static void
bl_write_trouble(struct jsonw *w, const struct trouble *t)
{
	jsonw_object(w);
	jsonw_kint(w, "code", t->has_code ? t->code : fault_info(t->fault)->bl_code);
	jsonw_kstr(w, "message", trouble_text(t));
	jsonw_end_object(w);
}

static void
bl_add_headers(struct evhttp_request *ev)
{
	reply_header(ev, "Access-Control-Allow-Origin", "*");
}

/* --- answers to calls --- */

/* The reference's words, with the seconds that the call had. */
static void
bl_answer_timeout(struct call *c, struct task *t, struct trouble *trouble)
{
	char text[160], seconds[24];

	if (t->timeout_ms % 1000 == 0)
		snprintf(seconds, sizeof seconds, "%u", t->timeout_ms / 1000);
	else
		snprintf(seconds, sizeof seconds, "%g", t->timeout_ms / 1000.0);
	snprintf(text, sizeof text,
	    "Custom business logic execution has been terminated because it did not "
	    "complete in permitted time - %s seconds",
	    seconds);
	trouble->message = text;
	reply_trouble(c->http, c->ev, c->dialect, trouble);
}

static void
bl_write_event(struct jsonw *w, struct span result)
{
	struct mp c = mp_over(result);
	bool hash = result.n && mp_peek(&c) == MP_MAP;

	if (!hash) {
		jsonw_object(w);
		jsonw_key(w, "result");
	}
	json_write_whole(w, result, JSON_PLAIN);
	if (!hash)
		jsonw_end_object(w);
}

/* A Response that names another media type than JSON sends its text as it is. */
static bool
bl_answer_text(struct call *c, int status, const char *type, struct span result)
{
	struct mp cur = mp_over(result);
	struct span text;

	if (!type || strstr(type, "json") ||
	    (mp_str(&cur, &text) != 0 && mp_bin(&cur, &text) != 0))
		return false;
	reply_begin(c->http);
	buf_add_span(&c->http->out, text);
	reply_send_as(c->http, c->ev, c->dialect, status, NULL);
	return true;
}

static void
bl_answer(struct call *c, struct task *t)
{
	struct trouble trouble = trouble_of(t);
	struct span result = span_of(t->result, t->result_bytes);
	const char *type;

	if (trouble.fault == FAULT_TIMEOUT) {
		bl_answer_timeout(c, t, &trouble);
		return;
	}
	if (trouble.fault != FAULT_NONE) {
		reply_trouble(c->http, c->ev, c->dialect, &trouble);
		return;
	}
	int status = reply_take_response(c->ev, t, &type, 200);
	if (bl_answer_text(c, status, type, result))
		return;
	struct jsonw *w = reply_begin(c->http);
	if (c->form == FORM_EVENT)
		bl_write_event(w, result);
	else
		json_write_whole(w, result, JSON_PLAIN);
	if (type)
		reply_send_as(c->http, c->ev, c->dialect, status, NULL);
	else
		reply_send(c->http, c->ev, c->dialect, status);
}

static void
bl_accepted(struct http_req *r, struct task *t)
{
	char id[TASKID_TEXT_BYTES];

	jsonw_null(reply_begin(r->http));
	reply_header(r->ev, "Deferd-Task-Id", taskid_text(&t->id, id));
	reply_header(r->ev, "Access-Control-Expose-Headers",
	    "Deferd-Task-Id, Deferd-Durability");
	reply_add_durability(r);
	reply_send(r->http, r->ev, r->dialect, 200);
}

/* --- the body, in all its forms --- */

static bool
bl_is_json(const struct http_req *r)
{
	const char *type = r->header[HDR_CONTENT_TYPE];

	return http_req_is_type(r, "application/json") ||
	       (type && strstr(type, "+json"));
}

/* Text that may be JSON: a hash or an array is, where a bare word is a string. */
static bool
bl_read_text(struct http_req *r, struct call_input *in, json_t **body)
{
	char why[JSON_WHY_BYTES];

	if (!r->header[HDR_CONTENT_TYPE] &&
	    (r->body.p[0] == '{' || r->body.p[0] == '['))
		*body = json_read(r->body, why);
	in->text = r->body;
	if (*body || mp_utf8_valid(r->body, NULL))
		return true;
	reply_refuse(r, FAULT_BAD_REQUEST, "the body is not UTF-8 text");
	return false;
}

/* False: refused. *body is the caller's to release. */
static bool
bl_read_body(struct http_req *r, struct call_input *in, json_t **body)
{
	char why[JSON_WHY_BYTES];
	const char *type = r->header[HDR_CONTENT_TYPE];
	bool form = http_req_is_type(r, "application/x-www-form-urlencoded");

	if (r->body.n == 0)
		return true;
	if (r->header[HDR_CONTENT_ENCODING]) {
		reply_refuse(
		    r, FAULT_MEDIA_TYPE, "encoded bodies are not accepted yet");
		return false;
	}
	if (!type || http_req_is_type(r, "text/plain"))
		return bl_read_text(r, in, body);
	if (bl_is_json(r) || form)
		*body = json_read(r->body, why);
	if (*body)
		return true;
	if (bl_is_json(r))
		reply_refuse(r, FAULT_BAD_JSON, "the body is not JSON: %s", why);
	else
		reply_refuse(r, FAULT_MEDIA_TYPE,
		    "a body of type %.80s is not accepted: expected application/json",
		    type);
	return false;
}

static void
bl_call(struct http_req *r, struct call_input *in)
{
	const char *execution = r->header[HDR_EXECUTION];
	json_t *body = NULL;

	if (execution && execution_parse(span_str(execution), &in->execution) != 0) {
		reply_refuse(r, FAULT_BAD_REQUEST,
		    "bl-execution-type: expected sync, async or async-low-priority, "
		    "not \"%.40s\"",
		    execution);
		return;
	}
	if (!bl_read_body(r, in, &body))
		return;
	in->body = body;
	call_submit(r, in);
	json_decref(body);
}

/* --- events and services --- */

static void
bl_serve_event(struct http_req *r, struct span rest)
{
	struct call_input in = {.execution = EXEC_SYNC, .form = FORM_EVENT};
	struct span name;

	if (r->verb != VERB_POST) {
		reply_refuse(r, FAULT_METHOD, NULL);
		return;
	}
	if (!http_decode(r->http, rest, false, &name)) {
		reply_refuse(r, FAULT_BAD_REQUEST, "the event's name is not UTF-8");
		return;
	}
	in.handler = app_find(r->app, KIND_EVENT, name);
	if (in.handler)
		bl_call(r, &in);
	else
		reply_refuse(r, FAULT_UNKNOWN_HANDLER,
		    "Custom event handler with name '%.*s' does not exists",
		    name.n > 200 ? 200 : (int)name.n, (const char *)name.p);
}

static bool
bl_has_service(const struct app *a, struct span service)
{
	for (size_t i = 0; i < a->by_index_n; i++) {
		const struct handler *h = a->by_index[i];
		if ((h->kind == KIND_SERVICE || h->kind == KIND_ROUTE) &&
		    strncmp(h->name, (const char *)service.p, service.n) == 0 &&
		    (h->name[service.n] == '/' || h->name[service.n] == ' '))
			return true;
	}
	return false;
}

static void
bl_refuse_service(struct http_req *r, struct span path)
{
	struct span rest = path, service = path_next(&rest);

	if (!bl_has_service(r->app, service))
		reply_refuse(r, FAULT_UNKNOWN_HANDLER, "[%.*s] service does not exist",
		    service.n > 200 ? 200 : (int)service.n, (const char *)service.p);
	else
		reply_refuse(r, FAULT_UNKNOWN_HANDLER,
		    "[%.*s] method does not exist in [%.*s] service or is not a "
		    "function",
		    rest.n > 200 ? 200 : (int)rest.n, (const char *)rest.p,
		    service.n > 200 ? 200 : (int)service.n, (const char *)service.p);
}

/* "Service/method", with or without a version between. */
static struct handler *
bl_find_method(struct http_req *r, struct span path)
{
	struct handler *h = app_find(r->app, KIND_SERVICE, path);
	struct span rest = path, service = path_next(&rest), version = path_next(&rest);
	struct buf name;

	if (h || rest.n == 0 || version.n == 0 || !strchr("0123456789v", version.p[0]))
		return h;
	buf_init(&name, 0);
	buf_add_span(&name, service);
	buf_add_byte(&name, '/');
	buf_add_span(&name, rest);
	h = name.failed ? NULL : app_find(r->app, KIND_SERVICE, buf_span(&name));
	buf_fini(&name);
	return h;
}

static void
bl_serve_service(struct http_req *r, struct span rest)
{
	struct call_input in = {
	    .execution = EXEC_SYNC, .params = PARAMS_QUERY_BODY_PATH};
	struct route_match m;
	struct span path;

	if (app_match_route(r->app, span_str(verb_name(r->verb)), rest, &m)) {
		in.handler = m.handler;
		in.route = &m;
		bl_call(r, &in);
		return;
	}
	if (!http_decode(r->http, rest, false, &path)) {
		reply_refuse(r, FAULT_BAD_REQUEST, "the path is not UTF-8");
		return;
	}
	in.handler = bl_find_method(r, path);
	if (in.handler && (r->verb == VERB_POST || r->verb == VERB_GET))
		bl_call(r, &in);
	else if (in.handler || m.other_verb)
		reply_refuse(r, FAULT_METHOD, NULL);
	else
		bl_refuse_service(r, path);
}

/* --- what the SDK asks for by itself --- */

static void
bl_serve_info(struct http_req *r, struct span rest UNUSED)
{
	struct jsonw *w = reply_begin(r->http);

	jsonw_object(w);
	jsonw_key(w, "loggers");
	jsonw_array(w);
	jsonw_end_array(w);
	jsonw_kstr(w, "appId", r->app->conf->id);
	jsonw_end_object(w);
	reply_send(r->http, r->ev, r->dialect, 200);
}

static void
bl_serve_log(struct http_req *r, struct span rest UNUSED)
{
	if (r->verb != VERB_PUT && r->verb != VERB_POST) {
		reply_refuse(r, FAULT_METHOD, NULL);
		return;
	}
	jsonw_null(reply_begin(r->http));
	reply_send(r->http, r->ev, r->dialect, 200);
}

static void
bl_serve_servercode(struct http_req *r, struct span rest)
{
	if (span_is(path_next(&rest), "events") && rest.n)
		bl_serve_event(r, rest);
	else
		reply_refuse(r, FAULT_NOT_FOUND,
		    "there is nothing at this path: events are at "
		    "servercode/events/<name>");
}

static void
bl_serve_later(struct http_req *r, struct span rest UNUSED)
{
	reply_refuse(r, FAULT_UNSUPPORTED, NULL);
}

static const struct {
	const char *name;
	void (*serve)(struct http_req *, struct span rest);
} bl_rooms[] = {
    {"services", bl_serve_service},
    {"servercode", bl_serve_servercode},
    {"info", bl_serve_info},
    {"log", bl_serve_log},
    {"data", bl_serve_later},
    {"users", bl_serve_later},
    {"transaction", bl_serve_later},
    {"cache", bl_serve_later},
    {"counters", bl_serve_later},
    {"messaging", bl_serve_later},
    {"files", bl_serve_later},
};

/* --- routing --- */

/* A browser asks before it sends bl-execution-type. */
static void
bl_serve_options(struct http_req *r)
{
	const char *wanted = r->header[HDR_ASK_HEADERS];

	reply_begin(r->http);
	reply_header(r->ev, "Access-Control-Allow-Methods",
	    "GET, POST, PUT, PATCH, DELETE, OPTIONS");
	reply_header(r->ev, "Access-Control-Allow-Headers",
	    wanted ? wanted : "Content-Type, bl-execution-type, user-token");
	reply_header(r->ev, "Access-Control-Max-Age", "86400");
	reply_send_as(r->http, r->ev, r->dialect, 204, NULL);
}

/* /api/... is the default app's, without a key; else the path begins with both. */
static bool
bl_admit(struct http_req *r, struct span *rest)
{
	struct span id = path_next(rest), key;
	enum key_class class = KEY_WRONG;

	if (span_is(id, "api")) {
		r->app = core_default_app(r->http->core);
		if (!r->app)
			reply_refuse(r, FAULT_NOT_FOUND,
			    "there is nothing at /api: no defaultApp is configured");
		return r->app != NULL;
	}
	key = path_next(rest);
	r->app = core_find_app(r->http->core, id);
	if (r->app && http_decode(r->http, key, false, &key))
		class = key_check(r->app, key);
	if (class == KEY_WRONG) {
		reply_refuse(r, FAULT_FORBIDDEN, "wrong application id or API key");
		return false;
	}
	r->master = class == KEY_MASTER;
	return true;
}

static void
bl_serve(struct http_req *r)
{
	struct span rest = r->path, room;

	if (r->verb == VERB_OPTIONS) {
		bl_serve_options(r);
		return;
	}
	if (!bl_admit(r, &rest))
		return;
	room = path_next(&rest);
	for (size_t i = 0; i < COUNT_OF(bl_rooms); i++) {
		if (span_is(room, bl_rooms[i].name)) {
			bl_rooms[i].serve(r, rest);
			return;
		}
	}
	reply_refuse(r, FAULT_NOT_FOUND, "there is nothing at this path");
}

const struct dialect dialect_backendless = {
    .serve = bl_serve,
    .answer = bl_answer,
    .accepted = bl_accepted,
    .trouble_status = bl_status,
    .write_trouble = bl_write_trouble,
    .add_headers = bl_add_headers,
};

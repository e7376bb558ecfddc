/*
 * http_backendless.c: the dialect of the Backendless SDKs: events and services below
 * /<app>/<key> or /api. Errors are {"code", "message"}; 502 is never sent, because
 * their JS SDK shows it as a lost connection.
 */
#include "http_backendless.h"
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
bl_accepted(struct call *c, struct task *t)
{
	char id[TASKID_TEXT_BYTES];

	jsonw_null(reply_begin(c->http));
	reply_header(c->ev, "Deferd-Task-Id", taskid_text(&t->id, id));
	reply_header(c->ev, "Access-Control-Expose-Headers",
	    "Deferd-Task-Id, Deferd-Durability");
	reply_add_durability(c);
	reply_send(c->http, c->ev, c->dialect, 200);
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
		reply_refuse_method(r, "PUT, POST");
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

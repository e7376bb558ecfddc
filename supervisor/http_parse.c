/*
 * http_parse.c: the dialect of the Parse SDKs, under /parse: functions, jobs, status,
 * config, health. Errors are {"code", "error"}. Their SDK repeats a call after any 5xx:
 * once a handler may have begun, no reply is one.
 */
#include "http_parse.h"
#include "json.h"
#include <event2/http.h>

#define PARSE_ALLOW_HEADERS                                                            \
	"X-Parse-Master-Key, X-Parse-REST-API-Key, X-Parse-Javascript-Key, "           \
	"X-Parse-Application-Id, X-Parse-Client-Version, X-Parse-Session-Token, "      \
	"X-Requested-With, X-Parse-Revocable-Session, X-Parse-Request-Id, "            \
	"X-Parse-Installation-Id, X-Parse-Cloud-Context, Content-Type, Pragma, "       \
	"Cache-Control"

/* --- errors --- */

static int
parse_status(const struct trouble *t)
{
	if (t->fault == FAULT_CLOUD_ERROR && t->has_code && t->code == 101)
		return 404;
	return fault_info(t->fault)->parse_status;
}

/* A refused key is told without a code, as the reference does. */
static void
parse_write_trouble(struct jsonw *w, const struct trouble *t)
{
	int64_t code = t->has_code ? t->code : fault_info(t->fault)->parse_code;

	jsonw_object(w);
	if (t->has_code || code != 0)
		jsonw_kint(w, "code", code);
	jsonw_kstr(w, "error", trouble_text(t));
	jsonw_end_object(w);
}

/* The SDK looks for the exact name in this list, between a comma and a space. */
static void
parse_add_headers(struct evhttp_request *ev)
{
	reply_header(ev, "Access-Control-Allow-Origin", "*");
	reply_header(ev, "Access-Control-Expose-Headers",
	    "X-Parse-Job-Status-Id, X-Parse-Push-Status-Id");
}

/* --- answers to calls --- */

static void
parse_answer(struct call *c, struct task *t)
{
	struct trouble trouble = trouble_of(t);
	const char *type;

	if (trouble.fault != FAULT_NONE) {
		reply_trouble(c->http, c->ev, c->dialect, &trouble);
		return;
	}
	int status = reply_take_response(c->ev, t, &type, 200);
	struct jsonw *w = reply_begin(c->http);
	jsonw_object(w);
	jsonw_key(w, "result");
	json_write_whole(w, span_of(t->result, t->result_bytes), JSON_TYPED);
	jsonw_end_object(w);
	if (type)
		evhttp_remove_header(
		    evhttp_request_get_output_headers(c->ev), "Content-Type");
	reply_send(c->http, c->ev, c->dialect, status >= 500 ? 400 : status);
}

static void
parse_accepted(struct call *c, struct task *t)
{
	struct jsonw *w = reply_begin(c->http);
	char id[TASKID_TEXT_BYTES];

	jsonw_object(w);
	jsonw_end_object(w);
	reply_header(c->ev, "X-Parse-Job-Status-Id", taskid_text(&t->id, id));
	reply_add_durability(c);
	reply_send(c->http, c->ev, c->dialect, 200);
}

/* --- rooms --- */

static void
parse_serve_functions(struct parse_req *p, struct span rest)
{
	struct call_input in = {.execution = EXEC_SYNC,
	    .body = p->body,
	    .typed = true,
	    .params = PARAMS_BODY_QUERY,
	    .context = p->context};
	struct span name, raw = path_next(&rest);

	if (p->verb != VERB_POST || raw.n == 0 || rest.n ||
	    !http_decode(p->r->http, raw, false, &name)) {
		reply_refuse(p->r, FAULT_NOT_FOUND, NULL);
		return;
	}
	in.handler = app_find(p->r->app, KIND_FUNCTION, name);
	if (in.handler)
		call_submit(p->r, &in);
	else
		reply_refuse(p->r, FAULT_UNKNOWN_HANDLER, "Invalid function: \"%.*s\"",
		    name.n > 200 ? 200 : (int)name.n, (const char *)name.p);
}

static void
parse_serve_config(struct parse_req *p, struct span rest)
{
	struct jsonw *w;

	if (p->verb != VERB_GET || rest.n) {
		reply_refuse(p->r, FAULT_NOT_FOUND, NULL);
		return;
	}
	w = reply_begin(p->r->http);
	jsonw_object(w);
	jsonw_key(w, "params");
	jsonw_object(w);
	jsonw_end_object(w);
	jsonw_end_object(w);
	reply_send(p->r->http, p->r->ev, p->r->dialect, 200);
}

static void
parse_serve_later(struct parse_req *p, struct span rest UNUSED)
{
	reply_refuse(p->r, FAULT_UNSUPPORTED, NULL);
}

static const struct {
	const char *name;
	void (*serve)(struct parse_req *, struct span rest);
} parse_rooms[] = {
    {"functions", parse_serve_functions},
    {"jobs", parse_serve_jobs},
    {"classes", parse_serve_classes},
    {"cloud_code", parse_serve_cloud_code},
    {"config", parse_serve_config},
    {"batch", parse_serve_later},
    {"users", parse_serve_later},
    {"login", parse_serve_later},
    {"logout", parse_serve_later},
    {"files", parse_serve_later},
    {"aggregate", parse_serve_later},
    {"hooks", parse_serve_later},
    {"schemas", parse_serve_later},
    {"sessions", parse_serve_later},
    {"roles", parse_serve_later},
    {"installations", parse_serve_later},
    {"push", parse_serve_later},
};

/* --- routing --- */

static void
parse_serve_health(struct http_req *r)
{
	bool starting = core_phase(r->http->core) == CORE_STARTING;
	struct jsonw *w = reply_begin(r->http);

	jsonw_object(w);
	jsonw_kstr(w, "status", starting ? "starting" : "ok");
	jsonw_end_object(w);
	if (starting)
		reply_header(r->ev, "Retry-After", "1");
	reply_send(r->http, r->ev, r->dialect, starting ? 503 : 200);
}

static void
parse_serve_options(struct http_req *r)
{
	struct jsonw *w = reply_begin(r->http);

	jsonw_object(w);
	jsonw_end_object(w);
	reply_header(
	    r->ev, "Access-Control-Allow-Methods", "GET,PUT,POST,DELETE,OPTIONS");
	reply_header(r->ev, "Access-Control-Allow-Headers", PARSE_ALLOW_HEADERS);
	reply_header(r->ev, "Access-Control-Max-Age", "86400");
	reply_send(r->http, r->ev, r->dialect, 200);
}

static void
parse_serve_room(struct parse_req *p, struct span room, struct span rest)
{
	for (size_t i = 0; i < COUNT_OF(parse_rooms); i++) {
		if (span_is_nocase(room, parse_rooms[i].name)) {
			parse_rooms[i].serve(p, rest);
			return;
		}
	}
	reply_refuse(p->r, FAULT_NOT_FOUND, "there is nothing at this path");
}

static void
parse_serve(struct http_req *r)
{
	struct parse_req p = {.r = r};
	struct span rest = r->path, room;

	while (rest.n && rest.p[0] == '/')
		rest = span_of(rest.p + 1, rest.n - 1);
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	room = path_next(&rest);
	if (r->verb == VERB_OPTIONS)
		parse_serve_options(r);
	else if (span_is_nocase(room, "health") && rest.n == 0)
		parse_serve_health(r);
	else if (parse_read(&p))
		parse_serve_room(&p, room, rest);
	parse_fini(&p);
}

const struct dialect dialect_parse = {
    .serve = parse_serve,
    .answer = parse_answer,
    .accepted = parse_accepted,
    .trouble_status = parse_status,
    .write_trouble = parse_write_trouble,
    .add_headers = parse_add_headers,
};

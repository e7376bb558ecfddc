/*
 * http_backendless_call.c: Backendless events and services: which handler a path means,
 * and the body in all the forms that the SDKs and curl send.
 */
#include "http_backendless.h"
#include "json.h"

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

void
bl_serve_event(struct http_req *r, struct span rest)
{
	struct call_input in = {.execution = EXEC_SYNC, .form = FORM_EVENT};
	struct span name;

	if (r->verb != VERB_POST) {
		reply_refuse_method(r, "POST");
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

void
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
	else if (in.handler)
		reply_refuse_method(r, "GET, POST");
	else if (m.other_verb)
		reply_refuse(r, FAULT_METHOD, NULL);
	else
		bl_refuse_service(r, path);
}

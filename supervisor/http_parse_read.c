/*
 * http_parse_read.c: the envelope of the Parse SDKs: who calls, in headers, in basic
 * authentication or in the body; which method is meant; the context; and what is left
 * of the body as parameters.
 */
#include "http_parse.h"
#include "json.h"
#include <stdio.h>

/* Keys of the SDK's envelope: never a handler's parameters. */
static const char *const envelope_keys[] = {"_ApplicationId", "_JavaScriptKey",
    "_MasterKey", "_MaintenanceKey", "_ClientKey", "_ClientVersion", "_InstallationId",
    "_SessionToken", "_RevocableSession", "_ContentType", "_noBody", "_context",
    "_method"};

/* --- the body --- */

static bool
parse_refuse_type(struct parse_req *p)
{
	struct http_req *r = p->r;
	/* `curl -d '{...}'` calls its JSON a form: what begins like JSON is read as
	 * such. */
	bool form = (http_req_is_type(r, "application/x-www-form-urlencoded") &&
			r->body.p[0] != '{') ||
		    http_req_is_type(r, "multipart/form-data");

	if (r->header[HDR_CONTENT_ENCODING])
		reply_refuse(
		    r, FAULT_MEDIA_TYPE, "encoded bodies are not accepted yet");
	else if (form)
		reply_refuse(
		    r, FAULT_MEDIA_TYPE, "form bodies are not accepted yet: send JSON");
	else
		return false;
	return true;
}

/* As the reference does: [a, b] is {"0": a, "1": b}. */
static json_t *
parse_array_to_object(const json_t *array)
{
	json_t *o = json_object(), *item;
	char key[24];
	size_t i;

	json_array_foreach(array, i, item)
	{
		snprintf(key, sizeof key, "%zu", i);
		json_object_set(o, key, item);
	}
	return o;
}

static bool
parse_read_body(struct parse_req *p)
{
	char why[JSON_WHY_BYTES];
	json_t *v;

	if (p->r->body.n == 0)
		return true;
	if (parse_refuse_type(p))
		return false;
	if (!(v = json_read(p->r->body, why))) {
		reply_refuse(p->r, FAULT_BAD_JSON, "the body is not JSON: %s", why);
		return false;
	}
	if (json_is_object(v)) {
		p->body = v;
		return true;
	}
	if (json_is_array(v))
		p->body = parse_array_to_object(v);
	else
		reply_refuse(p->r, FAULT_BAD_JSON, "the body is no JSON object");
	json_decref(v);
	return p->body != NULL;
}

static struct span
parse_kept(const struct parse_req *p, const char *key)
{
	const json_t *v = json_object_get(p->keep, key);

	return v ? span_of(json_string_value(v), json_string_length(v)) : SPAN_NONE;
}

/* Takes the envelope's keys out of the body. */
static void
parse_open_envelope(struct parse_req *p)
{
	p->keep = json_object();
	for (size_t i = 0; i < COUNT_OF(envelope_keys); i++) {
		json_t *v = json_object_get(p->body, envelope_keys[i]);
		if (!v)
			continue;
		json_object_set(p->keep, envelope_keys[i], v);
		json_object_del(p->body, envelope_keys[i]);
	}
}

static bool
parse_read_method(struct parse_req *p)
{
	struct span method = parse_kept(p, "_method");
	int v = 0;

	p->verb = p->r->verb == VERB_HEAD ? VERB_GET : p->r->verb;
	if (p->verb != VERB_POST || method.n == 0)
		return true;
	while (v < VERB_COUNT && !span_is_nocase(method, verb_name((enum verb)v)))
		v++;
	if (v == VERB_COUNT)
		reply_refuse(
		    p->r, FAULT_BAD_REQUEST, "_method: this method is not known");
	p->verb = (enum verb)v;
	return v < VERB_COUNT;
}

/* --- the context --- */

/* The body's wins over the header's; both are JSON objects, or text of one. */
static bool
parse_read_context(struct parse_req *p)
{
	json_t *v = json_object_get(p->keep, "_context");
	const char *header = p->r->header[HDR_PARSE_CONTEXT];
	char why[JSON_WHY_BYTES];

	if (json_is_string(v))
		p->context = json_read(
		    span_of(json_string_value(v), json_string_length(v)), why);
	else if (v)
		p->context = json_incref(v);
	else if (header)
		p->context = json_read(span_str(header), why);
	else
		return true;
	if (json_is_object(p->context))
		return true;
	reply_refuse(p->r, FAULT_BAD_JSON, "Invalid object for context.");
	return false;
}

/* --- credentials --- */

static struct span
parse_client_header(const struct http_req *r)
{
	static const enum http_header keys[] = {
	    HDR_PARSE_JAVASCRIPT, HDR_PARSE_REST, HDR_PARSE_CLIENT, HDR_PARSE_WINDOWS};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (r->header[keys[i]])
			return span_str(r->header[keys[i]]);
	return SPAN_NONE;
}

/* Basic authentication: the app's id, and its master key or "javascript-key=K". */
static bool
parse_take_basic(struct parse_req *p)
{
	static const char prefix[] = "javascript-key=";
	const size_t n = sizeof prefix - 1;
	struct span word;

	if (!key_basic(p->r->http, p->r->header[HDR_AUTHORIZATION], &p->app_id, &word))
		return false;
	if (word.n >= n && memcmp(word.p, prefix, n) == 0)
		p->client_key = span_of(word.p + n, word.n - n);
	else
		p->master_key = word;
	return true;
}

static struct app *
parse_find_app(struct parse_req *p)
{
	struct http_req *r = p->r;
	struct app *a;

	p->app_id = span_str(r->header[HDR_PARSE_APP]);
	p->master_key = span_str(r->header[HDR_PARSE_MASTER]);
	p->client_key = parse_client_header(r);
	if (!r->header[HDR_PARSE_APP])
		parse_take_basic(p);
	if ((a = core_find_app(r->http->core, p->app_id)))
		return a;
	p->app_id = parse_kept(p, "_ApplicationId");
	p->master_key = parse_kept(p, "_MasterKey");
	p->client_key = parse_kept(p, "_JavaScriptKey");
	if (p->client_key.n == 0)
		p->client_key = parse_kept(p, "_ClientKey");
	return core_find_app(r->http->core, p->app_id);
}

static bool
parse_admit(struct parse_req *p)
{
	struct app *a = parse_find_app(p);
	enum key_class client = KEY_WRONG;

	if (a) {
		p->r->master = key_check(a, p->master_key) == KEY_MASTER;
		client = key_check(a, p->client_key);
	}
	if (a && (p->r->master || client == KEY_REST || client == KEY_JAVASCRIPT)) {
		p->r->app = a;
		return true;
	}
	p->r->master = false;
	reply_refuse(p->r, FAULT_FORBIDDEN, NULL);
	return false;
}

bool
parse_needs_master(struct parse_req *p)
{
	if (!p->r->master)
		reply_refuse(p->r, FAULT_FORBIDDEN, "Permission denied");
	return p->r->master;
}

bool
parse_read(struct parse_req *p)
{
	if (!parse_read_body(p))
		return false;
	parse_open_envelope(p);
	return parse_admit(p) && parse_read_method(p) && parse_read_context(p);
}

void
parse_fini(struct parse_req *p)
{
	json_decref(p->body);
	json_decref(p->context);
	json_decref(p->keep);
}

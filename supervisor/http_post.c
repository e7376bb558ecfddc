/*
 * http_post.c: POST /v1/apps/<app>/tasks: what the body may say, field by field.
 */
#include "../common/clock.h"
#include "http_impl.h"
#include "http_native.h"
#include "json.h"
#include "retry.h"

#define POST_TIMEOUT_MAX_S 604800.0
#define POST_DELAY_MAX_S 315360000.0 /* ten years */

struct post {
	struct http_req *r;
	enum kind kind;
	struct span name;
	struct call_input in;
};

/* Each is false when it has refused the request. */
typedef bool post_read(struct post *, const char *field, const json_t *);

static bool
post_is_text(struct post *p, const char *field, const json_t *v, struct span *out)
{
	if (json_is_string(v)) {
		*out = span_of(json_string_value(v), json_string_length(v));
		return true;
	}
	reply_refuse(p->r, FAULT_BAD_REQUEST, "%s: expected a string", field);
	return false;
}

static bool
post_read_kind(struct post *p, const char *field, const json_t *v)
{
	struct span s;

	if (!post_is_text(p, field, v, &s))
		return false;
	p->kind = kind_parse(s);
	if (p->kind != KIND_ANY && p->kind != KIND_ROUTE && p->kind != KIND_TIMER)
		return true;
	reply_refuse(p->r, FAULT_BAD_REQUEST,
	    "kind: expected function, event, service or job, not \"%.*s\"",
	    s.n > 40 ? 40 : (int)s.n, (const char *)s.p);
	return false;
}

static bool
post_read_name(struct post *p, const char *field, const json_t *v)
{
	return post_is_text(p, field, v, &p->name);
}

static bool
post_read_params(struct post *p, const char *field UNUSED, const json_t *v)
{
	p->in.body = v;
	return true;
}

static bool
post_read_execution(struct post *p, const char *field, const json_t *v)
{
	struct span s;

	if (!post_is_text(p, field, v, &s))
		return false;
	if (execution_parse(s, &p->in.execution) == 0)
		return true;
	reply_refuse(p->r, FAULT_BAD_REQUEST,
	    "execution: expected sync, async or async-low-priority, not \"%.*s\"",
	    s.n > 40 ? 40 : (int)s.n, (const char *)s.p);
	return false;
}

static bool
post_read_timeout(struct post *p, const char *field UNUSED, const json_t *v)
{
	double s = json_is_number(v) ? json_number_value(v) : 0;

	if (s > 0 && s <= POST_TIMEOUT_MAX_S) {
		p->in.timeout_ms = s < 0.001 ? 1 : (int64_t)(s * 1000 + 0.5);
		return true;
	}
	reply_refuse(p->r, FAULT_BAD_REQUEST,
	    "timeout: expected seconds, more than 0 and at most %.0f",
	    POST_TIMEOUT_MAX_S);
	return false;
}

static bool
post_read_attempts(struct post *p, const char *field UNUSED, const json_t *v)
{
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : 0;

	if (n >= 1 && n <= RETRY_ATTEMPTS_MAX) {
		p->in.attempts = (int)n;
		return true;
	}
	reply_refuse(p->r, FAULT_BAD_REQUEST,
	    "attempts: expected a whole number from 1 to %d", RETRY_ATTEMPTS_MAX);
	return false;
}

static bool
post_read_delay(struct post *p, const char *field UNUSED, const json_t *v)
{
	double s = json_is_number(v) ? json_number_value(v) : -1;

	if (s >= 0 && s <= POST_DELAY_MAX_S) {
		p->in.due_wall_ms = clock_wall_ms() + (int64_t)(s * 1000 + 0.5);
		return true;
	}
	reply_refuse(p->r, FAULT_BAD_REQUEST,
	    "delay: expected seconds, at least 0 and at most %.0f", POST_DELAY_MAX_S);
	return false;
}

static bool
post_read_at(struct post *p, const char *field, const json_t *v)
{
	struct span s;

	if (!post_is_text(p, field, v, &s))
		return false;
	if (clock_parse_wall((const char *)s.p, s.n, &p->in.due_wall_ms) == 0 &&
	    p->in.due_wall_ms > 0)
		return true;
	reply_refuse(p->r, FAULT_BAD_REQUEST,
	    "at: expected a time like 2027-01-31T12:00:00Z (RFC 3339)");
	return false;
}

static bool
post_read_some_key(
    struct post *p, const char *field, const json_t *v, enum keys_sort sort)
{
	struct span s;

	if (!post_is_text(p, field, v, &s))
		return false;
	if (s.n == 0 || s.n > KEYS_BYTES_MAX || p->in.key.n) {
		reply_refuse(p->r, FAULT_BAD_REQUEST,
		    "%s: expected 1 to %d bytes, and not both key and unique", field,
		    KEYS_BYTES_MAX);
		return false;
	}
	p->in.key = s;
	p->in.key_sort = sort;
	return true;
}

static bool
post_read_key(struct post *p, const char *field, const json_t *v)
{
	return post_read_some_key(p, field, v, KEYS_KEY);
}

static bool
post_read_unique(struct post *p, const char *field, const json_t *v)
{
	return post_read_some_key(p, field, v, KEYS_UNIQUE);
}

static bool
post_read_trace(struct post *p, const char *field UNUSED, const json_t *v)
{
	if (!json_is_boolean(v)) {
		reply_refuse(p->r, FAULT_BAD_REQUEST, "trace: expected true or false");
		return false;
	}
	p->in.trace = json_is_true(v);
	if (!p->in.trace || p->r->master)
		return true;
	reply_refuse(p->r, FAULT_FORBIDDEN, "trace: this needs the master key");
	return false;
}

static const struct {
	const char *name;
	post_read *read;
} post_fields[] = {
    {"kind", post_read_kind},
    {"name", post_read_name},
    {"params", post_read_params},
    {"execution", post_read_execution},
    {"timeout", post_read_timeout},
    {"attempts", post_read_attempts},
    {"delay", post_read_delay},
    {"at", post_read_at},
    {"key", post_read_key},
    {"unique", post_read_unique},
    {"trace", post_read_trace},
};

static bool
post_read_field(struct post *p, const char *name, const json_t *v)
{
	for (size_t i = 0; i < COUNT_OF(post_fields); i++)
		if (strcmp(name, post_fields[i].name) == 0)
			return post_fields[i].read(p, name, v);
	reply_refuse(p->r, FAULT_BAD_REQUEST,
	    "%.60s: unknown field: expected kind, name, params, execution, timeout, "
	    "attempts, delay, at, key, unique or trace",
	    name);
	return false;
}

/* The handler, of that kind or of any; NULL: refused. */
static struct handler *
post_find(struct post *p)
{
	struct handler *h;

	if (!p->name.p) {
		reply_refuse(p->r, FAULT_BAD_REQUEST,
		    "name: missing: expected the "
		    "handler's name");
		return NULL;
	}
	if (!(h = app_find(p->r->app, p->kind, p->name)))
		reply_refuse(p->r, FAULT_UNKNOWN_HANDLER, "no %s is named \"%.*s\"",
		    p->kind == KIND_ANY ? "handler" : kind_name(p->kind),
		    p->name.n > 200 ? 200 : (int)p->name.n, (const char *)p->name.p);
	return h;
}

/* Absent params mean {}. */
static void
post_submit(struct post *p, const json_t *body)
{
	json_t *nothing = NULL;
	void *it;

	for (it = json_object_iter((json_t *)(uintptr_t)body); it;
	     it = json_object_iter_next((json_t *)(uintptr_t)body, it))
		if (!post_read_field(
			p, json_object_iter_key(it), json_object_iter_value(it)))
			return;
	if (p->in.execution == EXEC_SYNC &&
	    (p->in.due_wall_ms || p->in.attempts > 1 || p->in.key.n)) {
		reply_refuse(p->r, FAULT_BAD_REQUEST,
		    "delay, at, attempts, key and unique are not for execution sync, "
		    "whose caller waits");
		return;
	}
	if (!(p->in.handler = post_find(p)))
		return;
	if (!p->in.body)
		p->in.body = nothing = json_object();
	call_submit(p->r, &p->in);
	json_decref(nothing);
}

void
native_post(struct http_req *r)
{
	struct post p = {.r = r, .in = {.execution = EXEC_ASYNC}};
	char why[JSON_WHY_BYTES];

	if (r->header[HDR_CONTENT_ENCODING]) {
		reply_refuse(
		    r, FAULT_MEDIA_TYPE, "encoded bodies are not accepted yet");
		return;
	}
	json_t *body = json_read(r->body, why);
	if (!body)
		reply_refuse(r, FAULT_BAD_JSON, "the body is not JSON: %s", why);
	else if (!json_is_object(body))
		reply_refuse(r, FAULT_BAD_REQUEST,
		    "expected an object: {\"name\": ..., \"params\": ...}");
	else
		post_submit(&p, body);
	json_decref(body);
}

/*
 * http_reply.c: writes replies: one buffer, one evbuffer_add, the headers of the
 * dialect. Refusals are told in the words of fault.def. It knows no route.
 */
#include "../common/clock.h"
#include "http_impl.h"
#include "http_log.h"
#include "stats.h"
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#define JSON_TYPE "application/json; charset=utf-8"

struct jsonw *
reply_begin(struct http *http)
{
	buf_reset(&http->out);
	jsonw_init(&http->w, &http->out);
	return &http->w;
}

void
reply_header(struct evhttp_request *ev, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(ev), name, value);
}

void
reply_add_timing(struct call *c, const struct task *t)
{
	char text[80];

	snprintf(text, sizeof text, "queue;dur=%lld, run;dur=%u.%03u",
	    (long long)task_wait_ms(t, core_now_ms(c->http->core)), t->run_us / 1000,
	    t->run_us % 1000);
	reply_header(c->ev, "Server-Timing", text);
}

void
reply_add_durability(struct call *c)
{
	reply_header(
	    c->ev, "Deferd-Durability", core_durability(c->http->core, c->relaxed));
}

/* evhttp would send a body with the answer to HEAD and with 204, and none's length to
 * HTTP/1.0. */
static void
reply_add_body(struct http *http, struct evhttp_request *ev, int status)
{
	char length[24];

	if (status == 204 || status == 304)
		return;
	bool head = evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD;
	if (head || ev->minor < 1) {
		snprintf(length, sizeof length, "%zu", http->out.n);
		reply_header(ev, "Content-Length", length);
	}
	if (!head)
		evbuffer_add(
		    evhttp_request_get_output_buffer(ev), http->out.p, http->out.n);
}

/* The last byte has left. */
static void
reply_sent_cb(struct evhttp_request *ev, void *arg)
{
	struct http *http = arg;

	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(ev), conn_on_close, http);
	http->unsent--;
}

void
reply_log(struct http *http, struct evhttp_request *ev, struct evhttp_connection *conn,
    int status)
{
	const struct http_subject *s = &http->subject;
	const struct app *app = s->task ? s->task->app : s->req ? s->req->app : NULL;
	bool bodiless = evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD ||
			status == 204 || status == 304 || status == STATUS_CLIENT_LEFT;
	struct http_log_entry e = {.wall_ms = clock_wall_ms(),
	    .method = http_method_name(ev),
	    .status = status,
	    .bytes = bodiless ? 0 : http->out.n,
	    .app = app ? app->conf->id : NULL,
	    .task = s->task,
	    .now_ms = core_now_ms(http->core),
	    .total_us = s->began_ns ? (clock_now_ns() - s->began_ns) / 1000 : -1,
	    .agent =
		evhttp_find_header(evhttp_request_get_input_headers(ev), "User-Agent")};
	struct span query;
	ev_uint16_t port;
	char *ip = NULL;

	if (!http_log_is_on())
		return;
	if (conn)
		evhttp_connection_get_peer(conn, &ip, &port);
	e.ip = ip;
	http_split_target(evhttp_request_get_uri(ev), &e.path, &query);
	http_log_add(&e);
}

void
reply_send_as(struct http *http, struct evhttp_request *ev, const struct dialect *d,
    int status, const char *type)
{
	if (http->out.failed) {
		buf_reset(&http->out);
		status = 503;
	}
	if (type)
		reply_header(ev, "Content-Type", type);
	if (d->add_headers)
		d->add_headers(ev);
	if (http->stopping)
		reply_header(ev, "Connection", "close");
	reply_add_body(http, ev, status);
	if (http_log_is_on())
		reply_log(http, ev, evhttp_request_get_connection(ev), status);
	http->unsent++;
	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(ev), conn_on_close_unsent, http);
	evhttp_request_set_on_complete_cb(ev, reply_sent_cb, http);
	/* the statuses of ours that evhttp has no words for */
	evhttp_send_reply(ev, status,
	    status == 422   ? "Unprocessable Content"
	    : status == 429 ? "Too Many Requests"
			    : NULL,
	    NULL);
	buf_shrink(&http->out, 1 << 20);
}

void
reply_send(
    struct http *http, struct evhttp_request *ev, const struct dialect *d, int status)
{
	reply_send_as(http, ev, d, status, JSON_TYPE);
}

/* --- faults --- */

const char *
trouble_text(const struct trouble *t)
{
	return t->message ? t->message : fault_info(t->fault)->text;
}

struct trouble
trouble_of(const struct task *t)
{
	const struct task_note *n = t->note;
	struct trouble trouble = {.fault = t->fault};

	if (!n)
		return trouble;
	/* The Backendless SDK takes an empty message for none at all. */
	trouble.message = n->message && n->message[0] ? n->message : n->class;
	trouble.class = n->class;
	trouble.backtrace = span_of(n->backtrace, n->backtrace_bytes);
	if (trouble.fault == FAULT_CLOUD_ERROR) {
		trouble.code = n->code;
		trouble.has_code = n->has_code;
		trouble.status = n->status;
	}
	return trouble;
}

void
reply_trouble(struct http *http, struct evhttp_request *ev, const struct dialect *d,
    const struct trouble *t)
{
	int status = d->trouble_status(t);

	d->write_trouble(reply_begin(http), t);
	if (status == 503)
		reply_header(ev, "Retry-After", "1");
	else if (status == 401)
		reply_header(ev, "WWW-Authenticate", "Bearer realm=\"deferd\"");
	reply_send(http, ev, d, status);
}

void
reply_refuse(struct http_req *r, enum fault fault, const char *fmt, ...)
{
	struct trouble t = {.fault = fault};
	char text[512];
	va_list ap;

	if (fmt) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof text, fmt, ap);
		va_end(ap);
		t.message = text;
	}
	stats_add(r->http->stats, STAT_HTTP_REFUSED, 1);
	reply_trouble(r->http, r->ev, r->dialect, &t);
}

void
reply_refuse_method(struct http_req *r, const char *allowed)
{
	reply_header(r->ev, "Allow", allowed);
	reply_refuse(
	    r, FAULT_METHOD, "this method is not allowed here: %s are", allowed);
}

/* --- Cloud::Response --- */

/* What frames the reply is evhttp's business, not a handler's. */
static bool
header_is_ours(struct span name)
{
	static const char *const ours[] = {"connection", "content-length", "date",
	    "keep-alive", "transfer-encoding", "upgrade", "trailer"};

	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (span_is_nocase(name, ours[i]))
			return true;
	return name.n == 0;
}

/* Letters of a token in the name, no control characters in the value. */
static bool
header_is_clean(struct span name, struct span value)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 127 ||
		    strchr("\"(),/:;<=>?@[\\]{}", name.p[i]))
			return false;
	for (size_t i = 0; i < value.n; i++)
		if ((value.p[i] < ' ' && value.p[i] != '\t') || value.p[i] == 127)
			return false;
	return true;
}

static void
reply_take_header(
    struct evhttp_request *ev, struct span name, struct span value, const char **type)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(ev);
	char n[128], v[4096];

	if (header_is_ours(name) || !header_is_clean(name, value) ||
	    name.n >= sizeof n || value.n >= sizeof v)
		return;
	snprintf(n, sizeof n, "%.*s", SPAN_FMT(name));
	snprintf(v, sizeof v, "%.*s", SPAN_FMT(value));
	evhttp_add_header(out, n, v);
	if (strcasecmp(n, "Content-Type") == 0)
		*type = evhttp_find_header(out, n);
}

int
reply_take_response(
    struct evhttp_request *ev, const struct task *t, const char **type, int otherwise)
{
	const struct task_note *n = t->note;
	struct span name, value;
	uint32_t pairs = 0;

	*type = NULL;
	if (!n)
		return otherwise;
	struct mp c = mp_over(span_of(n->headers, n->headers_bytes));
	if (n->headers && mp_map(&c, &pairs) == 0)
		for (; pairs && mp_str(&c, &name) == 0 && mp_str(&c, &value) == 0;
		     pairs--)
			reply_take_header(ev, name, value, type);
	return n->status >= 200 && n->status <= 599 ? n->status : otherwise;
}

/* --- evhttp's own error pages --- */

/* Whose dialect a request that could not be read spoke, by what is left of it. */
static const struct dialect *
dialect_guess(struct evhttp_request *ev)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(ev);
	const char *agent = evhttp_find_header(in, "User-Agent");

	if (evhttp_find_header(in, "X-Parse-Application-Id") ||
	    (agent && strncmp(agent, "Parse/", 6) == 0))
		return &dialect_parse;
	if (!evhttp_find_header(in, "Authorization") &&
	    evhttp_find_header(in, "Content-Type"))
		return &dialect_backendless;
	return &dialect_native;
}

/* The request may be half read: version and URI may be missing. */
static void
reply_log_broken(struct evhttp_request *ev, int status, size_t bytes)
{
	struct http_log_entry e = {.wall_ms = clock_wall_ms(),
	    .status = status,
	    .bytes = bytes,
	    .total_us = -1};
	struct span query;
	ev_uint16_t port;
	char *ip = NULL;

	if (evhttp_request_get_connection(ev))
		evhttp_connection_get_peer(
		    evhttp_request_get_connection(ev), &ip, &port);
	e.ip = ip;
	if (ev->uri) {
		e.method = http_method_name(ev);
		http_split_target(ev->uri, &e.path, &query);
	}
	http_log_add(&e);
}

/*
 * libevent calls this through the dynamic linker, which finds ours first: its own
 * answers in HTML. configure has tried that it works.
 */
void
evhttp_send_error(struct evhttp_request *ev, int status, const char *reason UNUSED)
{
	const struct dialect *d = dialect_guess(ev);
	struct trouble t = {.fault = FAULT_BAD_REQUEST};
	struct jsonw w;
	struct buf out;

	ev->major = 1;
	ev->minor = 1;
	if (status == 413) {
		t.fault = FAULT_TOO_LARGE;
		t.message = "the body is too large, or its chunks are malformed";
	} else if (status == 0 || status == 501) {
		status = 501;
		t.fault = FAULT_METHOD;
		t.message = "this method is not known";
	} else if (status == 417) {
		t.message = "the only Expect that is understood is 100-continue";
	} else if (status == 400) {
		t.message = "the request line or the headers are malformed or too long";
	}
	buf_init(&out, 0);
	jsonw_init(&w, &out);
	d->write_trouble(&w, &t);
	evhttp_clear_headers(evhttp_request_get_output_headers(ev));
	reply_header(ev, "Content-Type", JSON_TYPE);
	reply_header(ev, "Connection", "close");
	if (evhttp_request_get_command(ev) != EVHTTP_REQ_HEAD)
		evbuffer_add(evhttp_request_get_output_buffer(ev), out.p, out.n);
	if (http_log_is_on())
		reply_log_broken(ev, status, out.n);
	evhttp_send_reply(ev, status, NULL, NULL);
	buf_fini(&out);
}

/* http_transfer.c: one request, and what libcurl says about it. */
#include "../common/clock.h"
#include "http_impl.h"
#include <config.h>
#include <mruby/array.h>
#include <mruby/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRANSFER_MAGIC 0x74726e73u
#define HEAD_BYTES_MAX (256 * 1024)
#define STREAM_HIGH_BYTES (256 * 1024) /* libcurl pauses above */
#define IDLE_CONNECTION_S 60L
#define USER_AGENT "deferd/" PACKAGE_VERSION

/* --- what libcurl asks and tells --- */

/* Every connection goes through here, with the address that is really meant: so that a
 * name that changes its address between two looks at it gains nothing. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *a)
{
	struct transfer *t = arg;
	const char *why =
	    hostpolicy_check_address(&t->http->conf.policy, t->url.host, &a->addr);

	if (why) {
		snprintf(t->detail, sizeof t->detail, "%s", why);
		t->denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
refuse_body(struct transfer *t, size_t limit, const char *whose)
{
	char why[96];

	snprintf(why, sizeof why, "more than %zu bytes%s", limit, whose);
	transfer_fail(t, HTTP_TOO_LARGE, why);
	return 0;
}

/* Streams are of 2xx replies; what else the server says is kept like any body. */
static bool
is_streamed(const struct transfer *t)
{
	return t->stream && t->status >= 200 && t->status < 300;
}

static bool
hold(struct transfer *t, size_t n)
{
	struct http *h = t->http;

	if (h->conf.held_bytes && h->held_bytes + n > h->conf.held_bytes)
		return false;
	h->held_bytes += n;
	t->held_bytes += n;
	return true;
}

static size_t
on_body(char *p, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t n = size * count;

	if (transfer_will_follow(t))
		return n;
	if (is_streamed(t)) {
		if (t->body.n >= STREAM_HIGH_BYTES) {
			t->paused = true;
			return CURL_WRITEFUNC_PAUSE;
		}
	} else if (t->body.n + n > t->body_max) {
		return refuse_body(t, t->body_max, "");
	} else if (!hold(t, n)) {
		return refuse_body(
		    t, t->http->conf.held_bytes, " in all requests of the worker");
	}
	if (buf_add(&t->body, p, n) != 0)
		return refuse_body(t, t->body.n, ": out of memory");
	if (is_streamed(t))
		http_wake_stream(t);
	return n;
}

/* Of the last response: those of 1xx are followed by another. */
static size_t
on_head(char *p, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t n = size * count;
	long status = 0;

	if (n > 5 && memcmp(p, "HTTP/", 5) == 0) {
		buf_reset(&t->head);
		t->has_location = false;
		t->http->lib.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		t->status = (int)status;
		return n;
	}
	t->has_location |= n > 9 && strncasecmp(p, "Location:", 9) == 0;
	if (buf_add(&t->head, p, n) != 0) {
		transfer_fail(t, HTTP_TOO_LARGE, "more than 256 KB of headers");
		return 0;
	}
	return n;
}

/* --- making one --- */

static void
transfer_take_headers(struct transfer *t, const struct http_order *o)
{
	for (mrb_int i = 0; i < RARRAY_LEN(o->headers); i++) {
		char empty[256];
		const char *line = RSTRING_PTR(RARRAY_PTR(o->headers)[i]),
			   *colon = strchr(line, ':');
		/* libcurl's way to send a header without a value */
		if (colon && colon[1 + strspn(colon + 1, " ")] == '\0') {
			snprintf(
			    empty, sizeof empty, "%.*s;", (int)(colon - line), line);
			line = empty;
		}
		t->headers = t->http->lib.slist_append(t->headers, line);
	}
}

static bool
order_has_header(const struct http_order *o, const char *name)
{
	size_t n = strlen(name);

	for (mrb_int i = 0; i < RARRAY_LEN(o->headers); i++) {
		const char *line = RSTRING_PTR(RARRAY_PTR(o->headers)[i]);
		if (strncasecmp(line, name, n) == 0 && line[n] == ':')
			return true;
	}
	return false;
}

struct transfer *
transfer_new(struct http *h, const struct http_order *o, struct http_url *url)
{
	struct transfer *t = xcalloc(1, sizeof *t);
	const char *place = strstr(url->clean, "://");

	t->magic = TRANSFER_MAGIC;
	t->http = h;
	t->url = *url;
	snprintf(t->method, sizeof t->method, "%s", o->method);
	snprintf(t->what, sizeof t->what, "%s %s", t->method,
	    place ? place + 3 : url->clean);
	t->timeout_ms = o->timeout_ms;
	t->connect_ms = o->connect_ms;
	t->redirects_max = o->redirects;
	t->body_max = o->body_bytes;
	buf_init(&t->head, HEAD_BYTES_MAX);
	buf_init(&t->body, 0);
	buf_init(&t->out, 0);
	t->has_out = o->has_body;
	if (!hold(t, o->body.n) || buf_add_span(&t->out, o->body) != 0)
		transfer_fail(t, HTTP_TOO_LARGE, "the bodies of all requests together");
	transfer_take_headers(t, o);
	t->headers = h->lib.slist_append(t->headers, "Expect:");
	if (o->has_body && !order_has_header(o, "Content-Type"))
		t->headers = h->lib.slist_append(t->headers, "Content-Type:");
	return t;
}

void
transfer_free(struct transfer *t)
{
	CHECK(t, TRANSFER_MAGIC);
	http_leave(t);
	t->http->held_bytes -= t->held_bytes;
	pin_drop(&t->http->engine->vm, &t->stream);
	t->http->lib.slist_free_all(t->headers);
	http_url_fini(&t->url);
	buf_fini(&t->out);
	buf_fini(&t->head);
	buf_fini(&t->body);
	t->magic = 0;
	free(t);
}

#define SET(t, option, value)                                                          \
	(t)->http->lib.easy_setopt((t)->easy, CURLOPT_##option, value)

static void
prepare_verb(struct transfer *t)
{
	bool head = strcmp(t->method, "HEAD") == 0;

	if (head && !t->has_out) {
		SET(t, NOBODY, 1L);
		return;
	}
	if (t->has_out) {
		SET(t, POSTFIELDS, t->out.n ? (const char *)t->out.p : "");
		SET(t, POSTFIELDSIZE_LARGE, (curl_off_t)t->out.n);
	} else {
		SET(t, HTTPGET, 1L);
	}
	if (strcmp(t->method, t->has_out ? "POST" : "GET") != 0)
		SET(t, CUSTOMREQUEST, t->method);
}

static void
prepare_safety(struct transfer *t)
{
	SET(t, NOSIGNAL, 1L);
	SET(t, PROTOCOLS_STR, "http,https");
	SET(t, PROXY, ""); /* none from the environment: it would hide the address */
	SET(t, FOLLOWLOCATION, 0L);
	SET(t, SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(t, QUICK_EXIT, 1L); /* else leaving waits for the resolver's thread */
	SET(t, OPENSOCKETFUNCTION, on_open);
	SET(t, OPENSOCKETDATA, t);
	if (t->http->conf.ca)
		SET(t, CAINFO, t->http->conf.ca);
}

bool
transfer_prepare(struct transfer *t)
{
	prepare_safety(t);
	SET(t, PRIVATE, t);
	SET(t, ERRORBUFFER, t->library);
	SET(t, USERAGENT, USER_AGENT);
	SET(t, ACCEPT_ENCODING, "");
	SET(t, CONNECTTIMEOUT_MS, (long)t->connect_ms);
	SET(t, MAXAGE_CONN, IDLE_CONNECTION_S);
	SET(t, WRITEFUNCTION, on_body);
	SET(t, WRITEDATA, t);
	SET(t, HEADERFUNCTION, on_head);
	SET(t, HEADERDATA, t);
	if (t->url.user || t->url.password) {
		SET(t, HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(t, USERNAME, t->url.user ? t->url.user : "");
		SET(t, PASSWORD, t->url.password ? t->url.password : "");
	}
	prepare_verb(t);
	return SET(t, HTTPHEADER, t->headers) == CURLE_OK &&
	       SET(t, URL, t->url.full) == CURLE_OK;
}

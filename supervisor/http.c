/*
 * http.c: the listeners and the router: by the path's first segment a request goes to a
 * dialect. What a dialect is, http.c does not know; what a connection costs is
 * http_conn.c's, how a call waits http_call.c's.
 */
#include "http.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "http_impl.h"
#include "http_log.h"
#include "http_ui.h"
#include "listen.h"
#include "stats.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/socket.h>

/* evhttp's own limit is above ours, so that most of what is too large is told so in
 * its dialect. */
#define HTTP_BODY_MORE_BYTES (256 << 10)

/* --- routing --- */

/* An app's id and key in the path: Backendless. */
static bool
http_has_app_path(struct span path)
{
	struct span rest = path;

	path_next(&rest);
	path_next(&rest);
	return rest.p != NULL;
}

static void
http_route(struct http_req *r)
{
	struct span rest = r->path, first = path_next(&rest);

	if (system_serve(r, first))
		return;
	if (span_is(first, "v1")) {
		r->path = rest;
		r->dialect = &dialect_native;
	} else if (span_is_nocase(first, "parse")) {
		r->path = rest;
		r->dialect = &dialect_parse;
	} else if (span_is(first, "ui")) {
		r->path = rest;
		ui_serve(r);
		return;
	} else if (span_is(first, "api") || http_has_app_path(r->path)) {
		r->dialect = &dialect_backendless;
	} else {
		reply_refuse(r, FAULT_NOT_FOUND, "there is nothing at this path");
		return;
	}
	if (r->body.n > (size_t)core_conf(r->http->core)->http.body_bytes)
		reply_refuse(r, FAULT_TOO_LARGE, NULL);
	else
		r->dialect->serve(r);
}

static void
http_request_cb(struct evhttp_request *ev, void *arg)
{
	struct http *http = arg;
	struct http_req r;
	const char *why;

	stats_add(http->stats, STAT_HTTP_REQUESTS, 1);
	http->subject = (struct http_subject){.req = &r};
	if (http_log_is_on())
		http->subject.began_ns = clock_now_ns();
	if (http_req_read(&r, http, ev, &why)) {
		http_req_body(&r);
		http_route(&r);
	} else {
		reply_header(ev, "Connection", "close");
		reply_refuse(&r, FAULT_BAD_REQUEST, "%s", why);
	}
	http->subject.req = NULL;
}

/* --- listeners --- */

/* The descriptor is the listener's as soon as there is one. */
static int
http_listen(struct http *http, struct listen_socket *s)
{
	struct http_listener *new = &http->listener[http->listener_n];

	new->listener = evconnlistener_new(http->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, s->fd);
	if (!new->listener)
		return -1;
	new->url = listen_url(s->fd);
	new->kept = s->kept;
	s->fd = -1;
	if (!evhttp_bind_listener(http->server, new->listener)) {
		evconnlistener_free(new->listener);
		free(new->url);
		return -1;
	}
	http->listener_n++;
	return 0;
}

static int
http_listen_all(struct http *http, const struct conf *conf, struct handover *h)
{
	struct listen_socket *s;
	struct buf why;
	int r = 0;

	buf_init(&why, 0);
	if (!(s = listen_open(conf, h, &why))) {
		log_error("%s", buf_cstr(&why));
		r = -1;
	}
	buf_fini(&why);
	for (size_t i = 0; r == 0 && i < conf->listen_n; i++)
		r = http_listen(http, &s[i]);
	if (s)
		listen_close(s, conf->listen_n);
	return r;
}

/* --- beginning and end --- */

static int
http_open_server(struct http *http, const struct conf *conf)
{
	struct timeval idle = {
	    conf->http.idle_ms / 1000, conf->http.idle_ms % 1000 * 1000};

	if (!(http->server = evhttp_new(http->base)))
		return -1;
	evhttp_set_gencb(http->server, http_request_cb, http);
	evhttp_set_allowed_methods(http->server,
	    EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH |
		EVHTTP_REQ_DELETE | EVHTTP_REQ_HEAD | EVHTTP_REQ_OPTIONS);
	evhttp_set_max_headers_size(http->server, conf->http.header_bytes);
	evhttp_set_max_body_size(
	    http->server, conf->http.body_bytes + HTTP_BODY_MORE_BYTES);
	evhttp_set_timeout_tv(http->server, &idle);
	/* a client that sends too much reads the answer once it has sent it */
	evhttp_set_flags(http->server, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(http->server, NULL);
	return 0;
}

struct http *
http_new(struct event_base *base, struct core *core, struct handover *h)
{
	const struct conf *conf = core_conf(core);
	struct http *http = xcalloc(1, sizeof *http);
	int r;

	http->base = base;
	http->core = core;
	http->stats = core_stats(core);
	http->listener = xcalloc(conf->listen_n + 1, sizeof *http->listener);
	buf_init(&http->out, 0);
	buf_init(&http->text, 0);
	buf_init(&http->envelope, 0);
	r = call_init(http) == 0 && poll_init(http) == 0 && ui_init(http) == 0
		? http_open_server(http, conf)
		: -1;
	r = r == 0 ? http_listen_all(http, conf, h) : r;
	if (r == 0)
		r = conn_init(http);
	if (r != 0) {
		http_free(http);
		return NULL;
	}
	return http;
}

void
http_stop_accepting(struct http *http, bool refuse)
{
	http->stopping = true;
	poll_flush(http);
	for (size_t i = 0; i < http->listener_n; i++) {
		struct evconnlistener *l = http->listener[i].listener;
		/* the descriptor stays evhttp's; the service manager's socket serves
		 * whoever it starts next */
		if (refuse && !http->listener[i].kept)
			shutdown(evconnlistener_get_fd(l), SHUT_RD);
		evconnlistener_disable(l);
		evconnlistener_set_cb(l, NULL, NULL);
	}
}

int
http_hand_over(const struct http *http, struct handover *h)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < http->listener_n; i++)
		r = handover_add_copy(h,
		    http->listener[i].kept ? HANDOVER_KEPT : HANDOVER_HTTP,
		    evconnlistener_get_fd(http->listener[i].listener));
	return r;
}

size_t
http_connections(const struct http *http)
{
	return http->connections;
}

size_t
http_pending(const struct http *http)
{
	return http->pending + http->unsent;
}

const char *
http_url(const struct http *http, size_t i)
{
	return i < http->listener_n ? http->listener[i].url : NULL;
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	call_fini(http);
	poll_fini(http);
	ui_fini(http);
	conn_fini(http);
	if (http->server)
		evhttp_free(http->server);
	for (size_t i = 0; i < http->listener_n; i++)
		free(http->listener[i].url);
	free(http->listener);
	buf_fini(&http->out);
	buf_fini(&http->text);
	buf_fini(&http->envelope);
	free(http);
}

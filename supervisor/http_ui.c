/*
 * http_ui.c: routes what is below /ui, hands out the page's files, opens and ends
 * sessions.
 */
#include "http_ui.h"
#include "../common/clock.h"
#include "../common/log.h"
#include "ui_file.h"
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>

/* --- where the page is --- */

static bool
ui_is_loopback(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)ss;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)ss;

	if (ss->ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return ss->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* 0: none of TCP. */
static in_port_t
ui_port(int fd, bool *loopback)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof ss;

	*loopback = false;
	if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0)
		return 0;
	*loopback = ui_is_loopback(&ss);
	return ss.ss_family == AF_INET    ? ((struct sockaddr_in *)&ss)->sin_port
	       : ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port
					  : 0;
}

/* Came the request in by a listener that is bound to loopback? Its own address does not
 * tell: by that of a listener on all addresses loopback is reached too. */
static bool
ui_came_by_loopback(const struct http_req *r)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(r->ev);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);
	bool own, loopback;
	in_port_t port = ui_port(bufferevent_getfd(bev), &own);

	for (size_t i = 0; own && i < r->http->listener_n; i++) {
		struct evconnlistener *l = r->http->listener[i].listener;

		if (ui_port(evconnlistener_get_fd(l), &loopback) == port && loopback)
			return true;
	}
	return false;
}

static bool
ui_is_on(const struct http_req *r)
{
	enum switch_mode mode = core_conf(r->http->core)->ui;

	return mode == SWITCH_ON || (mode == SWITCH_AUTO && ui_came_by_loopback(r));
}

/* --- files --- */

static const char *
ui_file_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {{"html", "text/html; charset=utf-8"},
	    {"css", "text/css; charset=utf-8"},
	    {"js", "text/javascript; charset=utf-8"}, {"svg", "image/svg+xml"}};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < COUNT_OF(types); i++)
		if (strcmp(dot + 1, types[i].suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* What keeps a browser from running, framing or sending anything else than the page. */
static void
ui_add_headers(struct http_req *r)
{
	reply_header(r->ev, "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'");
	reply_header(r->ev, "X-Content-Type-Options", "nosniff");
	reply_header(r->ev, "X-Frame-Options", "DENY");
	reply_header(r->ev, "Referrer-Policy", "no-referrer");
	reply_header(r->ev, "Cross-Origin-Opener-Policy", "same-origin");
	reply_header(r->ev, "Cross-Origin-Resource-Policy", "same-origin");
}

static bool
ui_serve_file(struct http_req *r, struct span name)
{
	if (name.n == 0)
		name = span_str("index.html");
	for (size_t i = 0; i < ui_file_count; i++) {
		const struct ui_file *f = &ui_files[i];

		if (!span_is(name, f->name))
			continue;
		if (r->verb != VERB_GET && r->verb != VERB_HEAD) {
			reply_refuse_method(r, "GET, HEAD");
			return true;
		}
		reply_begin(r->http);
		buf_add(&r->http->out, f->bytes, f->n);
		reply_header(r->ev, "Cache-Control", "no-cache");
		reply_send_as(r->http, r->ev, r->dialect, 200, ui_file_type(f->name));
		return true;
	}
	return false;
}

/* --- who asks --- */

static bool
ui_see_apps(struct core *core, struct span key, struct ui_viewer *v)
{
	bool any = false;

	*v = (struct ui_viewer){.core = core, .all = true};
	for (size_t i = 0; i < core_app_count(core) && i < UI_APPS_MAX; i++) {
		const struct app *a = core_app(core, i);

		v->sees[a->index] = key_check(a, key) == KEY_MASTER;
		any |= v->sees[a->index];
		v->all &= v->sees[a->index];
	}
	return any;
}

bool
ui_look(struct http *http, struct span credential, struct ui_viewer *v)
{
	struct ui_session *s;

	if (!ui_session_is_token(credential))
		return ui_see_apps(http->core, credential, v);
	s = ui_session_find(&http->ui->sessions, credential, core_now_ms(http->core));
	/* A key that a reload took away takes its sessions along. */
	if (s && !ui_see_apps(http->core, span_str(s->key), v)) {
		ui_session_close(s);
		s = NULL;
	}
	return s != NULL;
}

static bool
ui_refuse_hasty(struct http_req *r)
{
	int64_t now_ms = core_now_ms(r->http->core);
	int64_t wait_ms = ui_door_wait_ms(&r->http->ui->door, http_req_ip(r), now_ms);
	char seconds[24];

	if (wait_ms == 0)
		return false;
	snprintf(seconds, sizeof seconds, "%lld",
	    (long long)(wait_ms + MS_PER_S - 1) / MS_PER_S);
	reply_header(r->ev, "Retry-After", seconds);
	reply_refuse(r, FAULT_TOO_OFTEN,
	    "too many wrong keys came from this address: try again in %s s", seconds);
	return true;
}

bool
ui_admit(struct http_req *r, struct ui_viewer *v)
{
	struct span credential = key_bearer(r->header[HDR_AUTHORIZATION]);
	bool token = ui_session_is_token(credential);

	if (!token && ui_refuse_hasty(r))
		return false;
	if (credential.n && ui_look(r->http, credential, v))
		return true;
	if (credential.n && !token) {
		ui_door_note(
		    &r->http->ui->door, http_req_ip(r), core_now_ms(r->http->core));
		log_warn("ui: a wrong key from %s", http_req_ip(r));
		reply_refuse(r, FAULT_FORBIDDEN, "this is no app's master key");
	} else {
		reply_refuse(r, FAULT_NO_CREDENTIALS,
		    token ? "the session has ended: sign in again"
			  : "an app's master key is needed: Authorization: Bearer "
			    "<key>");
	}
	return false;
}

/* --- sessions --- */

static void
ui_open_session(struct http_req *r)
{
	struct span given = key_bearer(r->header[HDR_AUTHORIZATION]);
	const struct ui_session *s = NULL;
	uint8_t random[UI_RANDOM_BYTES];
	char key[UI_KEY_BYTES];
	struct jsonw *w;

	if (ui_session_is_token(given)) {
		reply_refuse(r, FAULT_BAD_REQUEST, "a session is opened by a key");
		return;
	}
	snprintf(key, sizeof key, "%.*s", SPAN_FMT(given));
	if (getrandom(random, sizeof random, 0) == sizeof random)
		s = ui_session_open(
		    &r->http->ui->sessions, key, random, core_now_ms(r->http->core));
	if (!s) {
		reply_refuse(r, FAULT_INTERNAL, NULL);
		return;
	}
	log_info("ui: %s has signed in", http_req_ip(r));
	w = reply_begin(r->http);
	jsonw_object(w);
	jsonw_kstr(w, "token", s->token);
	jsonw_kint(w, "expires_in", UI_SESSION_MS / MS_PER_S);
	jsonw_end_object(w);
	reply_send(r->http, r->ev, r->dialect, 201);
}

static void
ui_end_session(struct http_req *r)
{
	struct span token = key_bearer(r->header[HDR_AUTHORIZATION]);
	struct ui_session *s =
	    ui_session_find(&r->http->ui->sessions, token, core_now_ms(r->http->core));

	if (s)
		ui_session_close(s);
	reply_begin(r->http);
	reply_send_as(r->http, r->ev, r->dialect, 204, NULL);
}

static void
ui_serve_session(struct http_req *r)
{
	if (r->verb == VERB_POST)
		ui_open_session(r);
	else if (r->verb == VERB_DELETE)
		ui_end_session(r);
	else
		reply_refuse_method(r, "POST, DELETE");
}

/* --- what the page asks for --- */

static void
ui_serve_list(struct http_req *r, const struct ui_viewer *v)
{
	struct span query = r->query, name, value;
	enum ui_show show = UI_SHOW_NEWEST;

	while (query_next(r->http, &query, &name, &value)) {
		if (span_is(name, "show"))
			show = ui_show_parse(value);
		if (!span_is(name, "show") || show == UI_SHOW_COUNT) {
			reply_refuse(r, FAULT_BAD_REQUEST,
			    "show may be newest, running, waiting or failed");
			return;
		}
	}
	ui_task_list(v, show, reply_begin(r->http));
	reply_send(r->http, r->ev, r->dialect, 200);
}

static void
ui_serve_deaths(struct http_req *r, const struct ui_viewer *v)
{
	ui_feed_deaths(v, reply_begin(r->http));
	reply_send(r->http, r->ev, r->dialect, 200);
}

/* True when the path is one of those, and was answered. */
static bool
ui_serve_look(struct http_req *r, const struct ui_viewer *v, struct span what)
{
	static const struct {
		const char *name;
		void (*serve)(struct http_req *, const struct ui_viewer *);
	} pages[] = {{"stream", ui_stream_open}, {"tasks", ui_serve_list},
	    {"deaths", ui_serve_deaths}};

	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		if (!span_is(what, pages[i].name))
			continue;
		if (r->verb == VERB_GET)
			pages[i].serve(r, v);
		else
			reply_refuse_method(r, "GET");
		return true;
	}
	return false;
}

void
ui_serve(struct http_req *r)
{
	struct span rest = r->path, what = path_next(&rest);
	struct span id = path_next(&rest), verb = path_next(&rest);
	struct ui_viewer v;

	ui_add_headers(r);
	if (!ui_is_on(r)) {
		reply_refuse(
		    r, FAULT_NOT_FOUND, "the web page is off on this listener");
		return;
	}
	if (id.n == 0 && ui_serve_file(r, what))
		return;
	reply_header(r->ev, "Cache-Control", "no-store");
	if (span_is(what, "session") && id.n == 0 && r->verb != VERB_POST) {
		ui_serve_session(r);
		return;
	}
	if (!ui_admit(r, &v))
		return;
	if (span_is(what, "session") && id.n == 0)
		ui_serve_session(r);
	else if (id.n == 0 && ui_serve_look(r, &v, what))
		return;
	else if (span_is(what, "tasks") && id.n && rest.n == 0)
		ui_serve_task(r, &v, id, verb);
	else if (span_is(what, "lanes") && id.n && rest.n == 0)
		ui_serve_lane(r, &v, id, verb);
	else
		reply_refuse(r, FAULT_NOT_FOUND, "there is nothing at this path");
}

/* --- beginning and end --- */

int
ui_init(struct http *http)
{
	struct ui *ui = http->ui = xcalloc(1, sizeof *ui);

	ui->started_ms = clock_now_ms();
	TAILQ_INIT(&ui->streams);
	ui->tick = event_new(http->base, -1, 0, ui_stream_tick_cb, http);
	return ui->tick ? 0 : -1;
}

void
ui_fini(struct http *http)
{
	if (!http->ui)
		return;
	ui_stream_fini(http);
	if (http->ui->tick)
		event_free(http->ui->tick);
	free(http->ui);
}

/*
 * http_ui_stream.c: what the web page listens to. Whole pictures, not differences: a
 * client that is slow misses some and is right again with the next. Nothing is done
 * while nobody looks.
 */
#include "../common/clock.h"
#include "../common/log.h"
#include "http_ui.h"
#include "stats.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <stdlib.h>
#include <sys/socket.h>

#define STREAM_EVERY_MS 500
#define STREAM_SEATS                                                                   \
	512 /* with so many more seats the next picture is STREAM_EVERY_MS later */
#define STREAM_STALL_MS 10000           /* a picture must have left within it */
#define STREAM_KERNEL_BYTES (128 << 10) /* what the kernel may keep of one stream */

struct ui_stream {
	struct http *http;
	struct evhttp_request *ev;
	struct evhttp_connection *conn;
	int64_t clear_ms; /* when nothing was left to be sent */
	char credential[UI_KEY_BYTES];
	TAILQ_ENTRY(ui_stream) link;
};

static struct evbuffer *
stream_output(const struct ui_stream *s)
{
	return bufferevent_get_output(evhttp_connection_get_bufferevent(s->conn));
}

/* Off the list, and no memory of ours left; its connection is the caller's. */
static void
stream_leave(struct ui_stream *s)
{
	struct http *http = s->http;
	struct ui *ui = http->ui;

	TAILQ_REMOVE(&ui->streams, s, link);
	http->stats->value[STAT_UI_STREAMS] = --ui->stream_n;
	if (ui->stream_n == 0)
		event_del(ui->tick);
	free(s);
}

/* evhttp has taken a request from its connection when the client left in the middle of
 * the answer: then nobody else frees it. */
static void
stream_on_close(struct evhttp_connection *conn UNUSED, void *arg)
{
	struct ui_stream *s = arg;
	struct http *http = s->http;

	if (!evhttp_request_get_connection(s->ev))
		evhttp_request_free(s->ev);
	stream_leave(s);
	conn_closed(http);
}

/* --- pictures --- */

/* The event in http->out as a chunk. */
static void
stream_send(struct ui_stream *s)
{
	struct buf *out = &s->http->out;
	struct evbuffer *chunk = out->failed ? NULL : evbuffer_new();

	if (!chunk)
		return;
	evbuffer_add(chunk, out->p, out->n);
	evhttp_send_reply_chunk(s->ev, chunk);
	evbuffer_free(chunk);
}

static struct jsonw *
stream_begin(struct http *http, const char *event)
{
	buf_reset(&http->out);
	buf_printf(&http->out, "event: %s\ndata: ", event);
	jsonw_init(&http->w, &http->out);
	return &http->w;
}

static void
stream_make_pool(struct http *http, const struct ui_viewer *v)
{
	int64_t uptime_ms = core_now_ms(http->core) - http->ui->started_ms;

	ui_feed_pool(v, uptime_ms, stream_begin(http, "pool"));
	buf_add_str(&http->out, "\n\n");
}

static int64_t
stream_period_ms(const struct http *http)
{
	return STREAM_EVERY_MS *
	       (1 + (int64_t)core_seat_count(http->core) / STREAM_SEATS);
}

static void
stream_arm(struct http *http)
{
	int64_t ms = stream_period_ms(http);

	event_add(
	    http->ui->tick, &(struct timeval){ms / MS_PER_S, ms % MS_PER_S * 1000});
}

/* True: the picture before has left, the next one may be sent. */
static bool
stream_is_clear(struct ui_stream *s, int64_t now_ms)
{
	if (evbuffer_get_length(stream_output(s)) > 0)
		return false;
	s->clear_ms = now_ms;
	return true;
}

static void
stream_drop(struct ui_stream *s, const char *why)
{
	log_info("ui: a page is no longer kept up to date: %s", why);
	evhttp_connection_free(s->conn); /* calls stream_on_close */
}

/* A last word, and the regular end of the answer. */
static void
stream_end(struct ui_stream *s)
{
	struct http *http = s->http;
	struct evhttp_request *ev = s->ev;

	buf_reset(&http->out);
	buf_add_str(&http->out, "event: end\ndata: {}\n\n");
	stream_send(s);
	evhttp_connection_set_closecb(s->conn, conn_on_close, http);
	stream_leave(s);
	evhttp_send_reply_end(ev);
}

void
ui_stream_tick_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http *http = arg;
	int64_t now_ms = core_now_ms(http->core);
	struct ui_stream *s, *next;
	struct ui_viewer v;

	stream_arm(http);
	for (s = TAILQ_FIRST(&http->ui->streams); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (!ui_look(http, span_str(s->credential), &v)) {
			stream_end(s);
		} else if (stream_is_clear(s, now_ms)) {
			stream_make_pool(http, &v);
			stream_send(s);
		} else if (now_ms - s->clear_ms > STREAM_STALL_MS) {
			stream_drop(s, "it does not read");
		}
	}
	buf_shrink(&http->out, 1 << 20);
}

/* --- beginning and end --- */

/* The client has nothing more to say, and may listen for days. */
static void
stream_set_limits(struct evhttp_connection *conn)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);
	static const struct timeval stall = {STREAM_STALL_MS / MS_PER_S, 0};
	int bytes = STREAM_KERNEL_BYTES;

	bufferevent_set_timeouts(bev, NULL, &stall);
	setsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void
ui_stream_open(struct http_req *r, const struct ui_viewer *v)
{
	struct http *http = r->http;
	struct span credential = key_bearer(r->header[HDR_AUTHORIZATION]);
	struct ui_stream *s;

	if (http->ui->stream_n >= UI_STREAMS_MAX) {
		reply_header(r->ev, "Retry-After", "10");
		reply_refuse(r, FAULT_TOO_OFTEN,
		    "%d pages are open already, that is the most", UI_STREAMS_MAX);
		return;
	}
	s = xcalloc(1, sizeof *s);
	s->http = http;
	s->ev = r->ev;
	s->conn = evhttp_request_get_connection(r->ev);
	s->clear_ms = core_now_ms(http->core);
	memcpy(s->credential, credential.p, credential.n);
	TAILQ_INSERT_TAIL(&http->ui->streams, s, link);
	http->stats->value[STAT_UI_STREAMS] = ++http->ui->stream_n;
	if (http->ui->stream_n == 1)
		stream_arm(http);
	evhttp_connection_set_closecb(s->conn, stream_on_close, s);
	reply_header(r->ev, "Content-Type", "text/event-stream; charset=utf-8");
	reply_header(r->ev, "X-Accel-Buffering", "no");
	reply_header(r->ev, "Connection", "close");
	reply_begin(http);
	reply_log(http, r->ev, s->conn, 200);
	evhttp_send_reply_start(r->ev, 200, NULL);
	stream_set_limits(s->conn);
	ui_feed_hello(v, stream_begin(http, "hello"));
	buf_add_str(&http->out, "\n\n");
	stream_send(s);
	stream_make_pool(http, v);
	stream_send(s);
}

void
ui_stream_fini(struct http *http)
{
	struct ui_stream *s;

	while ((s = TAILQ_FIRST(&http->ui->streams))) {
		evhttp_connection_set_closecb(s->conn, conn_on_close, http);
		stream_leave(s);
	}
}

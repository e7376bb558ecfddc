/*
 * http_call.c: the way of every call, whatever its dialect: the input is packed into an
 * envelope and submitted; an async call is answered at once, a sync one when its task
 * ends. Meanwhile the client is watched, because evhttp does not notice that it left.
 */
#include "../common/fd.h"
#include "../common/log.h"
#include "http_impl.h"
#include "json.h"
#include "stats.h"
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A call that is answered sooner than this costs no system call to be watched. */
#define CALL_YOUNG_MS 10
#define CALL_SWEEP_US 20000
#define CALL_SPARE_MAX 1024

/* --- the envelope --- */

/* A map's head whose count is filled in at the end. */
static size_t
map_open(struct buf *b)
{
	static const uint8_t head[5] = {0xdf};

	buf_add(b, head, sizeof head);
	return b->n;
}

static void
map_close(struct buf *b, size_t at, uint32_t pairs)
{
	if (b->failed)
		return;
	for (int i = 1; i <= 4; i++, pairs >>= 8)
		b->p[at - (size_t)i] = (uint8_t)pairs;
}

static uint32_t
pack_query(struct http *http, msgpack_packer *pk, struct span query)
{
	struct span name, value;
	uint32_t n = 0;

	for (; query_next(http, &query, &name, &value); n++) {
		http_pack_text(pk, name);
		http_pack_text(pk, value);
	}
	return n;
}

static uint32_t
pack_path(struct http *http, msgpack_packer *pk, const struct route_match *m)
{
	struct span value;
	size_t n = m ? m->n : 0;

	for (size_t i = 0; i < n; i++) {
		if (!http_decode(http, m->param[i].value, false, &value))
			value = m->param[i].value;
		http_pack_text(pk, m->param[i].name);
		http_pack_text(pk, value);
	}
	return (uint32_t)n;
}

static void
pack_body(msgpack_packer *pk, const struct call_input *in)
{
	if (in->body)
		json_pack_value(pk, in->body, in->typed);
	else if (in->text.p)
		mp_put_str(pk, in->text);
	else
		msgpack_pack_nil(pk);
}

/* Later pairs win over earlier ones of the same name. */
static void
pack_params(const struct http_req *r, msgpack_packer *pk, const struct call_input *in)
{
	struct buf *b = pk->data;
	bool path = in->params == PARAMS_QUERY_BODY_PATH && in->route && in->route->n;
	uint32_t n = 0;

	if (in->params == PARAMS_BODY || (!path && r->query.n == 0)) {
		msgpack_pack_nil(pk);
		return;
	}
	size_t at = map_open(b);
	if (in->params == PARAMS_QUERY_BODY_PATH)
		n += pack_query(r->http, pk, r->query);
	if (json_is_object(in->body)) {
		json_pack_pairs(pk, in->body, in->typed);
		n += (uint32_t)json_object_size(in->body);
	}
	if (in->params == PARAMS_BODY_QUERY)
		n += pack_query(r->http, pk, r->query);
	else
		n += pack_path(r->http, pk, in->route);
	map_close(b, at, n);
}

static void
pack_texts(const struct http_req *r, msgpack_packer *pk, const struct call_input *in)
{
	struct buf *b = pk->data;
	size_t at;

	if (r->query.n) {
		at = map_open(b);
		map_close(b, at, pack_query(r->http, pk, r->query));
	} else {
		msgpack_pack_nil(pk);
	}
	if (in->route && in->route->n) {
		at = map_open(b);
		map_close(b, at, pack_path(r->http, pk, in->route));
	} else {
		msgpack_pack_nil(pk);
	}
}

static void
pack_envelope(const struct http_req *r, const struct call_input *in, struct buf *out)
{
	msgpack_packer pk = mp_packer(out);

	buf_reset(out);
	buf_room(out, 512 + r->body.n);
	msgpack_pack_array(&pk, ENV_COUNT);
	pack_body(&pk, in);
	pack_params(r, &pk, in);
	pack_texts(r, &pk, in);
	http_req_pack_headers(r, &pk);
	http_pack_text(&pk, span_str(http_req_ip(r)));
	if (in->context)
		json_pack_value(&pk, in->context, false);
	else
		msgpack_pack_nil(&pk);
	msgpack_pack_uint64(&pk, r->master ? ENV_MASTER : 0);
}

/* --- calls --- */

static void
call_put(struct call *c)
{
	struct http *http = c->http;

	if (http->spare_n >= CALL_SPARE_MAX) {
		free(c);
		return;
	}
	TAILQ_INSERT_HEAD(&http->spare, c, link);
	http->spare_n++;
}

static struct call *
call_take(struct http *http)
{
	struct call *c = TAILQ_FIRST(&http->spare);

	if (c) {
		TAILQ_REMOVE(&http->spare, c, link);
		http->spare_n--;
	} else if (!(c = malloc(sizeof *c))) {
		return NULL;
	}
	c->http = http;
	c->task = NULL;
	c->watching = c->probed = false;
	return c;
}

/* It waits no longer. */
static void
call_leave(struct call *c)
{
	struct http *http = c->http;

	TAILQ_REMOVE(c->watching ? &http->watched : &http->young, c, link);
	if (c->watching)
		event_del(&c->watch);
	evhttp_connection_set_closecb(c->conn, conn_on_close, http);
	http->pending--;
	c->task = NULL;
}

static void
call_done_cb(struct task *t, void *arg)
{
	struct call *c = arg;

	call_leave(c);
	c->dialect->answer(c, t);
	call_put(c);
}

static void
call_wait(
    struct call *c, struct http_req *r, struct task *t, const struct call_input *in)
{
	struct http *http = c->http;

	c->ev = r->ev;
	c->conn = evhttp_request_get_connection(r->ev);
	c->dialect = r->dialect;
	c->form = in->form;
	c->master = r->master;
	c->task = t;
	c->began_ms = core_now_ms(http->core);
	evhttp_connection_set_closecb(c->conn, call_on_close, c);
	if (TAILQ_EMPTY(&http->young))
		event_add(http->sweep, &(struct timeval){0, CALL_SWEEP_US});
	TAILQ_INSERT_TAIL(&http->young, c, link);
	http->pending++;
}

void
call_submit(struct http_req *r, const struct call_input *in)
{
	struct http *http = r->http;
	bool sync = in->execution == EXEC_SYNC;
	struct call *c = sync ? call_take(http) : NULL;
	struct task *t = NULL;
	struct submission s = {
	    .handler = in->handler,
	    .execution = in->execution,
	    .envelope = &http->envelope,
	    .timeout_ms = in->timeout_ms,
	    .done = sync ? call_done_cb : NULL,
	    .done_arg = c,
	};
	enum fault fault = FAULT_NO_MEMORY_HERE;

	pack_envelope(r, in, &http->envelope);
	if (!http->envelope.failed && (c || !sync))
		fault = core_submit(http->core, &s, &t);
	if (fault != FAULT_NONE) {
		if (c)
			call_put(c);
		buf_shrink(&http->envelope, 1 << 16);
		reply_refuse(r, fault, NULL);
	} else if (sync) {
		call_wait(c, r, t, in);
	} else {
		r->dialect->accepted(r, t);
	}
}

/* --- clients that leave --- */

static void
call_lose(struct call *c)
{
	struct http *http = c->http;
	struct task *t = c->task;

	call_leave(c);
	stats_add(http->stats, STAT_HTTP_DISCONNECTS, 1);
	core_abandon(http->core, t);
	call_put(c);
}

void
call_on_close(struct evhttp_connection *conn UNUSED, void *arg)
{
	struct call *c = arg;
	struct http *http = c->http;

	call_lose(c);
	conn_closed(http);
}

enum peer { PEER_THERE, PEER_SENDS_NO_MORE, PEER_GONE };

static enum peer
peer_state(int fd)
{
	struct tcp_info info;
	socklen_t n = sizeof info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
		return PEER_THERE;
	switch (info.tcpi_state) {
	case TCP_CLOSE: return PEER_GONE;
	case TCP_CLOSE_WAIT: return PEER_SENDS_NO_MORE;
	default: return PEER_THERE;
	}
}

/* The end of its data is all one hears from a client, whether it closed the socket or
 * only its half of it. An interim reply tells: it is ignored by the second (RFC 9110
 * section 15.2) and answered by the first's system with a reset. */
static void
call_probe(struct call *c, int fd)
{
	static const char interim[] = "HTTP/1.1 102 Processing\r\n\r\n";
	struct bufferevent *bev = evhttp_connection_get_bufferevent(c->conn);

	if (c->probed || c->ev->minor < 1 ||
	    evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	c->probed = true;
	ssize_t n = send(fd, interim, sizeof interim - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		log_debug("probing a client: %m");
}

static void
call_watch_cb(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct call *c = arg;
	struct evhttp_connection *conn = c->conn;

	switch (peer_state(fd)) {
	case PEER_THERE: break;
	case PEER_SENDS_NO_MORE: call_probe(c, fd); break;
	case PEER_GONE:
		call_lose(c);
		evhttp_connection_free(conn);
		break;
	}
}

/* Edge-triggered, so that what a client pipelines does not keep the loop busy. */
static void
call_watch(struct call *c)
{
	struct http *http = c->http;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(c->conn);

	event_assign(&c->watch, http->base, bufferevent_getfd(bev),
	    EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, call_watch_cb, c);
	TAILQ_REMOVE(&http->young, c, link);
	TAILQ_INSERT_TAIL(&http->watched, c, link);
	c->watching = true;
	if (event_add(&c->watch, NULL) != 0)
		log_warn("a client cannot be watched: its task runs even if it leaves");
}

static void
call_sweep_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http *http = arg;
	int64_t old_ms = core_now_ms(http->core) - CALL_YOUNG_MS;
	struct call *c;

	while ((c = TAILQ_FIRST(&http->young)) && c->began_ms <= old_ms)
		call_watch(c);
	if (c)
		event_add(http->sweep, &(struct timeval){0, CALL_SWEEP_US});
}

/* --- beginning and end --- */

int
call_init(struct http *http)
{
	TAILQ_INIT(&http->young);
	TAILQ_INIT(&http->watched);
	TAILQ_INIT(&http->spare);
	http->sweep = event_new(http->base, -1, 0, call_sweep_cb, http);
	return http->sweep ? 0 : -1;
}

void
call_fini(struct http *http)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&http->young)) || (c = TAILQ_FIRST(&http->watched)))
		call_lose(c);
	while ((c = TAILQ_FIRST(&http->spare))) {
		TAILQ_REMOVE(&http->spare, c, link);
		free(c);
	}
	if (http->sweep)
		event_free(http->sweep);
}

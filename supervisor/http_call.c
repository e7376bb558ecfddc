/*
 * http_call.c: the way of every call, whatever its dialect: it is submitted; an async
 * one is answered at once, a sync one when its task ends. Meanwhile the client is
 * watched, because evhttp does not notice that it left.
 */
#include "../common/fd.h"
#include "../common/log.h"
#include "http_impl.h"
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
#define CALL_LOOK_US 100000
#define CALL_SPARE_MAX 1024
#define CALL_KEEP_BYTES (1 << 16) /* of the memory that envelopes are built in */

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
	c->poll = NULL;
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
	c->http->subject = (struct http_subject){.task = t, .began_ns = c->began_ns};
	reply_add_timing(c, t);
	c->dialect->answer(c, t);
	/* only native clients can ask for it again */
	if (c->dialect != &dialect_native)
		t->flags |= TASK_RESULT_TAKEN;
	call_put(c);
}

static void
call_wait(struct call *c, struct task *t)
{
	struct http *http = c->http;

	c->task = t;
	c->began_ms = core_now_ms(http->core);
	c->began_ns = http->subject.began_ns;
	evhttp_connection_set_closecb(c->conn, call_on_close, c);
	if (TAILQ_EMPTY(&http->young))
		event_add(http->sweep, &(struct timeval){0, CALL_SWEEP_US});
	TAILQ_INSERT_TAIL(&http->young, c, link);
	http->pending++;
}

struct call *
call_hold(struct http_req *r, struct poll *p)
{
	struct call *c = call_take(r->http);

	if (!c)
		return NULL;
	c->ev = r->ev;
	c->conn = evhttp_request_get_connection(r->ev);
	c->dialect = r->dialect;
	c->master = r->master;
	c->accepting = c->relaxed = false;
	c->poll = p;
	call_wait(c, NULL);
	return c;
}

void
call_unhold(struct call *c, const struct task *t)
{
	call_leave(c);
	c->http->subject = (struct http_subject){.task = t, .began_ns = c->began_ns};
}

void
call_end(struct call *c)
{
	call_put(c);
}

/* What a task keeps is as large as it must be; what it was built in is used again. */
static bool
copy_exactly(const struct buf *from, struct buf *to)
{
	buf_init(to, 0);
	if (from->failed || !(to->p = malloc(from->n)))
		return false;
	memcpy(to->p, from->p, from->n);
	to->n = to->room = from->n;
	return true;
}

/* The commit of an async task is over. */
static void
call_accepted_cb(struct task *t, enum fault fault, void *arg)
{
	struct call *c = arg;
	struct trouble trouble = {.fault = fault};

	call_leave(c);
	c->http->subject = (struct http_subject){.task = t, .began_ns = c->began_ns};
	if (fault == FAULT_NONE)
		c->dialect->accepted(c, t);
	else
		reply_trouble(c->http, c->ev, c->dialect, &trouble);
	call_put(c);
}

static struct call *
call_new(struct http_req *r, const struct call_input *in)
{
	struct call *c = call_take(r->http);
	const char *asked = r->header[HDR_DURABILITY];

	if (!c)
		return NULL;
	c->ev = r->ev;
	c->conn = evhttp_request_get_connection(r->ev);
	c->dialect = r->dialect;
	c->form = in->form;
	c->master = r->master;
	c->accepting = in->execution != EXEC_SYNC;
	c->relaxed = c->accepting && asked && strcasecmp(asked, "relaxed") == 0;
	return c;
}

static enum fault
call_hand_in(
    struct http_req *r, const struct call_input *in, struct call *c, struct task **t)
{
	struct http *http = r->http;
	enum fault fault = FAULT_NO_MEMORY_HERE;
	struct buf exact;
	struct submission s = {
	    .handler = in->handler,
	    .execution = in->execution,
	    .envelope = &exact,
	    .timeout_ms = in->timeout_ms,
	    .due_wall_ms = in->due_wall_ms,
	    .attempts = in->attempts,
	    .key = in->key,
	    .key_sort = in->key_sort,
	    .done = in->execution == EXEC_SYNC ? call_done_cb : NULL,
	    .done_arg = c,
	    .accepted = call_accepted_cb,
	    .accepted_arg = c,
	    .trace = in->trace,
	    .relaxed = c && c->relaxed,
	};

	call_pack(r, in, &http->envelope);
	if (copy_exactly(&http->envelope, &exact) && c)
		fault = core_submit(http->core, &s, t);
	buf_fini(&exact);
	buf_shrink(&http->envelope, CALL_KEEP_BYTES);
	return fault;
}

void
call_submit(struct http_req *r, const struct call_input *in)
{
	struct task *t = NULL;
	struct call *c = call_new(r, in);
	enum fault fault = call_hand_in(r, in, c, &t);

	if (fault == FAULT_NONE && (!c->accepting || t->state == TASK_ACCEPTED)) {
		call_wait(c, t);
		return;
	}
	if (fault == FAULT_NONE) {
		r->http->subject.task = t;
		r->dialect->accepted(c, t);
	} else {
		reply_refuse(r, fault, NULL);
	}
	if (c)
		call_put(c);
}

/* --- clients that leave --- */

static void
call_lose(struct call *c)
{
	struct http *http = c->http;
	struct task *t = c->task;

	call_leave(c);
	http->subject = (struct http_subject){.task = t, .began_ns = c->began_ns};
	reply_log(http, c->ev, c->conn, STATUS_CLIENT_LEFT);
	stats_add(http->stats, STAT_HTTP_DISCONNECTS, 1);
	if (c->poll)
		poll_lose(c->poll);
	else if (c->accepting)
		core_unwait_accept(http->core, t);
	else
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

static void call_look_later(struct call *);

static void
call_watch_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct call *c = arg;
	struct evhttp_connection *conn = c->conn;
	int sock = bufferevent_getfd(evhttp_connection_get_bufferevent(conn));

	switch (peer_state(sock)) {
	case PEER_THERE: call_look_later(c); break;
	case PEER_SENDS_NO_MORE:
		call_probe(c, sock);
		call_look_later(c);
		break;
	case PEER_GONE:
		call_lose(c);
		evhttp_connection_free(conn);
		break;
	}
}

/* A client that has pipelined something, or sends no more: the kernel would tell of it
 * again and again. */
static void
call_look_later(struct call *c)
{
	static const struct timeval pause = {0, CALL_LOOK_US};

	event_assign(&c->watch, c->http->base, -1, 0, call_watch_cb, c);
	if (event_add(&c->watch, &pause) != 0)
		log_warn("a client cannot be watched: its task runs even if it leaves");
}

/* Not edge-triggered: when an event that is goes in the same turn as another comes for
 * the same descriptor, libevent 2.1 makes that one edge-triggered too, and of a reply
 * only the first 16 KiB left (measured). */
static void
call_watch(struct call *c)
{
	struct http *http = c->http;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(c->conn);

	event_assign(&c->watch, http->base, bufferevent_getfd(bev), EV_READ | EV_CLOSED,
	    call_watch_cb, c);
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

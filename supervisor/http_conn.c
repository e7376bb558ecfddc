/*
 * http_conn.c: how many connections there are, and what happens at the limit: the
 * listeners pause, new clients wait in the kernel's queue. evhttp neither counts
 * connections nor tells of new ones: we make the bufferevent of each, hold a reference,
 * and look at it once evhttp has put its connection behind it.
 */
#include "../common/log.h"
#include "http_impl.h"
#include "stats.h"
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Descriptors for all that is no connection: workers' pages and pipes, logs, files. */
#define CONN_RESERVE 256
#define CONN_RESERVE_PER_WORKER 8
/* With less than these it does not start. Measured: 15 and 6 for each worker. */
#define CONN_FILES 32
#define CONN_FILES_PER_WORKER 8
#define CONN_LEAST 16 /* connections, at any limit */
#define CONN_RETRY_US 100000

void
conn_pause(struct http *http, bool pause)
{
	if (http->stopping || pause == http->paused)
		return;
	http->paused = pause;
	for (size_t i = 0; i < http->listener_n; i++) {
		if (pause)
			evconnlistener_disable(http->listener[i].listener);
		else
			evconnlistener_enable(http->listener[i].listener);
	}
}

static void
conn_count(struct http *http, size_t n)
{
	http->connections = n;
	http->stats->value[STAT_HTTP_CONNECTIONS] = n;
	conn_pause(http, n >= http->connections_max);
}

void
conn_closed(struct http *http)
{
	conn_count(http, http->connections - 1);
}

void
conn_on_close(struct evhttp_connection *conn UNUSED, void *http)
{
	conn_closed(http);
}

void
conn_on_close_unsent(struct evhttp_connection *conn UNUSED, void *arg)
{
	struct http *http = arg;

	http->unsent--;
	conn_closed(http);
}

/* --- new ones --- */

static struct bufferevent *
conn_make_cb(struct event_base *base, void *arg)
{
	struct http *http = arg;
	struct bufferevent *bev =
	    bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (!bev)
		return NULL;
	if (http->fresh_n == http->fresh_room) {
		size_t room = http->fresh_room ? http->fresh_room * 2 : 64;
		struct bufferevent **more =
		    realloc(http->fresh, room * sizeof(struct bufferevent *));
		if (!more) {
			bufferevent_free(bev);
			return NULL;
		}
		http->fresh = more;
		http->fresh_room = room;
	}
	bufferevent_incref(bev);
	http->fresh[http->fresh_n++] = bev;
	event_active(http->greet, EV_TIMEOUT, 0);
	conn_count(http, http->connections + 1);
	return bev;
}

/* A connection that is gone already has no callbacks any more. */
static void
conn_greet_one(struct http *http, struct bufferevent *bev)
{
	bufferevent_data_cb read_cb;
	void *conn;

	bufferevent_getcb(bev, &read_cb, NULL, NULL, &conn);
	if (read_cb && conn)
		evhttp_connection_set_closecb(conn, conn_on_close, http);
	else
		conn_closed(http);
	bufferevent_decref(bev);
}

static void
conn_greet_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http *http = arg;

	for (size_t i = 0; i < http->fresh_n; i++)
		conn_greet_one(http, http->fresh[i]);
	http->fresh_n = 0;
}

/* --- shortages --- */

static void
conn_retry_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *listener)
{
	evconnlistener_enable(listener);
}

/* evhttp keeps the listener's argument for itself: only the listener is known here. The
 * reserve of descriptors should keep this from ever happening. */
static void
conn_error_cb(struct evconnlistener *listener, void *evhttp UNUSED)
{
	static const struct timeval pause = {0, CONN_RETRY_US};

	log_warn(
	    "cannot accept a connection: %s: trying again in 100 ms", strerror(errno));
	evconnlistener_disable(listener);
	event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT,
	    conn_retry_cb, listener, &pause);
}

/* Descriptors that are no connection's. */
static size_t
conn_reserve(const struct conf *conf)
{
	return CONN_RESERVE +
	       CONN_RESERVE_PER_WORKER * (size_t)conf->workers.concurrent;
}

/* How many files may be open, once as many as wanted were asked for. */
static rlim_t
conn_raise_files(size_t want)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == RLIM_INFINITY)
		return RLIM_INFINITY;
	if (r.rlim_cur < r.rlim_max && r.rlim_cur < want) {
		r.rlim_cur = r.rlim_max < want ? r.rlim_max : want;
		setrlimit(RLIMIT_NOFILE, &r);
		getrlimit(RLIMIT_NOFILE, &r);
	}
	return r.rlim_cur;
}

/* The configured limit, or what the descriptors allow. */
static size_t
conn_limit(const struct conf *conf)
{
	size_t want = (size_t)conf->http.connections, reserve = conn_reserve(conf);
	rlim_t files = conn_raise_files(want + reserve);
	size_t can = files > reserve + CONN_LEAST ? files - reserve : CONN_LEAST;

	if (can >= want)
		return want;
	log_warn(
	    "http.connections is %zu, but only %llu files may be open: at most %zu "
	    "connections at once",
	    want, (unsigned long long)files, can);
	return can;
}

bool
http_has_files(const struct conf *conf)
{
	size_t workers = (size_t)conf->workers.concurrent;
	size_t least = CONN_FILES + CONN_FILES_PER_WORKER * workers + CONN_LEAST;
	rlim_t files =
	    conn_raise_files((size_t)conf->http.connections + conn_reserve(conf));

	if (files >= least)
		return true;
	log_error(
	    "only %llu files may be open, and with %zu workers it needs %zu at the "
	    "least: raise the limit (ulimit -n), or have fewer workers: not started",
	    (unsigned long long)files, workers, least);
	return false;
}

int
conn_init(struct http *http)
{
	http->connections_max = conn_limit(core_conf(http->core));
	http->greet = event_new(http->base, -1, 0, conn_greet_cb, http);
	if (!http->greet)
		return -1;
	evhttp_set_bevcb(http->server, conn_make_cb, http);
	for (size_t i = 0; i < http->listener_n; i++)
		evconnlistener_set_error_cb(http->listener[i].listener, conn_error_cb);
	return 0;
}

void
conn_fini(struct http *http)
{
	if (http->greet)
		conn_greet_cb(-1, 0, http);
	free(http->fresh);
	if (http->greet)
		event_free(http->greet);
}

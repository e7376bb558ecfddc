/*
 * conn_stream.c: a control connection that gets the events as they happen, bounded by a
 * backlog.
 */
#include "../common/clock.h"
#include "../common/log.h"
#include "conn_impl.h"
#include <event2/bufferevent.h>

static void
conn_on_event(struct span json, void *arg)
{
	struct conn *c = arg;

	if (c->lost > 0 || conn_pending(c) + json.n > CONN_BACKLOG_BYTES)
		c->lost++;
	else
		conn_send(c, CODE_OK, json);
}

void
conn_say_lost(struct conn *c)
{
	struct buf body;
	struct jsonw w;

	events_unsubscribe(core_events(c->env->core), c->sub);
	c->sub = NULL;
	buf_init(&body, 0);
	jsonw_init(&w, &body);
	jsonw_object(&w);
	jsonw_kint(&w, "schema", CTL_SCHEMA);
	jsonw_key(&w, "error");
	jsonw_object(&w);
	jsonw_kint(&w, "code", CODE_TOO_SLOW);
	jsonw_kstr(
	    &w, "message", "read too slowly: the stream ends here, events were lost");
	jsonw_kint(&w, "lost", (int64_t)c->lost);
	jsonw_end_object(&w);
	jsonw_end_object(&w);
	conn_send(c, CODE_TOO_SLOW, buf_span(&body));
	buf_fini(&body);
	log_info("control: a subscriber (uid %ld, pid %ld) read too slowly: dropped "
		 "with %llu "
		 "events lost",
	    (long)c->peer.uid, (long)c->peer.pid, (unsigned long long)c->lost);
	conn_end(c);
}

/* A half-closed subscriber goes on being served; one that is gone gives no sign but
 * this while nothing happens. */
static void
conn_on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct conn *c = arg;

	if ((c->ending && conn_pending(c) == 0) || conn_is_gone(c))
		conn_close(c);
}

void
conn_subscribe(struct conn *c)
{
	struct timeval stall = {CONN_STALL_S, 0};
	struct events *events = core_events(c->env->core);
	struct jsonw *w;

	if (!conn_start_tick(c, conn_on_tick, MS_PER_S))
		return;
	bufferevent_set_timeouts(c->bev, NULL, &stall);
	c->sub = events_subscribe(events, conn_on_event, c);
	/* The first event it gets: from here on nothing is missing. */
	w = events_begin(events, "subscribe");
	if (w) {
		jsonw_kint(w, "uid", (int64_t)c->peer.uid);
		jsonw_kint(w, "pid", (int64_t)c->peer.pid);
	}
	events_end(events);
}

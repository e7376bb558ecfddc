/*
 * conn.c: see conn.h. Bytes are bounded on both sides: a line by its limit, a reply by
 * the next request waiting until it is read, a stream by the backlog.
 */
#include "conn_impl.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "stats.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define CONN_MAGIC 0xc0117e57u
#define CONN_PAUSE_BYTES (256 * 1024) /* of unread replies: no more requests */

size_t
conn_pending(const struct conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

void
conn_free(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	if (c->sub)
		events_unsubscribe(core_events(c->env->core), c->sub);
	if (c->tick)
		event_free(c->tick);
	free(c->waiting);
	if (conn_pending(c) > 0) {
		struct evbuffer *out = bufferevent_get_output(c->bev);

		evbuffer_unfreeze(out, 1); /* the bufferevent keeps it frozen */
		evbuffer_write(out, bufferevent_getfd(c->bev));
	}
	bufferevent_free(c->bev);
	c->magic = 0;
	free(c);
}

void
conn_close(struct conn *c)
{
	c->env->closed(c, c->env->arg);
	conn_free(c);
}

void
conn_send(struct conn *c, int code, struct span body)
{
	struct buf frame;

	buf_init(&frame, 0);
	if (ctl_frame(&frame, code, body) != 0 ||
	    evbuffer_add(bufferevent_get_output(c->bev), frame.p, frame.n) != 0)
		c->ending = true;
	buf_fini(&frame);
}

void
conn_end(struct conn *c)
{
	c->ending = true;
	bufferevent_disable(c->bev, EV_READ);
}

bool
conn_is_gone(const struct conn *c)
{
	struct pollfd p = {.fd = bufferevent_getfd(c->bev)};

	return c->eof && poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

bool
conn_start_tick(struct conn *c, event_callback_fn fn, int64_t every_ms)
{
	struct timeval every = {every_ms / MS_PER_S, every_ms % MS_PER_S * 1000};

	c->tick = event_new(c->env->base, -1, EV_PERSIST, fn, c);
	if (c->tick && event_add(c->tick, &every) == 0)
		return true;
	conn_end(c);
	return false;
}

/* --- requests --- */
static void
conn_log(const struct conn *c, const struct command_call *call, struct span line)
{
	if (call->code == CODE_DENIED)
		log_warn("control: refused \"%.*s\" to uid %ld (pid %ld): %s",
		    (int)(line.n > 200 ? 200 : line.n), (const char *)line.p,
		    (long)c->peer.uid, (long)c->peer.pid, call->refusal);
	else if (call->code < 300 && call->command->level > LEVEL_VIEW)
		log_info("control: \"%.*s\" by uid %ld (pid %ld)",
		    (int)(line.n > 200 ? 200 : line.n), (const char *)line.p,
		    (long)c->peer.uid, (long)c->peer.pid);
}

static const char *
conn_split_text(int rc)
{
	switch (rc) {
	case -ERR_TOO_LARGE: return "too many words, or too long a line";
	case -ERR_NOMEM: return "out of memory";
	default: return "an open quote or a control character";
	}
}

static void
conn_refuse(struct conn *c, bool json, int code, const char *text)
{
	struct command_call call = {.json = json};
	struct buf body;

	buf_init(&body, 0);
	if (command_run_refusal(&call, &body, code, text) == 0)
		conn_send(c, code, buf_span(&body));
	else
		conn_send(c, code, span_str(text));
	buf_fini(&body);
}

static void
conn_reply(
    struct conn *c, int rc, const struct command_call *call, const struct buf *body)
{
	if (rc != 0)
		conn_refuse(
		    c, call->json, CODE_INTERNAL, "out of memory, or too long a reply");
	else
		conn_send(c, call->code, buf_span(body));
}

static void conn_on_read(struct bufferevent *bev, void *arg);

/* Is the answer there that comes later? */
static void
conn_on_wait(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct conn *c = arg;
	struct command_call *call = c->waiting;
	struct buf body;
	int rc;

	if (conn_is_gone(c)) {
		conn_close(c);
		return;
	}
	buf_init(&body, CONN_REPLY_BYTES);
	rc = command_poll(call, core_now_ms(c->env->core), &body);
	if (rc == 0 && call->wait.poll) {
		buf_fini(&body);
		return;
	}
	conn_reply(c, rc, call, &body);
	buf_fini(&body);
	event_free(c->tick);
	c->tick = NULL;
	free(call);
	c->waiting = NULL;
	conn_on_read(c->bev, c); /* what was asked meanwhile */
}

static void
conn_wait(struct conn *c, const struct command_call *call)
{
	c->waiting = xmemdup(call, sizeof *call);
	conn_start_tick(c, conn_on_wait, COMMAND_POLL_MS);
}

static struct command_call
conn_call(const struct conn *c)
{
	return (struct command_call){.core = c->env->core,
	    .ops = c->env->ops,
	    .started_ms = c->env->started_ms,
	    .level = c->peer.level,
	    .uid = (long)c->peer.uid};
}

void
conn_resume(struct conn *c, bool json)
{
	struct command_call call = conn_call(c);

	call.json = json;
	command_resume_restart(&call);
	conn_wait(c, &call);
}

int
conn_hand_over(const struct conn *c, struct handover *h)
{
	if (!c->waiting || !c->waiting->wait.next_answers)
		return 0;
	return handover_add_copy(h, c->waiting->json ? HANDOVER_JSON : HANDOVER_TEXT,
	    bufferevent_getfd(c->bev));
}

static void
conn_request(struct conn *c, struct span line)
{
	struct command_call call = conn_call(c);
	struct ctl_words words;
	struct buf body;
	int rc;

	stats_add(core_stats(c->env->core), STAT_CONTROL_REQUESTS, 1);
	buf_init(&body, CONN_REPLY_BYTES);
	rc = ctl_split(line, &words);
	if (rc != 0) {
		call.json = ctl_wants_json(line);
		rc =
		    command_run_refusal(&call, &body, CODE_SYNTAX, conn_split_text(rc));
	} else {
		rc = command_run(&call, words.word, words.n, &body);
		if (rc == 0 && call.command)
			conn_log(c, &call, line);
		ctl_words_fini(&words);
	}
	if (rc == 0 && call.wants_events)
		conn_subscribe(c);
	else if (rc == 0 && call.wait.poll)
		conn_wait(c, &call);
	else
		conn_reply(c, rc, &call, &body);
	buf_fini(&body);
}

/* The next line of the input, "\n" or "\r\n" taken off; at the end of the input the
 * rest counts as one. False when there is none. */
static bool
conn_take_line(struct conn *c, struct buf *line)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_ptr nl = evbuffer_search(in, "\n", 1, NULL);
	size_t n = nl.pos >= 0 ? (size_t)nl.pos : evbuffer_get_length(in);
	uint8_t *p;

	if (nl.pos < 0 && (!c->eof || n == 0))
		return false;
	buf_reset(line);
	p = buf_room(line, n);
	if (!p) {
		conn_end(c);
		return false;
	}
	evbuffer_remove(in, p, n);
	evbuffer_drain(in, nl.pos >= 0);
	if (n > 0 && p[n - 1] == '\r')
		n--;
	buf_grew(line, n);
	return true;
}

static void
conn_serve(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct buf line;

	buf_init(&line, CTL_LINE_BYTES);
	while (!c->ending && !c->sub && !c->waiting &&
	       conn_pending(c) < CONN_PAUSE_BYTES && conn_take_line(c, &line))
		conn_request(c, buf_span(&line));
	buf_fini(&line);
	if (c->sub)
		evbuffer_drain(in, evbuffer_get_length(in));
	else if (!c->ending && !c->waiting &&
		 evbuffer_get_length(in) >= CTL_LINE_BYTES &&
		 evbuffer_search(in, "\n", 1, NULL).pos < 0) {
		conn_refuse(c, ctl_wants_json(span_of(evbuffer_pullup(in, 3), 3)),
		    CODE_TOO_LARGE, "a line may have 65536 bytes");
		conn_end(c);
	}
}

/* After anything that happened: is it over? */
static void
conn_settle(struct conn *c)
{
	if (conn_pending(c) == 0 && c->lost > 0 && c->sub)
		conn_say_lost(c);
	if (c->eof && !c->sub && !c->waiting &&
	    evbuffer_get_length(bufferevent_get_input(c->bev)) == 0)
		c->ending = true;
	if (c->ending && conn_pending(c) == 0)
		conn_close(c);
}

static void
conn_on_read(struct bufferevent *bev UNUSED, void *arg)
{
	conn_serve(arg);
	conn_settle(arg);
}

/* Called when all has been written. */
static void
conn_on_written(struct bufferevent *bev, void *arg)
{
	conn_on_read(bev, arg);
}

static void
conn_on_state(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;

	c->eof = true;
	if ((what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) ||
	    (c->sub && conn_is_gone(c)))
		conn_close(c);
	else
		conn_on_read(bev, c);
}

struct conn *
conn_new(const struct conn_env *env, int fd, const struct peer *peer)
{
	struct timeval idle = {CONN_IDLE_S, 0}, stall = {CONN_STALL_S, 0};
	struct conn *c = xcalloc(1, sizeof *c);

	c->magic = CONN_MAGIC;
	c->env = env;
	c->peer = *peer;
	c->bev = bufferevent_socket_new(env->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev) {
		close(fd);
		free(c);
		return NULL;
	}
	bufferevent_setcb(c->bev, conn_on_read, conn_on_written, conn_on_state, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, CTL_LINE_BYTES);
	bufferevent_set_timeouts(c->bev, &idle, &stall);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	return c;
}

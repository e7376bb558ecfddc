/*
 * http_poll.c: requests that wait for the end of a task that they did not submit. They
 * know it by its id: it may be gone before they are. Found by its last byte, which is
 * random.
 */
#include "../common/clock.h"
#include "http_impl.h"
#include "http_native.h"
#include <stdlib.h>

#define POLL_ROWS 256
#define POLL_LOOK_US 100000

struct poll {
	struct call *call;
	struct http *http;
	struct taskid id;
	int64_t until_ms;
	TAILQ_ENTRY(poll) link; /* its row's */
};
TAILQ_HEAD(poll_list, poll);

struct polls {
	struct poll_list row[POLL_ROWS];
	size_t n;
	struct event *look; /* for those whose time is over */
};

static struct poll_list *
poll_row(struct http *http, const struct taskid *id)
{
	return &http->polls->row[id->b[TASKID_BYTES - 1]];
}

void
poll_lose(struct poll *p)
{
	TAILQ_REMOVE(poll_row(p->http, &p->id), p, link);
	p->http->polls->n--;
	free(p);
}

/* With what the task is now; NULL: it is gone. */
static void
poll_answer(struct poll *p, const struct task *t)
{
	struct http *http = p->http;
	struct call *c = p->call;
	struct http_subject subject = http->subject;
	struct trouble gone = {.fault = FAULT_NOT_FOUND};

	poll_lose(p);
	call_unhold(c, t);
	if (t) {
		task_write_json(reply_begin(http), http->core, t, c->master);
		reply_send(http, c->ev, c->dialect, 200);
	} else {
		reply_trouble(http, c->ev, c->dialect, &gone);
	}
	call_end(c);
	http->subject = subject;
}

static void
poll_ended_cb(const struct task *t, void *arg)
{
	struct http *http = arg;
	struct poll *p, *next;

	if (http->polls->n == 0)
		return;
	for (p = TAILQ_FIRST(poll_row(http, &t->id)); p; p = next) {
		next = TAILQ_NEXT(p, link);
		if (memcmp(p->id.b, t->id.b, TASKID_BYTES) == 0)
			poll_answer(p, t);
	}
}

/* Those whose time is over; all: every one. */
static void
poll_answer_due(struct http *http, bool all)
{
	int64_t now_ms = clock_now_ms();
	struct poll *p, *next;

	for (size_t i = 0; i < POLL_ROWS; i++)
		for (p = TAILQ_FIRST(&http->polls->row[i]); p; p = next) {
			next = TAILQ_NEXT(p, link);
			if (all || p->until_ms <= now_ms)
				poll_answer(p, core_find_task(http->core, &p->id));
		}
}

static void
poll_look_later(struct http *http)
{
	if (http->polls->n > 0)
		event_add(http->polls->look, &(struct timeval){0, POLL_LOOK_US});
}

static void
poll_look_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http *http = arg;

	poll_answer_due(http, false);
	poll_look_later(http);
}

void
poll_flush(struct http *http)
{
	poll_answer_due(http, true);
}

void
poll_open(struct http_req *r, const struct task *t, int64_t wait_ms)
{
	struct http *http = r->http;
	struct poll *p;

	if (http->polls->n >= POLL_MAX) {
		reply_header(r->ev, "Retry-After", "5");
		reply_refuse(r, FAULT_TOO_OFTEN,
		    "%d requests wait for tasks already, that is the most", POLL_MAX);
		return;
	}
	p = xcalloc(1, sizeof *p);
	*p = (struct poll){
	    .http = http, .id = t->id, .until_ms = clock_now_ms() + wait_ms};
	if (!(p->call = call_hold(r, p))) {
		free(p);
		reply_refuse(r, FAULT_NO_MEMORY_HERE, NULL);
		return;
	}
	TAILQ_INSERT_TAIL(poll_row(http, &p->id), p, link);
	if (http->polls->n++ == 0)
		poll_look_later(http);
}

/* --- beginning and end --- */

int
poll_init(struct http *http)
{
	struct polls *ps = http->polls = xcalloc(1, sizeof *ps);

	for (size_t i = 0; i < POLL_ROWS; i++)
		TAILQ_INIT(&ps->row[i]);
	core_on_end(http->core, poll_ended_cb, http);
	ps->look = event_new(http->base, -1, 0, poll_look_cb, http);
	return ps->look ? 0 : -1;
}

void
poll_fini(struct http *http)
{
	if (!http->polls)
		return;
	core_on_end(http->core, NULL, NULL);
	if (http->polls->look)
		event_free(http->polls->look);
	free(http->polls);
}

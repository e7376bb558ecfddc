/*
 * enqueue.c: Cloud.enqueue: a handler submits a task; it is answered with the id, or
 * with the code and the text that an HTTP client would have got.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include "envelope.h"
#include <stdio.h>
#include <stdlib.h>

/* An ENQUEUE whose task waits for its commit. */
struct enqueue_wait {
	struct core *core;
	uint64_t worker; /* number: it may be gone by then */
	uint64_t request;
};

static void
enqueue_answer(struct seat *s, uint64_t request, const struct task *t, enum fault f,
    const char *message)
{
	char id[TASKID_TEXT_BYTES];
	struct msg_enqueued m = {.request = request};

	if (t) {
		m.task = span_str(taskid_text(&t->id, id));
	} else {
		m.code = span_str(fault_info(f)->native_code);
		m.message = span_str(message ? message : fault_info(f)->text);
	}
	if (link_put(s->link, MSG_ENQUEUED, &m) != 0)
		log_about(LOG_LEVEL_ERROR, &(struct log_about){.worker = s->worker},
		    "no memory to answer its Cloud.enqueue");
}

static void
enqueue_accepted_cb(struct task *t, enum fault f, void *arg)
{
	struct enqueue_wait *w = arg;
	struct seat *s = core_find_seat(w->core, w->worker);

	if (s)
		enqueue_answer(s, w->request, f == FAULT_NONE ? t : NULL, f, NULL);
	free(w);
}

static struct enqueue_wait *
enqueue_wait_new(struct seat *s, uint64_t request)
{
	struct enqueue_wait *w = xcalloc(1, sizeof *w);

	*w = (struct enqueue_wait){s->core, s->worker, request};
	return w;
}

/* at: wins over delay: */
static int64_t
enqueue_due_ms(const struct msg_enqueue *m)
{
	if (m->at_ms > 0)
		return m->at_ms > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)m->at_ms;
	return m->delay_ms > 0 && m->delay_ms < INT64_MAX / 2
		   ? clock_wall_ms() + (int64_t)m->delay_ms
		   : 0;
}

void
enqueue_on_message(struct seat *s, const struct msg_enqueue *m)
{
	struct core *c = s->core;
	const struct app *a = s->lease.app >= 0 ? c->app[s->lease.app] : NULL;
	struct handler *h = a ? app_find(a, (enum kind)m->kind, m->name) : NULL;
	struct task *t = NULL;
	struct buf envelope;
	char text[160];

	if (!h) {
		snprintf(text, sizeof text, "Cloud.enqueue: no handler named '%.*s'",
		    SPAN_FMT(m->name));
		enqueue_answer(s, m->request, NULL, FAULT_UNKNOWN_HANDLER, text);
		return;
	}
	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, m->params);
	struct submission sub = {
	    .handler = h,
	    .execution = m->execution == EXEC_LOW ? EXEC_LOW : EXEC_ASYNC,
	    .envelope = &envelope,
	    .timeout_ms = (int64_t)m->timeout_ms,
	    .due_wall_ms = enqueue_due_ms(m),
	    .key = m->key.n ? m->key : m->unique,
	    .key_sort = m->key.n ? KEYS_KEY : KEYS_UNIQUE,
	    .attempts = m->attempts > RETRY_ATTEMPTS_MAX ? RETRY_ATTEMPTS_MAX
							 : (int)m->attempts,
	    .accepted = enqueue_accepted_cb,
	    .accepted_arg = enqueue_wait_new(s, m->request),
	};
	enum fault f = core_submit(c, &sub, &t);
	if (f != FAULT_NONE || t->state != TASK_ACCEPTED) {
		enqueue_answer(s, m->request, t, f, NULL);
		free(sub.accepted_arg);
	}
	buf_fini(&envelope);
}

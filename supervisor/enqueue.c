/*
 * enqueue.c: Cloud.enqueue: a handler submits a task; it is answered with the id, or
 * with the code and the text that an HTTP client would have got.
 */
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include "envelope.h"
#include <stdio.h>

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
		log_error("worker %llu: no memory to answer its Cloud.enqueue",
		    (unsigned long long)s->worker);
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
	};
	enum fault f = core_submit(c, &sub, &t);
	enqueue_answer(s, m->request, t, f, NULL);
	buf_fini(&envelope);
}

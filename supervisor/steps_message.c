/* steps_message.c: steps to and from workers. */
#include "steps.h"
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"

int
steps_put_run(const struct seat *s, const struct task *t, struct msg_run *run)
{
	static const uint8_t no_steps[] = {0x80}; /* an empty map */
	struct buf steps;
	int e;

	if (t->execution != EXEC_SYNC)
		run->steps = span_of(no_steps, sizeof no_steps);
	if (!steps_of(t))
		return link_put(s->link, MSG_RUN, run);
	buf_init(&steps, 0);
	steps_pack(steps_of(t), &steps);
	run->steps = buf_span(&steps);
	e = steps.failed ? -ERR_NOMEM : link_put(s->link, MSG_RUN, run);
	buf_fini(&steps);
	return e;
}

static void
steps_answer(struct seat *s, uint64_t request, enum fault f, const char *message)
{
	struct msg_stepped m = {.request = request};

	if (f != FAULT_NONE) {
		m.code = span_str(fault_info(f)->native_code);
		m.message = span_str(message);
	}
	if (link_put(s->link, MSG_STEPPED, &m) != 0)
		log_about(LOG_LEVEL_ERROR, &(struct log_about){.worker = s->worker},
		    "no memory to answer its req.step");
}

static const char steps_not_safe[] =
    "the step is finished, but the store cannot be written now";

void
steps_stored(struct core *c, uint64_t worker, uint64_t request, bool ok)
{
	struct seat *s = core_find_seat(c, worker);

	if (s)
		steps_answer(s, request, ok ? FAULT_NONE : FAULT_STORE, steps_not_safe);
}

void
steps_on_message(struct seat *s, struct task *t, const struct msg_step *m)
{
	struct core *c = s->core;
	const struct task_steps *ss = steps_of(t);
	struct step *step;
	int e;

	if (t->execution == EXEC_SYNC || m->name.n == 0 ||
	    m->name.n > STEP_NAME_BYTES_MAX) {
		seat_kill(s, KILL_BAD, "it sent a STEP that no task can have");
		return;
	}
	if ((ss ? ss->value_bytes : 0) + m->value.n >
	    (size_t)c->conf->limits.result_bytes)
		e = -ERR_TOO_LARGE;
	else
		e = steps_add(t, m->name, m->value, &step);
	if (e == -ERR_NOMEM)
		steps_answer(s, m->request, FAULT_NO_MEMORY_HERE,
		    fault_info(FAULT_NO_MEMORY_HERE)->text);
	else if (e != 0 && e != -ERR_DUPLICATE)
		steps_answer(s, m->request, FAULT_TOO_LARGE,
		    "the task's steps are too many, or larger than limits.result");
	else if (e != 0 || t->key == 0)
		steps_answer(s, m->request, FAULT_NONE, NULL);
	else if (!durable_keep_step(c, t, step, s->worker, m->request))
		steps_answer(s, m->request, FAULT_STORE, steps_not_safe);
}

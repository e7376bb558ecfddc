/* steps.c: see steps.h. */
#include "steps.h"
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include <stdlib.h>

/* --- pure --- */

const struct task_steps *
steps_of(const struct task *t)
{
	return t->note ? t->note->steps : NULL;
}

static struct step *
steps_find(const struct task_steps *ss, struct span name)
{
	for (size_t i = 0; i < ss->n; i++)
		if (span_eq(step_name(ss->item[i]), name))
			return ss->item[i];
	return NULL;
}

/* The task's, with room for one more; NULL: no memory. */
static struct task_steps *
steps_room(struct task *t)
{
	struct task_note *n = task_note(t);

	if (!n || (!n->steps && !(n->steps = calloc(1, sizeof *n->steps))))
		return NULL;
	struct task_steps *ss = n->steps;
	if (ss->n == ss->room) {
		size_t room = ss->room ? ss->room * 2 : 4;
		struct step **more = realloc(ss->item, room * sizeof *more);
		if (!more)
			return NULL;
		ss->item = more;
		ss->room = room;
	}
	return ss;
}

int
steps_add(struct task *t, struct span name, struct span value, struct step **out)
{
	struct task_steps *ss = steps_room(t);
	struct step *s;

	if (!ss)
		return -ERR_NOMEM;
	if (steps_find(ss, name))
		return -ERR_DUPLICATE;
	if (ss->n >= STEPS_MAX)
		return -ERR_FULL;
	if (!(s = malloc(sizeof *s + name.n + value.n)))
		return -ERR_NOMEM;
	*s = (struct step){
	    .name_bytes = (uint32_t)name.n, .value_bytes = (uint32_t)value.n};
	memcpy(s->bytes, name.p, name.n);
	memcpy(s->bytes + name.n, value.p, value.n);
	ss->item[ss->n++] = s;
	ss->value_bytes += value.n;
	*out = s;
	return 0;
}

void
steps_pack(const struct task_steps *ss, struct buf *out)
{
	msgpack_packer pk = mp_packer(out);

	msgpack_pack_map(&pk, ss->n);
	for (size_t i = 0; i < ss->n; i++) {
		mp_put_str(&pk, step_name(ss->item[i]));
		buf_add_span(out, step_value(ss->item[i]));
	}
}

size_t
steps_bytes(const struct task_steps *ss)
{
	size_t n = 0;

	if (!ss)
		return 0;
	for (size_t i = 0; i < ss->n; i++)
		n += sizeof *ss->item[i] + ss->item[i]->name_bytes;
	return n + sizeof *ss + ss->room * sizeof *ss->item + ss->value_bytes;
}

void
steps_free(struct task_steps *ss)
{
	if (!ss)
		return;
	for (size_t i = 0; i < ss->n; i++)
		free(ss->item[i]);
	free(ss->item);
	free(ss);
}

void
steps_drop(struct task *t)
{
	if (!steps_of(t))
		return;
	steps_free(t->note->steps);
	t->note->steps = NULL;
}

/* --- to and from workers --- */

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

/* steps.c: see steps.h; what goes to and from workers is in steps_message.c. */
#include "steps.h"
#include "../common/err.h"
#include "../common/mp.h"
#include <stdlib.h>

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

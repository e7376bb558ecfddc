/* slots.c: see slots.h. */
#include "slots.h"
#include <stdlib.h>
#include <string.h>

void
slots_init(struct slots *s)
{
	*s = (struct slots){0};
}

void
slots_fini(struct slots *s)
{
	free(s->slot);
	*s = (struct slots){0};
}

static void
slots_grow(struct slots *s)
{
	size_t room = s->room ? s->room * 2 : 64;
	struct slot *more = xcalloc(room, sizeof *more);

	if (s->room)
		memcpy(more, s->slot, s->room * sizeof *more);
	for (size_t i = room; i-- > s->room;) {
		more[i].generation = 1;
		more[i].next = s->free;
		s->free = (uint32_t)i + 1;
	}
	free(s->slot);
	s->slot = more;
	s->room = room;
}

int64_t
slots_put(struct slots *s, void *item)
{
	ASSERT(item != NULL);
	if (!s->free) {
		if (s->room >= SLOTS_MAX)
			return 0;
		slots_grow(s);
	}
	uint32_t i = s->free - 1;
	struct slot *e = &s->slot[i];
	s->free = e->next;
	e->item = item;
	s->n++;
	return (int64_t)e->generation << SLOTS_INDEX_BITS | i;
}

static struct slot *
slots_find(const struct slots *s, int64_t code)
{
	size_t i = (size_t)code & (SLOTS_MAX - 1);

	if (code <= 0 || i >= s->room)
		return NULL;
	struct slot *e = &s->slot[i];
	return e->item && e->generation == (uint64_t)code >> SLOTS_INDEX_BITS ? e
									      : NULL;
}

void *
slots_get(const struct slots *s, int64_t code)
{
	struct slot *e = slots_find(s, code);

	return e ? e->item : NULL;
}

void
slots_del(struct slots *s, int64_t code)
{
	struct slot *e = slots_find(s, code);

	if (!e)
		return;
	e->item = NULL;
	e->generation++;
	e->next = s->free;
	s->free = (uint32_t)((size_t)code & (SLOTS_MAX - 1)) + 1;
	s->n--;
}

/*
 * idmap.c: the id -> item map. Deleting shifts the rest of its run back, so there are
 * no tombstones and a lookup ends at the first empty slot.
 */
#include "idmap.h"
#include "err.h"
#include <stdlib.h>
#include <string.h>

#define IDMAP_FIRST_SLOTS 64

void
idmap_init(struct idmap *m, size_t id_offset)
{
	*m = (struct idmap){.id_offset = id_offset};
}

void
idmap_fini(struct idmap *m)
{
	free(m->slots);
	idmap_init(m, m->id_offset);
}

static const uint8_t *
idmap_id_of(const struct idmap *m, const void *item)
{
	return (const uint8_t *)item + m->id_offset;
}

/* The slot where the search for an id begins. A task id's second half is random, its
 * first is the time: the multiplication spreads both over the upper bits. */
static size_t
idmap_home(const struct idmap *m, const uint8_t *id)
{
	uint64_t hi, lo;

	memcpy(&hi, id, 8);
	memcpy(&lo, id + 8, 8);
	uint64_t h = (lo ^ (hi * 0xD6E8FEB86659FD93ULL)) * 0x9E3779B97F4A7C15ULL;
	return (size_t)(h ^ h >> 32) & (m->room - 1);
}

/* Where id is, or the empty slot where it would go. */
static size_t
idmap_find(const struct idmap *m, const uint8_t *id)
{
	size_t i = idmap_home(m, id);

	while (m->slots[i] && memcmp(idmap_id_of(m, m->slots[i]), id, 16) != 0)
		i = (i + 1) & (m->room - 1);
	return i;
}

static int
idmap_grow(struct idmap *m)
{
	struct idmap to = *m;

	to.room = m->room ? m->room * 2 : IDMAP_FIRST_SLOTS;
	to.slots = calloc(to.room, sizeof *to.slots);
	if (!to.slots)
		return -ERR_NOMEM;
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i])
			to.slots[idmap_find(&to, idmap_id_of(m, m->slots[i]))] =
			    m->slots[i];
	free(m->slots);
	*m = to;
	return 0;
}

int
idmap_put(struct idmap *m, void *item)
{
	const uint8_t *id = idmap_id_of(m, item);

	if (m->n >= m->room / 4 * 3) {
		int r = idmap_grow(m);
		if (r)
			return r;
	}
	size_t i = idmap_find(m, id);
	if (m->slots[i])
		return -ERR_DUPLICATE;
	m->slots[i] = item;
	m->n++;
	return 0;
}

void *
idmap_get(const struct idmap *m, const uint8_t id[16])
{
	return m->n ? m->slots[idmap_find(m, id)] : NULL;
}

void *
idmap_del(struct idmap *m, const uint8_t id[16])
{
	size_t mask = m->room - 1;

	if (m->n == 0)
		return NULL;
	size_t hole = idmap_find(m, id);
	void *item = m->slots[hole];
	if (!item)
		return NULL;
	for (size_t i = (hole + 1) & mask; m->slots[i]; i = (i + 1) & mask) {
		size_t home = idmap_home(m, idmap_id_of(m, m->slots[i]));
		/* it may fill the hole unless its home lies behind the hole */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = NULL;
	m->n--;
	return item;
}

void
idmap_each(const struct idmap *m, void (*visit)(void *item, void *arg), void *arg)
{
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i])
			visit(m->slots[i], arg);
}

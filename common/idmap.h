/*
 * idmap.h: a 16-byte id -> pointer map, open addressing with linear probing, grows at
 * 3/4, keys read through the stored pointer (the item starts with nothing special:
 * id_of says where its id is). 8 bytes a slot.
 */
#ifndef DEFERD_IDMAP_H
#define DEFERD_IDMAP_H

#include "check.h"

struct idmap {
	void **slots; /* owned; NULL: empty */
	size_t n, room;
	size_t id_offset; /* where in an item its 16-byte id is */
};

void idmap_init(struct idmap *, size_t id_offset);
void idmap_fini(struct idmap *); /* not the items */
/* 0, -ERR_NOMEM, or -ERR_DUPLICATE. */
int idmap_put(struct idmap *, void *item) MUST_USE;
void *idmap_get(const struct idmap *, const uint8_t id[16]); /* or NULL */
void *idmap_del(struct idmap *, const uint8_t id[16]);	     /* what was there, or NULL */
/* Calls visit for every item, in no order; the map must not change meanwhile. */
void idmap_each(const struct idmap *, void (*visit)(void *item, void *arg), void *arg);

#endif

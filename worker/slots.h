/*
 * slots.h: a table of pointers whose entries are named by small integers that are
 * never mistaken for a later entry's: the code holds the index and the generation.
 * Such codes can stand in Ruby objects, where a pointer must not.
 */
#ifndef DEFERD_SLOTS_H
#define DEFERD_SLOTS_H

#include "../common/check.h"

#define SLOTS_INDEX_BITS 20
#define SLOTS_MAX ((size_t)1 << SLOTS_INDEX_BITS)

struct slot {
	void *item;	     /* borrowed; NULL: free */
	uint32_t generation; /* of the present or next item, from 1 */
	uint32_t next;	     /* free list: index + 1 */
};

struct slots {
	struct slot *slot; /* owned */
	size_t n;	   /* in use */
	size_t room;
	uint32_t free; /* index + 1 of the first free one; 0: none */
};

void slots_init(struct slots *);
void slots_fini(struct slots *);
/* The new item's code, > 0; 0 when there are SLOTS_MAX items. */
int64_t slots_put(struct slots *, void *item);
/* NULL when that item has gone. Any number may be asked for. */
void *slots_get(const struct slots *, int64_t code);
void slots_del(struct slots *, int64_t code);

#endif

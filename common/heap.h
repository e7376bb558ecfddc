/*
 * heap.h: a binary heap whose items know their place, so that any one can be
 * taken out in O(log n). An item embeds a struct heap_node.
 */
#ifndef DEFERD_HEAP_H
#define DEFERD_HEAP_H

#include "check.h"
#include <stdbool.h>

struct heap_node {
	int64_t key; /* smallest first; for deadlines, in ms */
	size_t at;   /* index + 1 in the heap; 0: in none */
};

struct heap {
	struct heap_node **items; /* owned array of borrowed nodes */
	size_t n, room;
};

void heap_init(struct heap *);
void heap_fini(struct heap *);
/* 0 or -ERR_NOMEM. The node must be in no heap. Equal keys: any order. */
int heap_push(struct heap *, struct heap_node *, int64_t key) MUST_USE;
/* The smallest, or NULL. Stays in. */
struct heap_node *heap_peek(const struct heap *);
/* Takes the smallest out, or NULL. */
struct heap_node *heap_pop(struct heap *);
/* No-op when the node is in no heap. */
void heap_remove(struct heap *, struct heap_node *);
/* Changes the key of a node that is in the heap. */
void heap_move(struct heap *, struct heap_node *, int64_t key);
static inline bool
heap_has(const struct heap_node *n)
{
	return n->at != 0;
}

#endif

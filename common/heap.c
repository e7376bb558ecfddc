/*
 * heap.c: the binary heap. Index 0 is the root; a node keeps its index + 1.
 */
#include "heap.h"
#include "err.h"
#include <stdlib.h>

void
heap_init(struct heap *h)
{
	*h = (struct heap){0};
}

void
heap_fini(struct heap *h)
{
	free(h->items);
	heap_init(h);
}

static void
heap_set(struct heap *h, size_t i, struct heap_node *node)
{
	h->items[i] = node;
	node->at = i + 1;
}

static void
heap_sift_up(struct heap *h, size_t i, struct heap_node *node)
{
	while (i > 0 && h->items[(i - 1) / 2]->key > node->key) {
		heap_set(h, i, h->items[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_set(h, i, node);
}

static void
heap_sift_down(struct heap *h, size_t i, struct heap_node *node)
{
	for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && h->items[child + 1]->key < h->items[child]->key)
			child++;
		if (h->items[child]->key >= node->key)
			break;
		heap_set(h, i, h->items[child]);
	}
	heap_set(h, i, node);
}

static void
heap_place(struct heap *h, size_t i, struct heap_node *node)
{
	if (i > 0 && h->items[(i - 1) / 2]->key > node->key)
		heap_sift_up(h, i, node);
	else
		heap_sift_down(h, i, node);
}

int
heap_push(struct heap *h, struct heap_node *node, int64_t key)
{
	ASSERT(node->at == 0);
	if (h->n == h->room) {
		size_t room = h->room ? h->room * 2 : 16;
		void *p = reallocarray(h->items, room, sizeof *h->items);
		if (!p)
			return -ERR_NOMEM;
		h->items = p;
		h->room = room;
	}
	node->key = key;
	heap_sift_up(h, h->n++, node);
	return 0;
}

struct heap_node *
heap_peek(const struct heap *h)
{
	return h->n ? h->items[0] : NULL;
}

struct heap_node *
heap_pop(struct heap *h)
{
	struct heap_node *node = heap_peek(h);

	if (node)
		heap_remove(h, node);
	return node;
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	if (node->at == 0)
		return;
	size_t i = node->at - 1;
	ASSERT(i < h->n && h->items[i] == node);
	node->at = 0;
	struct heap_node *last = h->items[--h->n];
	if (last != node)
		heap_place(h, i, last);
}

void
heap_move(struct heap *h, struct heap_node *node, int64_t key)
{
	ASSERT(node->at != 0 && h->items[node->at - 1] == node);
	node->key = key;
	heap_place(h, node->at - 1, node);
}

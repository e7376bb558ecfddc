#include "t.h"
#include "../../common/heap.h"
#include <stdlib.h>

#define NODES 500
#define ROUNDS 100000

static void
t_starts_empty(void)
{
	struct heap h;
	struct heap_node n = {0};

	heap_init(&h);
	OK(heap_peek(&h) == NULL && heap_pop(&h) == NULL);
	heap_remove(&h, &n); /* in none: nothing happens */
	OK(!heap_has(&n));
	heap_fini(&h);
}

static void
t_pops_in_order(void)
{
	struct heap h;
	struct heap_node n[100] = {0};
	int64_t last = INT64_MIN;

	heap_init(&h);
	for (int i = 0; i < 100; i++)
		EQ_INT(heap_push(&h, &n[i], (i * 37) % 101 - 50), 0);
	for (int i = 0; i < 100; i++) {
		struct heap_node *peeked = heap_peek(&h), *got = heap_pop(&h);
		OK(got && got == peeked && !heap_has(got));
		OK(got->key >= last);
		last = got->key;
	}
	OK(heap_pop(&h) == NULL);
	heap_fini(&h);
}

static void
t_takes_extreme_keys(void)
{
	struct heap h;
	struct heap_node n[3] = {0};

	heap_init(&h);
	EQ_INT(heap_push(&h, &n[0], 0), 0);
	EQ_INT(heap_push(&h, &n[1], INT64_MAX), 0);
	EQ_INT(heap_push(&h, &n[2], INT64_MIN), 0);
	OK(heap_pop(&h) == &n[2]);
	OK(heap_pop(&h) == &n[0]);
	OK(heap_pop(&h) == &n[1]);
	heap_fini(&h);
}

static int64_t
smallest_key(const struct heap_node *nodes)
{
	int64_t key = INT64_MAX;

	for (int i = 0; i < NODES; i++)
		if (heap_has(&nodes[i]) && nodes[i].key < key)
			key = nodes[i].key;
	return key;
}

/* Every node where its index says, no parent above its child. */
static void
check_shape(const struct heap *h)
{
	for (size_t i = 0; i < h->n; i++) {
		EQ_INT(h->items[i]->at, i + 1);
		OK(i == 0 || h->items[(i - 1) / 2]->key <= h->items[i]->key);
	}
}

static void
random_step(struct heap *h, struct heap_node *nodes, uint64_t *state)
{
	struct heap_node *n = &nodes[t_below(state, NODES)];
	int64_t key = (int64_t)t_below(state, 1000);

	switch (t_below(state, 4)) {
	case 0:
	case 1:
		if (heap_has(n))
			heap_move(h, n, key);
		else
			EQ_INT(heap_push(h, n, key), 0);
		break;
	case 2: heap_remove(h, n); break;
	default: {
		int64_t want = smallest_key(nodes);
		struct heap_node *got = heap_pop(h);
		OK(got ? got->key == want : want == INT64_MAX);
	}
	}
}

static void
t_agrees_with_a_plain_search(void)
{
	static struct heap_node nodes[NODES];
	uint64_t state = t_seed();
	struct heap h;

	heap_init(&h);
	for (int i = 0; i < ROUNDS; i++) {
		random_step(&h, nodes, &state);
		if (i % 100 == 0)
			check_shape(&h);
	}
	size_t in = 0;
	for (int i = 0; i < NODES; i++)
		in += heap_has(&nodes[i]);
	EQ_INT(h.n, in);
	heap_fini(&h);
}

TESTS(TEST(starts_empty), TEST(pops_in_order), TEST(takes_extreme_keys),
    TEST(agrees_with_a_plain_search))

#include "t.h"
#include "../../common/err.h"
#include "../../common/idmap.h"

#define ITEMS 4096
#define ROUNDS 100000

struct item {
	int before;
	uint8_t id[16];
	bool in;
};

static struct item items[ITEMS];

/* As task ids are: the first half nearly the same; or, worse, all but one byte. */
static void
make_items(uint64_t *state, bool alike)
{
	for (int i = 0; i < ITEMS; i++) {
		uint64_t half[2] = {0x0193c1f200007000ULL, t_random(state)};
		if (alike)
			half[1] = 0;
		memcpy(items[i].id, half, 16);
		items[i].id[0] = (uint8_t)i;
		items[i].id[15] = (uint8_t)(i >> 8);
		items[i].in = false;
	}
}

static void
count_one(void *item, void *arg)
{
	OK(((struct item *)item)->in);
	++*(size_t *)arg;
}

static void
random_step(struct idmap *m, uint64_t *state)
{
	struct item *it = &items[t_below(state, ITEMS)];

	switch (t_below(state, 4)) {
	case 0:
	case 1:
		EQ_INT(idmap_put(m, it), it->in ? -ERR_DUPLICATE : 0);
		it->in = true;
		break;
	case 2:
		OK(idmap_del(m, it->id) == (it->in ? it : NULL));
		it->in = false;
		break;
	default: OK(idmap_get(m, it->id) == (it->in ? it : NULL));
	}
}

static void
compare(bool alike)
{
	uint64_t state = t_seed();
	struct idmap m;
	size_t in = 0, seen = 0;

	make_items(&state, alike);
	idmap_init(&m, offsetof(struct item, id));
	for (int i = 0; i < ROUNDS; i++)
		random_step(&m, &state);
	for (int i = 0; i < ITEMS; i++) {
		in += items[i].in;
		OK(idmap_get(&m, items[i].id) == (items[i].in ? &items[i] : NULL));
	}
	idmap_each(&m, count_one, &seen);
	EQ_INT(seen, in);
	EQ_INT(m.n, in);
	for (int i = 0; i < ITEMS; i++)
		idmap_del(&m, items[i].id);
	EQ_INT(m.n, 0);
	idmap_fini(&m);
}

static void
t_starts_empty(void)
{
	struct idmap m;
	size_t seen = 0;
	uint8_t id[16] = {0};

	idmap_init(&m, 0);
	OK(idmap_get(&m, id) == NULL);
	OK(idmap_del(&m, id) == NULL);
	idmap_each(&m, count_one, &seen);
	EQ_INT(seen, 0);
	idmap_fini(&m);
}

static void
t_agrees_with_flags(void)
{
	compare(false);
}

static void
t_agrees_with_flags_when_ids_are_alike(void)
{
	compare(true);
}

/* Below three quarters, so that a search for what is not there ends. */
static void
t_keeps_slots_free(void)
{
	struct idmap m;
	uint64_t state = t_seed();

	make_items(&state, false);
	idmap_init(&m, offsetof(struct item, id));
	for (int i = 0; i < ITEMS; i++) {
		EQ_INT(idmap_put(&m, &items[i]), 0);
		OK(m.n <= m.room / 4 * 3);
	}
	OK(m.room <= 2 * ITEMS);
	idmap_fini(&m);
}

TESTS(TEST(starts_empty), TEST(agrees_with_flags),
    TEST(agrees_with_flags_when_ids_are_alike), TEST(keeps_slots_free))

#include "keys.h"
#include "../common/err.h"
#include "app.h"
#include <stdlib.h>

/* FNV-1a. Who guesses a collision gets 409s for keys of their own app. */
static uint64_t
keys_mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h;
}

static void
keys_hash(uint8_t out[TASKID_BYTES], const struct app *a, enum keys_sort sort,
    struct span text)
{
	uint8_t s = (uint8_t)sort;
	uint64_t h[2] = {0xcbf29ce484222325u, 0x6c62272e07bb0142u};

	for (int i = 0; i < 2; i++) {
		h[i] = keys_mix(h[i], a->conf->id, strlen(a->conf->id) + 1);
		h[i] = keys_mix(h[i], &s, 1);
		h[i] = keys_mix(h[i], text.p, text.n);
		h[i] = (h[i] ^ h[i] >> 29) * 0xbf58476d1ce4e5b9u;
	}
	memcpy(out, h, TASKID_BYTES);
}

void
keys_init(struct keys *k)
{
	idmap_init(&k->map, offsetof(struct task_key, hash));
}

static void
keys_free_one(void *item, void *arg UNUSED)
{
	free(item);
}

void
keys_fini(struct keys *k)
{
	idmap_each(&k->map, keys_free_one, NULL);
	idmap_fini(&k->map);
}

struct task *
keys_find(
    const struct keys *k, const struct app *a, enum keys_sort sort, struct span text)
{
	uint8_t hash[TASKID_BYTES];
	const struct task_key *key;

	keys_hash(hash, a, sort, text);
	key = idmap_get(&k->map, hash);
	return key && span_eq(span_of(key->text, key->n), text) ? key->task : NULL;
}

int
keys_add(struct keys *k, struct task *t, enum keys_sort sort, struct span text)
{
	struct task_note *note = task_note(t);
	struct task_key *key;
	int e;

	if (text.n > KEYS_BYTES_MAX)
		return -ERR_TOO_LARGE;
	if (!note || !(key = malloc(sizeof *key + text.n)))
		return -ERR_NOMEM;
	ASSERT(!note->key);
	keys_hash(key->hash, t->app, sort, text);
	key->task = t;
	key->sort = (uint8_t)sort;
	key->n = (uint8_t)text.n;
	memcpy(key->text, text.p, text.n);
	if ((e = idmap_put(&k->map, key)) != 0)
		free(key);
	else
		note->key = key;
	return e;
}

void
keys_remove(struct keys *k, struct task *t)
{
	if (!t->note || !t->note->key)
		return;
	idmap_del(&k->map, t->note->key->hash);
	free(t->note->key);
	t->note->key = NULL;
}

const struct task_key *
keys_of(const struct task *t)
{
	return t->note ? t->note->key : NULL;
}

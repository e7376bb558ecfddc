/*
 * keys.h: which task a client's key stands for. With `key` a second submission gets the
 * first one's task, as long as that is kept; with `unique` only while it has not ended. Keys
 * are an app's own. Pure.
 */
#ifndef DEFERD_KEYS_H
#define DEFERD_KEYS_H

#include "../common/idmap.h"
#include "task.h"

#define KEYS_BYTES_MAX 200

enum keys_sort { KEYS_KEY, KEYS_UNIQUE };

/* One key; the task's note points to it. */
struct task_key {
	uint8_t hash[TASKID_BYTES]; /* of app, sort and text */
	struct task *task;
	uint8_t sort;
	uint8_t n; /* bytes of text */
	char text[];
};

struct keys {
	struct idmap map; /* by hash */
};

void keys_init(struct keys *);
void keys_fini(struct keys *); /* frees the keys that are left */
/* The task of that key of the app, or NULL. */
struct task *keys_find(const struct keys *, const struct app *, enum keys_sort, struct span text);
/* The key stands for the task from now on. 0, -ERR_NOMEM, -ERR_DUPLICATE; -ERR_TOO_LARGE
 * over KEYS_BYTES_MAX. A task has at most one. */
int keys_add(struct keys *, struct task *, enum keys_sort, struct span text) MUST_USE;
/* The task's key, if any, is free again. */
void keys_remove(struct keys *, struct task *);
/* The task's key, NULL: none. */
const struct task_key *keys_of(const struct task *);

#endif

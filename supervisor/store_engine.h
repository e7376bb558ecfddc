/*
 * store_engine.h: what an engine of the store does. All calls come from one thread at a
 * time (the loop's before store_start, then the store's own) and may block.
 *
 * Results: 0 or
 *   -ERR_FULL      no space: rolled back, may work later
 *   -ERR_SYSTEM    a write failed: rolled back, may work later
 *   -ERR_SYNC      written, but nobody knows whether it is on disk: the end for this
 *                  handle
 *   -ERR_MALFORMED the file is damaged: the end for this handle
 */
#ifndef DEFERD_STORE_ENGINE_H
#define DEFERD_STORE_ENGINE_H

#include "store.h"

struct store_engine {
	const char *name;
	/* As store_open; *last_key is the highest key ever used. */
	int (*open)(
	    const char *path, void **handle, uint64_t *last_key, struct store_report *);
	int (*load)(void *handle, store_visit_cb *, void *arg, struct store_report *);
	int (*begin)(void *handle);
	int (*put)(void *handle, enum store_shelf, uint64_t key, struct span value);
	int (*del)(void *handle, enum store_shelf, uint64_t key);
	/* On any failure since begin the whole batch is undone. */
	int (*commit)(void *handle, uint64_t last_key);
	void (*rollback)(void *handle);
	/* Nothing to do for a while: house-keeping (checkpoints), a piece at a time. 1:
	 * there is more; 0: there is not; an error, of which only those count that are
	 * the end. */
	int (*idle)(void *handle);
	void (*sizes)(void *handle, uint64_t *file_bytes, uint64_t *log_bytes);
	const char *(*why)(void *handle); /* the last error, in words; borrowed */
	/* broken: do not write any more, not even to tidy up. */
	void (*close)(void *handle, bool broken);
};

extern const struct store_engine store_sqlite;

#endif

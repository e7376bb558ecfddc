/*
 * store_t.h: a store in a folder of its own, whose values can be told from their keys.
 */
#ifndef DEFERD_STORE_T_H
#define DEFERD_STORE_T_H

#include "../../supervisor/store_engine.h"
#include "t.h"

#define PATIENCE_MS 10000

struct seen {
	uint64_t n, key_sum, wrong;
	uint64_t by_shelf[STORE_SHELF_COUNT];
	uint64_t refuse; /* a key whose record makes no sense to us */
};

/* The path of a file in the folder; good until the next call. */
const char *file_in(const char *name);
void fresh(void); /* an empty folder */
/* The value of a record is made from its key. At most 700 bytes; how many. */
size_t value_of(uint64_t key, uint8_t *out);
/* Opens, loads into *seen (its refuse is kept), starts. */
struct store *opened(struct seen *, struct store_report *);
uint64_t put(struct store *, enum store_shelf, uint64_t key, bool accept);
/* Waits until the fate of the ticket is known. */
bool fate(struct store *, uint64_t ticket);
/* n accepted tasks, committed. */
void fill(struct store *, uint64_t n);

#endif

/*
 * bulk.h: one order for many tasks: all that fit are retried, promoted or buried. Done in
 * slices, one a turn of the loop, so that nothing else waits for it. One order at a time.
 */
#ifndef DEFERD_BULK_H
#define DEFERD_BULK_H

#include "core.h"

#define BULK_SHOWN 5
#define BULK_NAME_BYTES 100

/* X(symbol, name, the function that does it) */
#define BULK_TABLE(X)                                                                  \
	X(RETRY, "retry", core_revive)                                                 \
	X(PROMOTE, "promote", core_promote)                                            \
	X(BURY, "bury", core_bury)
enum bulk_verb {
#define X(sym, name, fn) BULK_##sym,
	BULK_TABLE(X)
#undef X
	    BULK_VERB_COUNT
};
const char *bulk_verb_name(enum bulk_verb);

struct bulk_view {
	enum bulk_verb verb;
	bool dry;	     /* they were only counted */
	bool over;
	uint64_t fit;	     /* tasks so far */
	enum fault stopped;  /* why it ended before its end; FAULT_NONE: it did not */
	size_t shown_n;
	struct bulk_shown { /* the first ones, oldest first */
		char id[TASKID_TEXT_BYTES];
		char app[BULK_NAME_BYTES], name[BULK_NAME_BYTES];
	} shown[BULK_SHOWN];
};

struct bulk;

/* Begins; tasks that come later are not meant. The filter's name is copied, its state
 * ignored. The order's number, or 0: another order is not over yet. */
uint64_t bulk_start(struct core *, enum bulk_verb, const struct task_filter *, bool dry);
/* NULL: another order has come since. */
const struct bulk_view *bulk_view(const struct core *, uint64_t number);
void bulk_free(struct bulk *); /* or NULL */

#endif

/*
 * faultdisk.h: the files of faultvfs.c's model. A call that finds no memory or no room
 * ends the test program.
 */
#ifndef DEFERD_FAULTDISK_H
#define DEFERD_FAULTDISK_H

#include "../../common/buf.h"
#include "faultvfs.h"
#include <limits.h>

struct pending;

struct node {
	char name[PATH_MAX]; /* "": free, or its name is gone */
	struct buf disk;
	bool made; /* its content was synced once */
	struct pending *pending;
	size_t pending_n, pending_room;
};

struct node *node_find(const char *name); /* NULL: not known */
/* Known from now on: what lies there counts as synced. */
struct node *node_get(const char *name);
/* A write, or with `truncate` a new size `at`, that nobody synced yet. */
void node_add(struct node *, int64_t at, const void *bytes, size_t n, bool truncate);
void node_sync(struct node *);
void node_forget_pending(struct node *);
void node_free(struct node *);
void node_forget_all(void);

#endif

/*
 * faultvfs.h: a disk that can be made to fail, for the store's tests: SQLite's files go
 * through it, and so do the store's own rename and unlink. The files are real, in a
 * folder of the test; beside them a model keeps what is on the disk (synced) and what
 * is only on its way there. After a crash the model makes the folder that the next
 * start would find. Names are safe at once, as on a file system with a journal.
 *
 * Nothing is ever synced for real.
 */
#ifndef DEFERD_FAULTVFS_H
#define DEFERD_FAULTVFS_H

#include <stdbool.h>
#include <stdint.h>

/* Which of the writes that nobody synced have reached the disk. */
#define FAULTVFS_REST_TABLE(X)                                                         \
	X(NONE, "none of them")                                                        \
	X(ALL, "all of them")                                                          \
	X(PREFIX, "the first ones, the last of those cut off at 512 bytes")            \
	X(SOME, "any of them")                                                         \
	X(SECTORS, "any 512 bytes of any of them")
enum faultvfs_rest {
#define X(sym, what) FAULTVFS_##sym,
	FAULTVFS_REST_TABLE(X)
#undef X
	    FAULTVFS_REST_COUNT
};
const char *faultvfs_rest_name(enum faultvfs_rest);

/* Which calls a fault counts, and fails. */
enum faultvfs_calls {
	FAULTVFS_ANY, /* write, truncate, sync, delete, rename, making a file */
	FAULTVFS_WRITES,
	FAULTVFS_SYNCS
};

/* Makes it SQLite's default. Once. */
void faultvfs_install(void);
/* Forgets the model and the fault: the files in the folder count as synced. */
void faultvfs_fresh(void);
/* The call number `first` (from 1) of these and the following ones up to `last` fail
 * with this SQLite error. Starts counting. */
void faultvfs_fail(
    enum faultvfs_calls, uint64_t first, uint64_t last, int sqlite_error);
/* The machine stops in call number k: this one and all later calls fail. */
void faultvfs_crash(uint64_t k);
uint64_t faultvfs_count(void); /* calls of the kind that is counted */
bool faultvfs_failed(void);    /* the fault was met */
/* Writes the files as the disk has them into another folder. */
void faultvfs_image(const char *folder, enum faultvfs_rest, uint64_t *seed);

#endif

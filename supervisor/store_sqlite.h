/*
 * store_sqlite.h: the SQLite engine's own struct, for the files that make it up:
 * store_sqlite.c writes, store_sqlite_open.c opens and migrates, store_sqlite_load.c
 * reads at the start, store_sqlite_salvage.c saves what can be read of a damaged file.
 */
#ifndef DEFERD_STORE_SQLITE_H
#define DEFERD_STORE_SQLITE_H

#include "store_engine.h"
#include <sqlite3.h>

#define STORE_SQLITE_VERSION 1      /* user_version */
#define STORE_SQLITE_APP 0x64666472 /* application_id: "dfdr" */

/* One row of the file, as it lies in memory (a file is not carried between machines of
 * another byte order: its crc would not fit, and that would show). */
struct sqlite_books {
	struct {
		uint64_t count; /* records */
		uint64_t hash;  /* of their keys, exclusive or */
	} shelf[STORE_SHELF_COUNT];
	uint64_t last_key;
	uint32_t version; /* of the file: a damaged header does not pass for another
			     version */
	uint32_t crc;     /* of all above */
};

struct sqlite {
	sqlite3 *db;
	char file[4200], log[4210];
	sqlite3_stmt *begin, *end, *write_books;
	sqlite3_stmt *insert[STORE_SHELF_COUNT], *update[STORE_SHELF_COUNT],
	    *remove[STORE_SHELF_COUNT];
	struct sqlite_books books, books_before;
	bool books_unread;  /* damaged: there is nothing to compare with */
	int log_frames;     /* since the last complete checkpoint */
	int log_frames_max; /* after so many a commit is followed by a checkpoint */
	int ended;          /* a sync failed: what every further call says; 0 */
	struct buf packed;
	char why[160];
};

/* --- store_sqlite.c --- */
int sqlite_fail(struct sqlite *, int rc); /* the error of store_engine.h; sets why */
/* A mark beside the file, for the next start: left, removed, looked for. */
void sqlite_mark_set(const struct sqlite *, const char *mark, bool);
bool sqlite_mark_there(const struct sqlite *, const char *mark);
#define SQLITE_MARK_SUSPECT "suspect"   /* damage that only writing met */
#define SQLITE_MARK_UNSYNCED "unsynced" /* a sync failed */
/* Moves the log into the file. 0, or an error; one of -ERR_SYNC is the end. */
int sqlite_checkpoint(struct sqlite *, int sqlite_mode);
int sqlite_exec(struct sqlite *, const char *sql);
int sqlite_prepare(struct sqlite *, sqlite3_stmt **, const char *sql);
int sqlite_run(struct sqlite *, sqlite3_stmt *);
void sqlite_book(struct sqlite_books *, enum store_shelf, uint64_t key, int change);
int sqlite_write_books(struct sqlite *);
int sqlite_on_log(void *handle, sqlite3 *, const char *name, int frames); /* WAL hook */
/* The CRC covers shelf and key: a record that turns up under another number is as bad
 * as a changed one. */
uint32_t sqlite_crc(enum store_shelf, uint64_t key, struct span value);

/* --- store_sqlite_open.c --- */
int sqlite_open(
    const char *path, void **handle, uint64_t *last_key, struct store_report *);
void sqlite_close(void *handle, bool broken);
int sqlite_attach(struct sqlite *); /* connection, migrations, statements */
void sqlite_detach(struct sqlite *);

/* --- store_sqlite_load.c --- */
int sqlite_load(void *handle, store_visit_cb *, void *arg, struct store_report *);

/* --- store_sqlite_salvage.c --- */
/* Copies what can be read into a new file and takes that: the old one is kept under
 * another name. 0, then q is attached to the new file and its books are the old ones.
 */
int sqlite_salvage(struct sqlite *q, struct store_report *);
/* Renames a file that cannot be opened at all. */
int sqlite_set_aside(struct sqlite *q, struct store_report *);
/* A salvage that a crash cut off between its renames is finished. */
int sqlite_finish_salvage(struct sqlite *q, struct store_report *);

#endif

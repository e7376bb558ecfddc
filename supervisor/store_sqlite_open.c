/*
 * store_sqlite_open.c: the file, its version, its lock.
 */
#include "../common/crc32c.h"
#include "../common/err.h"
#include "store_sqlite.h"
#include "store_wal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Frames in the log (4 KiB each) after which a commit is followed by a checkpoint: the
 * file is bounded also when there is never an idle moment. */
#define SQLITE_LOG_FRAMES_MAX 16384

void
sqlite_close(void *handle, bool broken)
{
	struct sqlite *q = handle;

	/* Closing the last connection would checkpoint and remove the log: not after an
	 * error that leaves the disk's content in doubt. */
	if (broken && q->db)
		sqlite3_db_config(q->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite_detach(q);
	buf_fini(&q->packed);
	free(q);
}

static const char *const sqlite_pragmas =
    "PRAGMA locking_mode=EXCLUSIVE;"
    "PRAGMA cell_size_check=ON;"
    "PRAGMA trusted_schema=OFF;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=0;"
    "BEGIN EXCLUSIVE; COMMIT;"; /* takes the lock now, for good */

/* The bytes of a header that never differ in a file of ours (fileformat2.html, 1.3):
 * the magic, the page size and what follows it, the schema's format, the encoding,
 * whose it is. */
static const struct {
	uint8_t at, n;
	const char *bytes;
} sqlite_header[] = {
    {0, 16, "SQLite format 3"},
    {16, 8, "\x10\0\2\2\0\x40\x20\x20"},
    {44, 4, "\0\0\0\4"},
    {56, 4, "\0\0\0\1"},
    {60, 3, "\0\0"}, /* of user_version */
    {68, 4, "dfdr"},
};

/* A few damaged bytes there would make the whole file useless: they are put right.
 * True: they were. */
static bool
sqlite_mend_header(const char *file)
{
	uint8_t h[100], good[100];
	int fd = open(file, O_RDWR | O_CLOEXEC), wrong = 0;
	bool mended = false;

	if (fd >= 0 && pread(fd, h, sizeof h, 0) == (ssize_t)sizeof h) {
		memcpy(good, h, sizeof h);
		for (size_t i = 0; i < COUNT_OF(sqlite_header); i++)
			memcpy(good + sqlite_header[i].at, sqlite_header[i].bytes,
			    sqlite_header[i].n);
		for (size_t i = 0; i < sizeof h; i++)
			wrong += h[i] != good[i];
		/* More than that is another file, or one that is not complete yet. */
		mended = wrong > 0 && wrong < 4 &&
			 pwrite(fd, good, sizeof good, 0) == (ssize_t)sizeof good;
	}
	if (fd >= 0)
		close(fd);
	return mended;
}

/* From version n to n + 1. */
static const char *const sqlite_migrations[STORE_SQLITE_VERSION] = {
    "CREATE TABLE task(k INTEGER PRIMARY KEY, v BLOB NOT NULL);"
    "CREATE TABLE mark(k INTEGER PRIMARY KEY, v BLOB NOT NULL);"
    "CREATE TABLE ended(k INTEGER PRIMARY KEY, v BLOB NOT NULL);"
    "CREATE TABLE timer(k INTEGER PRIMARY KEY, v BLOB NOT NULL);"
    "CREATE TABLE step(k INTEGER PRIMARY KEY, v BLOB NOT NULL);"
    "CREATE TABLE bad(shelf TEXT, k INTEGER, v BLOB, why TEXT, found TEXT);"
    "CREATE TABLE books(k INTEGER PRIMARY KEY, v BLOB NOT NULL);",
};

static int
sqlite_number(struct sqlite *q, const char *pragma, int *out)
{
	sqlite3_stmt *st;
	int e = sqlite_prepare(q, &st, pragma);

	if (e != 0)
		return e;
	*out = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
	e = *out < 0 ? sqlite_fail(q, sqlite3_extended_errcode(q->db)) : 0;
	sqlite3_finalize(st);
	return e;
}

/* What the file is, in its header. */
static int
sqlite_mark(struct sqlite *q, int version)
{
	char sql[96];

	snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d",
	    STORE_SQLITE_APP, version);
	return sqlite_exec(q, sql);
}

/* Before there is a file, and when they are damaged, they are empty. */
static void
sqlite_read_books(struct sqlite *q)
{
	sqlite3_stmt *st;

	memset(&q->books, 0, sizeof q->books);
	if (sqlite3_prepare_v2(q->db, "SELECT v FROM books WHERE k=1", -1, &st, NULL) !=
	    SQLITE_OK)
		return;
	if (sqlite3_step(st) == SQLITE_ROW &&
	    sqlite3_column_bytes(st, 0) == sizeof q->books)
		memcpy(&q->books, sqlite3_column_blob(st, 0), sizeof q->books);
	sqlite3_finalize(st);
	q->books_unread =
	    q->books.version == 0 ||
	    q->books.crc != crc32c(0, &q->books, offsetof(struct sqlite_books, crc));
	if (q->books_unread)
		memset(&q->books, 0, sizeof q->books);
}

/* The version of the file: as its header says, unless the books know better. */
static int
sqlite_version(struct sqlite *q, int *version)
{
	int app, e;

	if ((e = sqlite_number(q, "PRAGMA application_id", &app)) != 0 ||
	    (e = sqlite_number(q, "PRAGMA user_version", version)) != 0)
		return e;
	if (!q->books_unread &&
	    (app != STORE_SQLITE_APP || *version != (int)q->books.version)) {
		*version = (int)q->books.version;
		app = STORE_SQLITE_APP;
		if ((e = sqlite_mark(q, *version)) != 0)
			return e;
	}
	if (*version <= STORE_SQLITE_VERSION &&
	    (*version == 0 || app == STORE_SQLITE_APP))
		return 0;
	snprintf(q->why, sizeof q->why,
	    app == STORE_SQLITE_APP
		? "made by a newer deferd: its version is %d, this one knows %d"
		: "a database of another program (version %d, not %d)",
	    *version, STORE_SQLITE_VERSION);
	return -ERR_CONFIG;
}

static int
sqlite_migrate(struct sqlite *q)
{
	int version, e = sqlite_version(q, &version);

	for (; e == 0 && version < STORE_SQLITE_VERSION; version++) {
		if ((e = sqlite_exec(q, "BEGIN")) == 0 &&
		    (e = sqlite_exec(q, sqlite_migrations[version])) == 0 &&
		    (e = sqlite_mark(q, version + 1)) == 0)
			e = sqlite_exec(q, "COMMIT");
		q->books_unread = false; /* there are none yet */
	}
	return e;
}

static int
sqlite_prepare_shelf(struct sqlite *q, enum store_shelf shelf)
{
	const char *name = store_shelf_name(shelf);
	char insert[96], update[96], del[96];
	int e;

	snprintf(insert, sizeof insert, "INSERT OR IGNORE INTO %s VALUES(?1,?2)", name);
	snprintf(update, sizeof update, "UPDATE %s SET v=?2 WHERE k=?1", name);
	snprintf(del, sizeof del, "DELETE FROM %s WHERE k=?1", name);
	if ((e = sqlite_prepare(q, &q->insert[shelf], insert)) != 0 ||
	    (e = sqlite_prepare(q, &q->update[shelf], update)) != 0)
		return e;
	return sqlite_prepare(q, &q->remove[shelf], del);
}

static int
sqlite_prepare_all(struct sqlite *q)
{
	int e = sqlite_prepare(q, &q->begin, "BEGIN IMMEDIATE");

	if (e == 0)
		e = sqlite_prepare(q, &q->end, "COMMIT");
	if (e == 0)
		e = sqlite_prepare(
		    q, &q->write_books, "INSERT OR REPLACE INTO books VALUES(1,?1)");
	for (int i = 0; e == 0 && i < STORE_SHELF_COUNT; i++)
		e = sqlite_prepare_shelf(q, (enum store_shelf)i);
	return e;
}

int
sqlite_attach(struct sqlite *q)
{
	int rc = sqlite3_open_v2(q->file, &q->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE,
	    NULL);
	int e;

	if (rc != SQLITE_OK)
		return sqlite_fail(q, rc);
	if ((e = sqlite_exec(q, sqlite_pragmas)) != 0)
		return e;
	sqlite_read_books(q);
	if ((e = sqlite_migrate(q)) != 0)
		return e;
	sqlite3_wal_hook(q->db, sqlite_on_log, q);
	return sqlite_prepare_all(q);
}

void
sqlite_detach(struct sqlite *q)
{
	sqlite3_stmt *st;

	while (q->db && (st = sqlite3_next_stmt(q->db, NULL)))
		sqlite3_finalize(st);
	sqlite3_close_v2(q->db);
	q->db = NULL;
}

static int
sqlite_open_file(struct sqlite *q, struct store_report *r)
{
	int committed = 0, e = sqlite_finish_salvage(q, r);

	if (e != 0)
		return e;
	r->frames_lost = store_wal_lost_frames(q->log, &committed);
	if (!committed) /* the tail of a write that a crash cut off: nobody was told of
			   it */
		r->frames_lost = 0;
	if (sqlite_mend_header(q->file))
		snprintf(
		    r->why, sizeof r->why, "the file's header was damaged: put right");
	e = sqlite_attach(q);
	if (e == -ERR_MALFORMED) {
		snprintf(r->why, sizeof r->why, "%s", q->why);
		sqlite_detach(q);
		e = sqlite_set_aside(q, r);
		if (e == 0 && (e = sqlite_attach(q)) == 0)
			sqlite_mark_set(q, SQLITE_MARK_SUSPECT, false);
	}
	return e;
}

int
sqlite_open(
    const char *path, void **handle, uint64_t *last_key, struct store_report *report)
{
	struct sqlite *q = xcalloc(1, sizeof *q);
	int e;

	if (mkdir(path, 0750) != 0 && errno != EEXIST) {
		snprintf(report->why, sizeof report->why, "%.100s: %s", path,
		    strerror(errno));
		free(q);
		return -ERR_SYSTEM;
	}
	snprintf(q->file, sizeof q->file, "%s/store.db", path);
	snprintf(q->log, sizeof q->log, "%s/store.db-wal", path);
	q->log_frames_max = SQLITE_LOG_FRAMES_MAX;
	e = sqlite_open_file(q, report);
	if (e != 0) {
		snprintf(report->why, sizeof report->why, "%s", q->why);
		sqlite_close(q, true);
		return e;
	}
	*last_key = q->books.last_key;
	*handle = q;
	return 0;
}

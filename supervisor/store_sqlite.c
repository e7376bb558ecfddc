/*
 * store_sqlite.c: the store's engine over SQLite: one connection, one writer,
 * exclusive, WAL, synchronous=FULL. A shelf is a table of (number, bytes with their
 * CRC32C behind them). One row, the books, holds how many records each shelf has and
 * the exclusive-or of their numbers' hashes, changed in the same transactions: a record
 * that is not there any more, though nobody removed it, shows.
 */
#include "store_sqlite.h"
#include "../common/crc32c.h"
#include "../common/err.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- errors --- */

void
sqlite_mark_set(const struct sqlite *q, const char *mark, bool there)
{
	char name[sizeof q->file + 16];
	int fd;

	snprintf(name, sizeof name, "%s.%s", q->file, mark);
	if (!there)
		unlink(name);
	else if ((fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0640)) >= 0)
		close(fd);
}

bool
sqlite_mark_there(const struct sqlite *q, const char *mark)
{
	char name[sizeof q->file + 16];

	snprintf(name, sizeof name, "%s.%s", q->file, mark);
	return access(name, F_OK) == 0;
}

/* After a sync that failed the kernel may show the next process what never reached the
 * disk: the mark has that process write all of it once more. */
static int
sqlite_fail_sync(struct sqlite *q)
{
	q->ended = -ERR_SYNC;
	sqlite_mark_set(q, SQLITE_MARK_UNSYNCED, true);
	return q->ended;
}

int
sqlite_fail(struct sqlite *q, int rc)
{
	int low = rc & 0xff;

	snprintf(q->why, sizeof q->why, "%s (SQLite %d)",
	    q->db ? sqlite3_errmsg(q->db) : sqlite3_errstr(rc), rc);
	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
		return sqlite_fail_sync(q);
	if (low == SQLITE_FULL)
		return -ERR_FULL;
	/* ERROR: our statements are sound, so it is the schema that is not. READONLY:
	 * the header says so, the folder was writable a moment ago. ROW: of a statement
	 * that has none. Damage that only a write meets (a list of free pages, say)
	 * would be met again at each start: the mark has the next one salvage the file.
	 */
	if (low == SQLITE_CORRUPT || low == SQLITE_NOTADB || low == SQLITE_ERROR ||
	    low == SQLITE_READONLY || low == SQLITE_ROW) {
		sqlite_mark_set(q, SQLITE_MARK_SUSPECT, true);
		return -ERR_MALFORMED;
	}
	if (low == SQLITE_BUSY || low == SQLITE_LOCKED)
		return -ERR_STATE;
	return -ERR_SYSTEM;
}

int
sqlite_exec(struct sqlite *q, const char *sql)
{
	int rc = sqlite3_exec(q->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_fail(q, sqlite3_extended_errcode(q->db));
}

int
sqlite_prepare(struct sqlite *q, sqlite3_stmt **out, const char *sql)
{
	int rc =
	    sqlite3_prepare_v3(q->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_fail(q, rc);
}

/* Runs a statement that returns no rows, and makes it ready for the next time. */
int
sqlite_run(struct sqlite *q, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	int e = rc == SQLITE_DONE ? 0 : sqlite_fail(q, sqlite3_extended_errcode(q->db));

	sqlite3_reset(st);
	return e;
}

/* --- the books --- */

/* splitmix64's last step: neighbours do not cancel out. */
static uint64_t
sqlite_hash(uint64_t key)
{
	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9u;
	key = (key ^ key >> 27) * 0x94d049bb133111ebu;
	return key ^ key >> 31;
}

void
sqlite_book(struct sqlite_books *b, enum store_shelf shelf, uint64_t key, int change)
{
	b->shelf[shelf].count += (uint64_t)(int64_t)change;
	b->shelf[shelf].hash ^= sqlite_hash(key);
}

int
sqlite_write_books(struct sqlite *q)
{
	q->books.version = STORE_SQLITE_VERSION;
	q->books.crc = crc32c(0, &q->books, offsetof(struct sqlite_books, crc));
	sqlite3_bind_blob(q->write_books, 1, &q->books, sizeof q->books, SQLITE_STATIC);
	return sqlite_run(q, q->write_books);
}

/* --- records --- */

uint32_t
sqlite_crc(enum store_shelf shelf, uint64_t key, struct span value)
{
	uint64_t where[2] = {(uint64_t)shelf, key};

	return crc32c(crc32c(0, where, sizeof where), value.p, value.n);
}

static int
sqlite_pack(struct sqlite *q, enum store_shelf shelf, uint64_t key, struct span value)
{
	uint32_t crc = sqlite_crc(shelf, key, value);

	buf_reset(&q->packed);
	buf_add_span(&q->packed, value);
	buf_add(&q->packed, &crc, sizeof crc);
	if (!q->packed.failed)
		return 0;
	snprintf(q->why, sizeof q->why, "no memory");
	return -ERR_SYSTEM;
}

static int
sqlite_write(struct sqlite *q, sqlite3_stmt *st, uint64_t key)
{
	sqlite3_bind_int64(st, 1, (sqlite3_int64)key);
	sqlite3_bind_blob64(st, 2, q->packed.p, q->packed.n, SQLITE_STATIC);
	return sqlite_run(q, st);
}

static int
sqlite_put(void *handle, enum store_shelf shelf, uint64_t key, struct span value)
{
	struct sqlite *q = handle;
	int e = sqlite_pack(q, shelf, key, value);

	if (e == 0)
		e = sqlite_write(q, q->insert[shelf], key);
	if (e == 0 && sqlite3_changes(q->db) == 1)
		sqlite_book(&q->books, shelf, key, 1);
	else if (e == 0)
		e = sqlite_write(q, q->update[shelf], key);
	buf_shrink(&q->packed, 1 << 20);
	return e;
}

static int
sqlite_del(void *handle, enum store_shelf shelf, uint64_t key)
{
	struct sqlite *q = handle;
	int e;

	sqlite3_bind_int64(q->remove[shelf], 1, (sqlite3_int64)key);
	e = sqlite_run(q, q->remove[shelf]);
	if (e == 0 && sqlite3_changes(q->db) == 1)
		sqlite_book(&q->books, shelf, key, -1);
	return e;
}

/* --- transactions --- */

static int
sqlite_begin(void *handle)
{
	struct sqlite *q = handle;

	q->books_before = q->books;
	return q->ended ? q->ended : sqlite_run(q, q->begin);
}

static int
sqlite_commit(void *handle, uint64_t last_key)
{
	struct sqlite *q = handle;
	int e;

	if (last_key > q->books.last_key)
		q->books.last_key = last_key;
	e = sqlite_write_books(q);
	if (e == 0)
		e = sqlite_run(q, q->end);
	/* The commit stands. A checkpoint that fails is tried again, unless the next
	 * begin says that this was the end. */
	if (e == 0 && q->log_frames > q->log_frames_max)
		sqlite_checkpoint(q, SQLITE_CHECKPOINT_PASSIVE);
	return e;
}

static void
sqlite_rollback(void *handle)
{
	struct sqlite *q = handle;

	q->books = q->books_before;
	if (!sqlite3_get_autocommit(q->db))
		sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL);
}

int
sqlite_checkpoint(struct sqlite *q, int sqlite_mode)
{
	int rc = sqlite3_wal_checkpoint_v2(q->db, NULL, sqlite_mode, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_fail(q, sqlite3_extended_errcode(q->db));
}

static int
sqlite_idle(void *handle)
{
	struct sqlite *q = handle;
	int e = 0;

	if (q->log_frames > 0 &&
	    (e = sqlite_checkpoint(q, SQLITE_CHECKPOINT_TRUNCATE)) == 0)
		q->log_frames = 0;
	return e;
}

int
sqlite_on_log(void *handle, sqlite3 *db, const char *name, int frames)
{
	struct sqlite *q = handle;

	(void)db;
	(void)name;
	q->log_frames = frames;
	return SQLITE_OK;
}

static void
sqlite_sizes(void *handle, uint64_t *file_bytes, uint64_t *log_bytes)
{
	struct sqlite *q = handle;
	struct stat st;

	*file_bytes = stat(q->file, &st) == 0 ? (uint64_t)st.st_size : 0;
	*log_bytes = stat(q->log, &st) == 0 ? (uint64_t)st.st_size : 0;
	if (q->log_frames == 0)
		*log_bytes = 0;
}

static const char *
sqlite_why(void *handle)
{
	return ((struct sqlite *)handle)->why;
}

const struct store_engine store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .load = sqlite_load,
    .begin = sqlite_begin,
    .put = sqlite_put,
    .del = sqlite_del,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .idle = sqlite_idle,
    .sizes = sqlite_sizes,
    .why = sqlite_why,
    .close = sqlite_close,
};

/*
 * store_sqlite_salvage.c: a damaged file. What can still be read is copied, record by
 * record, into a new one; where the tree is broken, the copy goes on behind the break.
 * The old file is kept for whoever wants to look.
 *
 * The order of the renames, so that a crash at any point loses nothing: the new file is
 * complete and synced before it is called store.db.salvaged; while that name exists,
 * the swap is finished at the next start.
 */
#include "../common/err.h"
#include "store_sqlite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct salvage {
	struct sqlite *from, *to;
	struct store_report *report;
	enum store_shelf shelf;
	uint64_t top_key; /* nothing lies above it */
};

static int
salvage_errno(struct sqlite *q, const char *what)
{
	snprintf(q->why, sizeof q->why, "%s: %s", what, strerror(errno));
	return -ERR_SYSTEM;
}

/* store.db + suffix; the caller frees. */
static char *
salvage_name(const struct sqlite *q, const char *suffix)
{
	size_t n = strlen(q->file) + strlen(suffix) + 1;
	char *name = xcalloc(1, n);

	snprintf(name, n, "%s%s", q->file, suffix);
	return name;
}

static void
salvage_sync_folder(const struct sqlite *q)
{
	char *folder = xstrdup(q->file);
	int fd;

	*strrchr(folder, '/') = 0;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		if (fsync(fd) != 0) {
			/* The renames are then as safe as the file system makes them.
			 */
		}
		close(fd);
	}
	free(folder);
}

/* --- copying --- */

static int
salvage_copy_row(struct salvage *s, sqlite3_stmt *st)
{
	sqlite3_stmt *put = s->to->insert[s->shelf];

	sqlite3_bind_int64(put, 1, sqlite3_column_int64(st, 0));
	sqlite3_bind_value(put, 2, sqlite3_column_value(st, 1));
	return sqlite_run(s->to, put);
}

/* Copies the records above `from` and below `below`, up or down, until the tree breaks.
 * *last is the last one copied (untouched: none). 0: all of them, -ERR_MALFORMED: it
 * broke, or what writing said. */
static int
salvage_run(struct salvage *s, uint64_t from, uint64_t below, bool up, uint64_t *last)
{
	sqlite3_stmt *st;
	char sql[120];
	int rc, e;

	snprintf(sql, sizeof sql,
	    "SELECT k,v FROM %s WHERE k>?1 AND k<?2 ORDER BY k %s",
	    store_shelf_name(s->shelf), up ? "ASC" : "DESC");
	if ((e = sqlite_prepare(s->from, &st, sql)) != 0)
		return -ERR_MALFORMED;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)from);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)below);
	while (e == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		uint64_t key = (uint64_t)sqlite3_column_int64(st, 0);
		if (key <= from || key >= below) { /* the tree leads astray */
			rc = SQLITE_CORRUPT;
			break;
		}
		*(up ? &from : &below) = *last = key;
		e = salvage_copy_row(s, st);
	}
	if (e == 0 && rc != SQLITE_DONE)
		e = -ERR_MALFORMED;
	sqlite3_finalize(st);
	return e;
}

static void
salvage_note_lost(struct salvage *s, uint64_t above, uint64_t below)
{
	struct store_report *r = s->report;

	if (r->lost_n < STORE_LOST_MAX)
		r->lost[r->lost_n] = (struct store_lost){s->shelf, above, below};
	r->lost_n++;
}

/* Behind a break at `at`: goes on in growing strides until something can be read, then
 * fetches what the stride passed over, from above. 0: *at is where to go on;
 * -ERR_CLOSED: there is nothing more. */
static int
salvage_stride(struct salvage *s, uint64_t *at)
{
	for (uint64_t step = 1; *at + step <= s->top_key; step *= 2) {
		uint64_t start = *at + step, first = 0, low;
		/* One record is enough to know that the tree holds there. */
		int e = salvage_run(s, start - 1, start + step, true, &first);
		if (e != 0 && e != -ERR_MALFORMED)
			return e;
		if (first == 0)
			continue;
		low = start;
		e = salvage_run(s, *at, start, false, &low);
		salvage_note_lost(s, *at, low);
		*at = first;
		return e == -ERR_MALFORMED ? 0 : e;
	}
	salvage_note_lost(s, *at, UINT64_MAX);
	return -ERR_CLOSED;
}

static int
salvage_shelf(struct salvage *s)
{
	uint64_t at = 0;
	int e;

	while ((e = salvage_run(s, at, INT64_MAX, true, &at)) == -ERR_MALFORMED)
		if ((e = salvage_stride(s, &at)) != 0)
			break;
	return e == -ERR_CLOSED ? 0 : e;
}

static int
salvage_copy(struct sqlite *from, struct sqlite *to, struct store_report *r)
{
	/* Unread books do not say how far the keys go: a generous guess. */
	struct salvage s = {.from = from,
	    .to = to,
	    .report = r,
	    .top_key = from->books_unread ? (uint64_t)1 << 40 : from->books.last_key};
	int e = sqlite_run(to, to->begin);

	for (int i = 0; e == 0 && i < STORE_SHELF_COUNT; i++) {
		s.shelf = (enum store_shelf)i;
		e = salvage_shelf(&s);
	}
	to->books = from->books;
	if (e == 0 && !from->books_unread)
		e = sqlite_write_books(to);
	if (e == 0)
		e = sqlite_run(to, to->end);
	return e;
}

/* --- the files --- */

static int
salvage_rename(struct sqlite *q, const char *from_suffix, const char *to_suffix)
{
	char *from = salvage_name(q, from_suffix), *to = salvage_name(q, to_suffix);
	int e = rename(from, to) == 0 || errno == ENOENT ? 0 : salvage_errno(q, to);

	free(from);
	free(to);
	return e;
}

/* The damaged file and its log get a name of their own. */
int
sqlite_set_aside(struct sqlite *q, struct store_report *r)
{
	time_t now = time(NULL);
	struct tm tm;
	char suffix[64], log_suffix[72];
	int e;

	gmtime_r(&now, &tm);
	strftime(suffix, sizeof suffix - 8, ".damaged-%Y%m%dT%H%M%SZ", &tm);
	for (int i = 2; i < 1000; i++) { /* two in one second */
		char *name = salvage_name(q, suffix);
		bool taken = access(name, F_OK) == 0;
		free(name);
		if (!taken)
			break;
		strftime(suffix, sizeof suffix - 8, ".damaged-%Y%m%dT%H%M%SZ", &tm);
		snprintf(suffix + strlen(suffix), 8, ".%d", i);
	}
	snprintf(log_suffix, sizeof log_suffix, "%s-wal", suffix);
	e = salvage_rename(q, "-wal", log_suffix);
	if (e == 0)
		e = salvage_rename(q, "", suffix);
	r->set_aside = true;
	snprintf(r->aside, sizeof r->aside, "store.db%s", suffix);
	return e;
}

int
sqlite_finish_salvage(struct sqlite *q, struct store_report *r)
{
	char *name = salvage_name(q, ".salvaged");
	bool there = access(name, F_OK) == 0;
	int e = 0;

	free(name);
	if (!there)
		return 0;
	e = sqlite_set_aside(q, r);
	if (e == 0)
		e = salvage_rename(q, ".salvaged", "");
	salvage_sync_folder(q);
	return e;
}

int
sqlite_salvage(struct sqlite *q, struct store_report *r)
{
	struct sqlite *to = xcalloc(1, sizeof *to);
	int e;

	snprintf(to->file, sizeof to->file, "%.4180s.new", q->file);
	snprintf(to->log, sizeof to->log, "%.4190s-wal", to->file);
	unlink(to->file); /* of an earlier try */
	unlink(to->log);
	if ((e = sqlite_attach(to)) == 0)
		e = salvage_copy(q, to, r);
	if (e != 0)
		snprintf(q->why, sizeof q->why, "salvaging: %.140s", to->why);
	/* Closing it brings its log into the file. */
	sqlite_detach(to);
	free(to);
	if (e != 0)
		return e;
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite_detach(q);
	if ((e = salvage_rename(q, ".new", ".salvaged")) == 0) {
		salvage_sync_folder(q);
		e = sqlite_finish_salvage(q, r);
	}
	if (e == 0)
		e = sqlite_attach(q);
	if (e == 0)
		sqlite_mark_set(q, SQLITE_MARK_SUSPECT, false);
	return e;
}

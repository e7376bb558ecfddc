/*
 * store_sqlite_load.c: reads every record once, at the start. What is damaged is never
 * delivered: a record with a wrong checksum moves to the table `bad`, a file with a
 * wrong structure is salvaged first, and what the books miss is counted.
 */
#include "../common/err.h"
#include "store_sqlite.h"
#include <stdio.h>
#include <stdlib.h>

struct load_bad {
	enum store_shelf shelf;
	uint64_t key;
	const char *why; /* static */
};

struct load {
	struct sqlite *q;
	store_visit_cb *visit;
	void *arg;
	struct store_report *report;
	struct sqlite_books found;
	uint64_t last_key;    /* delivered on this shelf */
	struct load_bad *bad; /* owned */
	size_t bad_n, bad_room;
	bool salvaged, compared;
};

static void
load_note_bad(struct load *l, enum store_shelf shelf, uint64_t key, const char *why)
{
	l->report->bad++;
	if (l->bad_n == l->bad_room) {
		size_t room = l->bad_room ? l->bad_room * 2 : 16;
		struct load_bad *more = realloc(l->bad, room * sizeof *more);
		if (!more)
			return; /* found again at the next start */
		l->bad = more;
		l->bad_room = room;
	}
	l->bad[l->bad_n++] = (struct load_bad){shelf, key, why};
}

static void
load_row(struct load *l, enum store_shelf shelf, sqlite3_stmt *st)
{
	uint64_t key = (uint64_t)sqlite3_column_int64(st, 0);
	const uint8_t *p = sqlite3_column_blob(st, 1);
	size_t n = (size_t)sqlite3_column_bytes(st, 1);
	uint32_t crc;

	sqlite_book(&l->found, shelf, key, 1);
	if (key > l->found.last_key)
		l->found.last_key = key;
	if (!p || n < sizeof crc) {
		load_note_bad(l, shelf, key, "too short");
		return;
	}
	n -= sizeof crc;
	memcpy(&crc, p + n, sizeof crc);
	if (crc != sqlite_crc(shelf, key, span_of(p, n)))
		load_note_bad(l, shelf, key, "wrong checksum");
	else if (!l->visit(shelf, key, span_of(p, n), l->arg))
		load_note_bad(l, shelf, key, "makes no sense");
	else
		l->report->loaded++;
}

/* From l->last_key on. */
static int
load_shelf(struct load *l, enum store_shelf shelf)
{
	sqlite3_stmt *st;
	char sql[96];
	int rc, e;

	snprintf(sql, sizeof sql, "SELECT k,v FROM %s WHERE k>?1 ORDER BY k",
	    store_shelf_name(shelf));
	if ((e = sqlite_prepare(l->q, &st, sql)) != 0)
		return e;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)l->last_key);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		uint64_t key = (uint64_t)sqlite3_column_int64(st, 0);
		if ((int64_t)key <=
		    (int64_t)l->last_key) { /* the tree leads back: damaged */
			rc = SQLITE_CORRUPT;
			break;
		}
		load_row(l, shelf, st);
		l->last_key = key;
	}
	e = rc == SQLITE_DONE ? 0 : sqlite_fail(l->q, rc);
	sqlite3_finalize(st);
	return e;
}

/* Moves a bad record away, so that it is found once and can still be looked at. */
static int
load_quarantine(struct sqlite *q, const struct load_bad *bad)
{
	char sql[256];
	const char *name = store_shelf_name(bad->shelf);
	int e;

	snprintf(sql, sizeof sql,
	    "INSERT INTO bad SELECT '%s',k,v,'%s',datetime('now') FROM %s WHERE "
	    "k=%lld; "
	    "DELETE FROM %s WHERE k=%lld",
	    name, bad->why, name, (long long)bad->key, name, (long long)bad->key);
	if ((e = sqlite_exec(q, sql)) == 0)
		sqlite_book(&q->books, bad->shelf, bad->key, -1);
	return e;
}

static void
load_compare(struct load *l, const struct sqlite_books *kept)
{
	for (int i = 0; i < STORE_SHELF_COUNT; i++) {
		uint64_t want = kept->shelf[i].count, got = l->found.shelf[i].count;
		if (want > got)
			l->report->missing += want - got;
		else if (want < got || kept->shelf[i].hash != l->found.shelf[i].hash)
			l->report->missing++; /* at least one is not the one it was */
	}
}

/* The books are now what was found, less the bad ones. */
static int
load_settle_books(struct load *l)
{
	struct sqlite *q = l->q;
	uint64_t last_key = q->books.last_key;
	int e;

	if (!q->books_unread && !l->compared)
		load_compare(l, &q->books);
	l->compared = true;
	q->books = l->found;
	if (last_key > q->books.last_key)
		q->books.last_key = last_key;
	if ((e = sqlite_run(q, q->begin)) != 0)
		return e;
	for (size_t i = 0; e == 0 && i < l->bad_n; i++)
		e = load_quarantine(q, &l->bad[i]);
	if (e == 0)
		e = sqlite_write_books(q);
	if (e == 0)
		e = sqlite_run(q, q->end);
	if (e != 0)
		sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL);
	return e;
}

static bool
load_is_as_kept(const struct load *l)
{
	const struct sqlite_books *b = &l->q->books;

	return !l->q->books_unread && l->bad_n == 0 && !l->salvaged &&
	       memcmp(b->shelf, l->found.shelf, sizeof b->shelf) == 0;
}

static int
load_salvage(struct load *l)
{
	l->salvaged = true;
	if (!l->report->why[0])
		snprintf(l->report->why, sizeof l->report->why, "%s", l->q->why);
	return sqlite_salvage(l->q, l->report);
}

static int
load_shelves(struct load *l)
{
	int e = 0;

	for (int i = 0; e == 0 && i < STORE_SHELF_COUNT; i++) {
		l->last_key = 0;
		e = load_shelf(l, (enum store_shelf)i);
		if (e == -ERR_MALFORMED && !l->salvaged && (e = load_salvage(l)) == 0)
			e = load_shelf(l, (enum store_shelf)i); /* goes on there */
	}
	return e;
}

/* The last process ended with a sync that failed. Every page of the log is written into
 * the file, which makes it new to the kernel, and the log begins anew. */
static int
load_sync_again(struct sqlite *q)
{
	int e = 0;

	if (sqlite_mark_there(q, SQLITE_MARK_UNSYNCED) &&
	    (e = sqlite_checkpoint(q, SQLITE_CHECKPOINT_TRUNCATE)) == 0)
		sqlite_mark_set(q, SQLITE_MARK_UNSYNCED, false);
	return e;
}

int
sqlite_load(void *handle, store_visit_cb *visit, void *arg, struct store_report *report)
{
	struct load l = {.q = handle, .visit = visit, .arg = arg, .report = report};
	int e = 0;

	if (sqlite_mark_there(l.q, SQLITE_MARK_SUSPECT)) {
		snprintf(l.q->why, sizeof l.q->why, "damage was met when writing");
		e = load_salvage(&l);
	}
	if (e == 0)
		e = load_shelves(&l);
	if (e == 0 && !load_is_as_kept(&l)) {
		e = load_settle_books(&l);
		if (e == -ERR_MALFORMED && !l.salvaged && (e = load_salvage(&l)) == 0)
			e = load_settle_books(&l);
	}
	if (e == 0)
		e = load_sync_again(l.q);
	if (e != 0)
		snprintf(report->why, sizeof report->why, "%s", l.q->why);
	free(l.bad);
	return e;
}

/*
 * storebook.h: what the store's fault tests share: an engine that is driven step by
 * step, and a book of what it must hold. Values are made from shelf, key and version,
 * so any that is loaded can be checked.
 */
#ifndef DEFERD_STOREBOOK_H
#define DEFERD_STOREBOOK_H

#include "../../supervisor/store_sqlite.h"
#include "../unit/t.h"

#define BOOK_KEYS 128

struct book {
	uint8_t version[STORE_SHELF_COUNT][BOOK_KEYS]; /* 0: no such record */
};

struct seen_book {
	struct book book;
	uint64_t wrong; /* records whose bytes nobody ever put */
};

/* A run of the engine. sure: what was reported as committed; maybe: with the commit
 * that was under way. */
struct bookrun {
	const char *folder;
	void *engine; /* NULL: closed */
	struct book sure, maybe;
	uint64_t last_key, seed;
	uint64_t commits;
	struct store_report report;
	char why[160];
};

/* The folder for files and the one for what a crash leaves; both empty now. */
void book_folders(const char **files, const char **image);
void book_empty(const char *folder);
bool book_equal(const struct book *, const struct book *);

/* Opens and loads: 0, or what the engine said; the sight of it is in *seen. */
int book_open(struct bookrun *, struct seen_book *seen);
void book_close(struct bookrun *, bool broken);
/* Makes the next changes in maybe, without telling the engine. */
void book_change(struct bookrun *);
/* Brings the engine from sure to maybe in one commit. */
int book_commit(struct bookrun *);
/* Steps: O open, c change and commit, i idle, x close. 0, or what the first one that
 * failed said, *at then points at it. */
int book_steps(struct bookrun *, const char **at);
/* Fails the test unless what lies in the folder is run's sure or maybe, whole, with
 * nothing to report, and can be written. `when` says in which case. */
void book_check(const struct bookrun *run, const char *folder, const char *when);

#endif

/*
 * dossier.h: what is known of each worker that died, kept for the operator: the last
 * DOSSIER_COUNT of them in memory, and as JSON files when the config names a folder.
 */
#ifndef DEFERD_DOSSIER_H
#define DEFERD_DOSSIER_H

#include "../common/buf.h"
#include "../common/page.h"
#include "../common/taskid.h"

#define DOSSIER_COUNT 100
#define DOSSIER_LINES 20
#define DOSSIER_LINE_BYTES 240
#define DOSSIER_TEXT_BYTES 384

struct conf;
struct jsonw;
struct reap_exit;
struct seat;

/* The last lines that a worker logged, a ring. */
struct dossier_lines {
	char *line[DOSSIER_LINES]; /* owned; NULL: none yet */
	unsigned next;
};
/* Longer ones are cut. */
void dossier_lines_add(struct dossier_lines *, unsigned level, struct span text);
void dossier_lines_clear(struct dossier_lines *);
/* The i-th, oldest first; NULL: there are fewer. */
const char *dossier_lines_at(const struct dossier_lines *, unsigned i);

/* One of the last awaits. */
struct dossier_await {
	struct page_place place; /* its name is what was awaited */
	char task[TASKID_TEXT_BYTES];
	int64_t ago_ms; /* how long before the end it began */
	bool over;	/* it did not wait any more */
};

struct dossier {
	uint64_t worker; /* its number is the record's id; 0: no record */
	int64_t wall_ms;
	int seat, pid;
	char app[65];
	const char *cause; /* who killed it: static text */
	char text[DOSSIER_TEXT_BYTES]; /* the obituary, a sentence */
	int signal, status;	       /* of the exit; signal 0: none */
	char handler[128];	       /* that ran, else of its oldest task; "": none */
	char task[TASKID_TEXT_BYTES];
	unsigned attempt;
	int64_t burst_ms; /* how long Ruby had run without an await; -1: it did not */
	unsigned leases;
	uint64_t tasks_done;
	int64_t lived_ms, user_ms, system_ms, peak_kib;
	uint64_t heap_bytes, fibers; /* as of its last beat */
	struct page_place frame[PAGE_FRAMES]; /* where its Ruby was, innermost first */
	struct dossier_await await[PAGE_AWAITS]; /* the newest first */
	size_t frame_n, await_n;
	struct dossier_lines lines;
};

struct dossiers {
	struct dossier ring[DOSSIER_COUNT];
	size_t next;
	int64_t second_ms; /* when the second began in which */
	int files;	   /* so many files were written */
};

/* A worker died: after its obituary was written, before its tasks are settled. */
void dossier_open(struct seat *, const struct reap_exit *, const struct page_burst *);
/* The i-th, newest first; NULL: there are fewer. */
const struct dossier *dossiers_at(const struct dossiers *, size_t i);
const struct dossier *dossiers_find(const struct dossiers *, uint64_t worker);
void dossiers_fini(struct dossiers *);

/* "main.rb:12 in name", into out. */
const char *dossier_place_text(const struct page_place *, char *out, size_t n);
/* The members "backtrace" and "awaits" of a dossier in JSON. */
void dossier_put_places(struct jsonw *, const struct dossier *);

/* --- dossier_file.c --- */
/* As JSON into the config's folder, where the oldest gives way; without waiting for the
 * disk. At most ten in a second: what a storm of deaths leaves out is in memory. */
void dossier_write_file(struct dossiers *, const struct dossier *, const struct conf *,
    int64_t now_ms);

#endif

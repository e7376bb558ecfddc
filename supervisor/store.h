/*
 * store.h: where accepted work is kept on disk. Records are bytes under a number, on
 * shelves; the store knows nothing of what is in them (record.h does) and never
 * delivers one whose checksum is wrong. What is put is written by a thread of the
 * store's own: everything that arrived while the last commit ran goes into the next one
 * (group commit), so the loop never waits for the disk. It begins when as many clients
 * wait for it as the last one had or left, or after a quarter of what that one took, 10
 * ms at most.
 *
 * The loop's side of it: store_put and store_del give tickets, in rising order;
 * store_kick once a turn hands them over; the event descriptor becomes readable when a
 * commit is over, and store_collect then says which tickets are safe (or refused).
 *
 * Another engine (one over PostgreSQL, say) follows store_engine.h and changes nothing
 * here.
 */
#ifndef DEFERD_STORE_H
#define DEFERD_STORE_H

#include "../common/buf.h"

/* X(symbol, number in the file (never reused), name, what a record is) */
#define STORE_SHELF_TABLE(X)                                                           \
	X(TASK, 0, "task", "a task as it was accepted")                                \
	X(MARK, 1, "mark", "what changed of it since: attempts, deaths, due time")     \
	X(END, 2, "ended", "how it ended, with its result")                            \
	X(TIMER, 3, "timer", "when a timer last ran")                                  \
	X(STEP, 4, "step", "the result of a named step of a task")
enum store_shelf {
#define X(sym, number, name, what) STORE_##sym = number,
	STORE_SHELF_TABLE(X)
#undef X
	    STORE_SHELF_COUNT
};
const char *store_shelf_name(enum store_shelf);

/* OK: accepts. FULL: the last commit failed for want of space or by a write error;
 * changes are kept in memory and tried again twice a second, accepts are refused until
 * one commit succeeds. STOPPED: a sync failed or the file is damaged: nothing is
 * written until the next start (what the kernel then has on disk cannot be known;
 * fsync(2), decisions 46). */
enum store_state { STORE_OK, STORE_FULL, STORE_STOPPED };
const char *store_state_name(enum store_state);

#define STORE_LOST_MAX 8 /* ranges that are named; more are only counted */

/* What opening and loading found. Texts are for the log: loud, once. */
struct store_report {
	uint64_t loaded;      /* records delivered */
	uint64_t bad;         /* records with a wrong checksum: set aside in the file */
	uint64_t missing;     /* records that the file should hold and does not */
	uint64_t frames_lost; /* of the log (WAL): behind a damaged frame */
	size_t lost_n;        /* unreadable ranges, as far as they are kept below */
	struct store_lost {
		enum store_shelf shelf;
		uint64_t above,
		    below; /* keys strictly between; below UINT64_MAX: to the end */
	} lost[STORE_LOST_MAX];
	bool set_aside;  /* the file was damaged: renamed, a new one begun */
	char aside[160]; /* its new name, within store.path */
	char why[160]; /* what opening or loading failed with, or what the damage was */
};

struct store;
struct store_engine;

/* Opens it, or makes it when there is none. Blocks. 0; -ERR_STATE: another process has
 * it; -ERR_CONFIG: made by a newer deferd; -ERR_SYSTEM; report->why says it in words. A
 * damaged file is no failure. path is a folder; it is made when missing. */
int store_open(struct store **, const struct store_engine *, const char *path,
    struct store_report *) MUST_USE;
/* Delivers every readable record, shelf by shelf in the order of enum store_shelf, each
 * by rising key. Blocks; to be called once, before store_start. The value is borrowed.
 * False from visit: the record makes no sense to its reader: it is set aside as bad. */
typedef bool store_visit_cb(
    enum store_shelf, uint64_t key, struct span value, void *arg);
int store_load(
    struct store *, store_visit_cb *, void *arg, struct store_report *) MUST_USE;
/* Starts the thread (all signals blocked in it). 0 or -ERR_SYSTEM. */
int store_start(struct store *) MUST_USE;
/* Commits what was put, at most for wait_ms, and frees. True: all of it is on disk. */
bool store_close(struct store *, int64_t wait_ms);

/* A key that was never used on any shelf of this file. Keys rise. */
uint64_t store_new_key(struct store *);
/* Copies the value. The ticket, or 0: no memory, or the store has STOPPED. `accept`: a
 * client waits for it: when the commit fails it is dropped and its ticket refused,
 * while any other change is kept and tried again. */
uint64_t store_put(
    struct store *, enum store_shelf, uint64_t key, struct span value, bool accept);
uint64_t store_del(struct store *, enum store_shelf, uint64_t key);
/* Wakes the thread if something was put. Once a turn. */
void store_kick(struct store *);

int store_event_fd(const struct store *); /* readable: collect */
/* The next range of tickets whose fate is known: all above the last one and up to
 * *through. False: none. */
bool store_collect(struct store *, uint64_t *through, bool *ok);
enum store_state store_state(const struct store *);

struct store_view {
	const char *engine;
	enum store_state state;
	char why[160];          /* of the state, "" when OK */
	uint64_t commits;       /* since the start */
	uint64_t records;       /* changes in them */
	uint64_t failures;      /* commits that failed */
	uint64_t waiting_bytes; /* put and not committed */
	uint64_t commit_us_max, commit_us_sum;
	uint64_t file_bytes,
	    log_bytes; /* of the database and its WAL, at the last commit */
};
void store_view(struct store *, struct store_view *);

#endif

/*
 * tasks.h: the table of all tasks: by id, in the order of acceptance, and the ended ones:
 * the dead ones on a shelf of their own, because somebody may want to run them again, all
 * others on another. Each shelf has bounds of time, count and bytes. Pure: it moves no task
 * between states and knows no lanes.
 */
#ifndef DEFERD_TASKS_H
#define DEFERD_TASKS_H

#include "../common/idmap.h"
#include "../common/log.h"
#include "core.h"
#include "keys.h"

#define TASKS_FAILED 128

struct tasks_shelf {
	struct task_list list; /* in the order they ended, by task.place */
	uint64_t n, bytes;
	int64_t keep_ms;
	uint64_t count_max, bytes_max;
};

struct tasks {
	struct idmap by_id;
	struct task_list all;	/* oldest first, by task.all */
	struct tasks_shelf ended, dead;
	struct heap deadlines;	/* by task.deadline */
	struct keys keys;
	uint64_t payload_bytes; /* of the tasks that have not ended */
	uint64_t open;		/* tasks that have not ended */
	void (*forget)(const struct task *, void *arg); /* told of each that is dropped; or NULL */
	void *forget_arg;
	struct taskid failed[TASKS_FAILED]; /* the last failed and dead ones, a ring */
	uint64_t failed_n;		    /* so many were noted in all */
};

/* The bounds are those of both shelves, until tasks_bound says otherwise. */
void tasks_init(struct tasks *, int64_t keep_ms, uint64_t keep_count, uint64_t keep_bytes);
/* Other bounds; they are kept to from the next end on. */
void tasks_bound(struct tasks_shelf *, int64_t keep_ms, uint64_t count, uint64_t bytes);
void tasks_fini(struct tasks *); /* frees every task */
/* Takes the task into the table. 0, -ERR_NOMEM, -ERR_DUPLICATE (then it is not in). */
int tasks_add(struct tasks *, struct task *) MUST_USE;
/* Takes out, and frees, a task that was never one: in no list but the table's. */
void tasks_remove(struct tasks *, struct task *);
/* The task has just ended (its payload was of that size): keeps it on its shelf, drops the
 * oldest of those over a bound. It may be freed by this when nothing is kept. */
void tasks_end(struct tasks *, struct task *, size_t payload_bytes);
/* A dead task is about to be an open one again: takes it off its shelf. */
void tasks_revive(struct tasks *, struct task *);
/* Drops ended tasks older than their shelf's keep_ms. */
void tasks_expire(struct tasks *, int64_t now_ms);
struct task *tasks_find(const struct tasks *, const struct taskid *);
/* Does the id begin or end with that text, of at least 6 characters? */
bool tasks_id_fits(const struct taskid *, struct span text);
/* See core_find_task_text. O(tasks) for an abbreviation. */
struct task *tasks_find_text(const struct tasks *, struct span text, bool *ambiguous);
bool tasks_list(const struct tasks *, const struct task_filter *,
    bool (*visit)(struct task *, void *arg), void *arg);
/* The dead ones, the last one first; as above. */
bool tasks_list_dead(const struct tasks *, const struct task_filter *,
    bool (*visit)(struct task *, void *arg), void *arg);
bool tasks_fits(const struct task *, const struct task_filter *);
/* The oldest task that is younger than the one with that id; NULL: none. */
struct task *tasks_after(const struct tasks *, const struct taskid *);
/* The last failed and dead ones that are still kept, in the order they ended, newest first;
 * visit returns false to stop. */
void tasks_list_failed(const struct tasks *, bool (*visit)(struct task *, void *arg), void *arg);
/* For lines of the log about the task; id is where its text goes. */
struct log_about tasks_about(const struct task *, char id[TASKID_TEXT_BYTES]);

#endif

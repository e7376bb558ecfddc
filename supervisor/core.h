/*
 * core.h: what the front rooms (HTTP, control socket, timers) may ask of the task core.
 * The core owns apps, tasks, lanes, leases, seats; nobody else changes them. All calls
 * are from the loop's thread and none blocks.
 */
#ifndef DEFERD_CORE_H
#define DEFERD_CORE_H

#include "app.h"
#include "conf.h"
#include "keys.h"
#include "store.h"
#include "task.h"

struct core;
struct dossier;
struct event_base;
struct events;
struct stats;
struct traces;

/* --- apps --- */
size_t core_app_count(const struct core *); /* those that are in force */
struct app *core_app(const struct core *, size_t i);
struct app *core_find_app(const struct core *, struct span id); /* NULL: unknown */
struct app *core_default_app(const struct core *);		/* NULL: none */
const struct conf *core_conf(const struct core *);
struct stats *core_stats(const struct core *);
struct events *core_events(const struct core *);
int64_t core_now_ms(const struct core *); /* monotonic; cached for this loop turn */

/* --- submitting --- */
struct submission {
	struct handler *handler;  /* of app_find or app_match_route; NULL: unknown_handler */
	enum execution execution; /* sync needs done */
	struct buf *envelope;	  /* packed, see kinds.h; its bytes are taken when accepted */
	int64_t timeout_ms;	  /* 0: the handler's or the kind's; never above it */
	int64_t due_wall_ms;	  /* not before; 0: at once; not for sync */
	int attempts;		  /* 0: the handler's or the kind's; not for sync */
	struct span key;	  /* n 0: none; see keys.h; not for sync */
	enum keys_sort key_sort;
	task_done_cb *done;	  /* or NULL */
	void *done_arg;
	bool trace;		  /* tell where its time goes */
	bool relaxed;		  /* not sync: do not wait for the disk */
	task_accepted_cb *accepted; /* or NULL */
	void *accepted_arg;
};
/* Accepts or refuses. FAULT_NONE: accepted, *out (may be NULL) is the task, borrowed and
 * valid until the loop turns. Any other fault: nothing happened. A task that is to be kept
 * is in ACCEPTED until it is on disk: accepted is called then, and only then. A key that
 * stands for a task already gives that one: *out is older then than the call, and accepted
 * is not called. */
enum fault core_submit(struct core *, const struct submission *, struct task **out) MUST_USE;
/* Nobody waits for its commit any more: accepted is not called. */
void core_unwait_accept(struct core *, const struct task *);
/* How safe an async task is when it is accepted: "synced", "relaxed" or "memory". */
const char *core_durability(const struct core *, bool relaxed);
/* The sync caller went away: done is not called any more, and the task is cancelled unless
 * its app says otherwise. */
void core_abandon(struct core *, struct task *);

/* --- asking --- */
struct task *core_find_task(const struct core *, const struct taskid *);
/* An abbreviated id: at least 6 characters of its text, from either end. NULL and
 * *ambiguous when several fit. */
struct task *core_find_task_text(const struct core *, struct span text, bool *ambiguous);

struct task_filter {
	const struct app *app;	/* NULL: all */
	enum task_state state;	/* TASK_STATE_COUNT: any */
	enum lane_name lane;	/* LANE_COUNT: any */
	struct span name;	/* n 0: any */
	enum fault fault;	/* FAULT_NONE: any */
	const struct taskid *after; /* only older ones than this; NULL: from the newest */
	size_t limit;
};
/* Newest first; visit returns false to stop. True: there are more beyond the limit. */
bool core_list_tasks(const struct core *, const struct task_filter *,
    bool (*visit)(struct task *, void *arg), void *arg);

/* The running ones, by seat; the failed and dead ones that ended last, newest first. visit
 * returns false to stop. */
void core_list_leased(const struct core *, bool (*visit)(struct task *, void *arg), void *arg);
void core_list_failed(const struct core *, bool (*visit)(struct task *, void *arg), void *arg);
/* From now on told of every task that has ended, or whose sync caller was answered, from
 * within what ends it: it must not change the core. NULL: no more. There is one. */
typedef void core_ended_cb(const struct task *, void *arg);
void core_on_end(struct core *, core_ended_cb *, void *arg);

/* The dead ones, the last one first; as core_list_tasks. */
bool core_list_dead(const struct core *, const struct task_filter *,
    bool (*visit)(struct task *, void *arg), void *arg);

/* --- changing --- */
enum cancel_result { CANCEL_ENDED_NOW, CANCEL_ASKED, CANCEL_TOO_LATE };
/* Queued: ends at once. Leased: the worker is told, the handler's await raises. */
enum cancel_result core_cancel(struct core *, struct task *, const char *reason);
/* Leased: kills its worker now; the task ends as cancelled, its neighbours run again.
 * 0, or -ERR_STATE when it is not leased. */
int core_kill(struct core *, struct task *);

/* What an operator does to tasks that do not run. On disk when the store's next commit is
 * over. FAULT_NONE, or why not: the task is in another state (FAULT_NOT_NOW), deferd drains
 * or starts, the queue is full, the store cannot be written. */
typedef enum fault core_mend_fn(struct core *, struct task *);
core_mend_fn core_revive;  /* dead: queued, as if it had just been accepted */
core_mend_fn core_promote; /* delayed: queued now */
core_mend_fn core_bury;    /* queued or delayed, not sync: dead */

/* --- life, for main --- */
/* The apps and seats of the config, nothing started. conf and base are borrowed. NULL:
 * no resources (logged). */
struct core *core_new(struct event_base *, const struct conf *);
/* Kills what still runs, frees everything. */
void core_free(struct core *);
/* Loads every app's handlers, turning the loop until all have answered. Each problem goes
 * to the callback. True when all loaded. */
typedef void core_report_cb(const struct app *, const char *text, bool warning, void *arg);
bool core_load(struct core *, core_report_cb *, void *arg);
/* Opens the store of the config and brings back what it holds: queued tasks into their
 * lanes in their old order, delayed ones, ended ones. The handlers must be loaded. Blocks;
 * logs what it found. 0 (also when the engine is memory: nothing is done), or what
 * store_open said, logged. */
int durable_open(struct core *) MUST_USE;
/* From here on workers are started and tasks accepted. */
void core_run(struct core *);
/* To be called once at the end of each turn of the loop: leases, batches, timers. */
void core_turn(struct core *);
/* To be called on SIGCHLD. */
void core_reap(struct core *);
/* True when that child, which is no worker and no forkserver, has been reaped: its end is
 * taken (reap.h). */
struct reap_exit;
bool core_take_exit(struct core *, int pid, struct reap_exit *out);
/* Tasks that have not ended. */
size_t core_open_tasks(const struct core *);
/* Loads the handlers again under another config and changes over without a gap (reload.h).
 * The callback comes once: ok, and `next` is borrowed for good; or not, with the reason, and
 * everything is as before. */
typedef void core_reload_cb(bool ok, const char *text, void *arg);
void core_reload(struct core *, const struct conf *next, core_reload_cb *, void *arg);
/* Ends what has not ended; running ones too if asked: then their handlers are told, so
 * that `ensure` runs before the worker goes. How many. */
size_t core_drop_tasks(struct core *, bool running_too);
/* Asks every worker to go (kill: at once); how many are still there. */
size_t core_dismiss_workers(struct core *, bool kill);

#define CORE_POOL_MAX 4096 /* workers; as in the config */
enum core_phase { CORE_STARTING, CORE_RUNNING, CORE_DRAINING, CORE_STOPPING };
enum core_phase core_phase(const struct core *);
/* drain: no new tasks are accepted, what is there is finished. */
void core_drain(struct core *);
/* Back from draining. 0, or -ERR_STATE in any other phase. */
int core_undrain(struct core *) MUST_USE;
/* As drain, and there is no way back: the process is about to end. */
void core_stop(struct core *);
/* Another size of the pool; workers over it finish what they have and go. 0, -ERR_RANGE,
 * -ERR_NOMEM, or -ERR_STATE while a reload is under way or deferd does not run. */
int core_scale(struct core *, int workers) MUST_USE;
int core_pool_size(const struct core *);
/* A worker (0: every one of the pool) finishes what it has and goes; another one comes. How
 * many were asked. */
size_t core_recycle(struct core *, uint64_t worker);
/* How many workers of the pool are still to become ready (their numbers above `since`), or
 * still to leave it. */
size_t core_pool_unsettled(const struct core *, uint64_t since);
uint64_t core_last_worker(const struct core *); /* the highest number so far */
/* A paused lane takes tasks and leases none. */
void core_pause_lane(struct core *, enum lane_name, bool paused);
/* Why deferd is not ready (static text), or NULL when it is. */
const char *core_not_ready(const struct core *);

/* --- for showing --- */
uint64_t core_generation(const struct core *); /* counts reloads, from 0 */
struct worker_view {
	int seat;	  /* 1.. */
	uint64_t worker;  /* number, never reused; 0: the seat is empty */
	int pid;
	const char *state; /* "empty" "starting" "ready" "closing" "leaving" "killed" */
	const char *app;
	const char *task; /* handler name of the task whose burst runs, else of
			   its oldest; NULL when idle */
	enum kind task_kind;
	enum lane_name task_lane;
	char task_id[TASKID_TEXT_BYTES]; /* "" when idle */
	int64_t task_ms;  /* how long it has run */
	int leases, slots;
	uint64_t tasks_done;
	int64_t age_ms, beat_ago_ms, burst_ms; /* -1: none */
	uint64_t heap_bytes, fibers;
	bool spare;	      /* empty, and the pool is full without it: left by a reload */
	const char *obituary; /* of the seat's last death, "" when none */
};
/* How workers died (dossier.h): the i-th, newest first; that of a worker. NULL: none. */
const struct dossier *core_dossier(const struct core *, size_t i);
const struct dossier *core_find_dossier(const struct core *, uint64_t worker);
/* Where the time of tasks went (traces.h). */
const struct traces *core_traces(const struct core *);
size_t core_seat_count(const struct core *);
void core_view_worker(const struct core *, size_t seat, struct worker_view *);

struct lane_view {
	enum lane_name lane;
	bool paused;
	uint64_t queued, leased, leasable; /* leasable: of the waiting ones, those that a worker could take */
	uint64_t done, failed;		   /* since the start */
	int limit;			   /* most leases at once */
	int64_t oldest_ms;		   /* wait of the oldest queued task, 0 when none */
	int64_t wait_p50_ms, wait_p99_ms;  /* of the last leases (up to 1000) */
};
void core_view_lane(const struct core *, enum lane_name, struct lane_view *);
/* How full it has been since the start. */
struct core_peaks {
	uint64_t queued, leased;  /* the most at once */
	uint64_t full;		  /* how often a task began to wait because no slot was free */
	bool is_full;		  /* that is so now */
};
const struct core_peaks *core_peaks(const struct core *);
int core_capacity(const struct core *);
/* Where tasks are kept, and those that wait there. */
struct core_store {
	bool durable; /* false: the memory engine, of which the store's view says nothing */
	struct store_view store;
	uint64_t delayed;	   /* tasks that wait for their time */
	uint64_t dead, dead_bytes; /* tasks */
};
void core_view_store(const struct core *, struct core_store *);
uint64_t core_payload_bytes(const struct core *);

#endif

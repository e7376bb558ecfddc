/*
 * core_impl.h: the task core's own struct, for the rooms that make it up: core, settle, operate,
 * dispatch, seat, spawn, reap, watch, view, timer. Nobody else includes it.
 */
#ifndef DEFERD_CORE_IMPL_H
#define DEFERD_CORE_IMPL_H

#include "bulk.h"
#include "core.h"
#include "durable.h"
#include "events.h"
#include "lag.h"
#include "lease.h"
#include "link.h"
#include "reap.h"
#include "reload.h"
#include "retry.h"
#include "seat.h"
#include "spawn.h"
#include "spawn_log.h"
#include "stats.h"
#include "steps.h"
#include "tasks.h"
#include "traces.h"

#define CORE_WAITS 1000
/* The supervisor answers a sync caller this long after the deadline, whatever happens. */
#define CORE_ANSWER_GRACE_MS 100
#define CORE_START_TIMEOUT_MS 5000
#define CORE_DEATHS_MAX 3 /* charged; then the task is poison */
#define CORE_RERUNS_MAX 5 /* uncharged */

struct core_waits { /* the last waits of a lane's leases, a ring */
	uint32_t ms[CORE_WAITS];
	size_t n, next;
};

struct core {
	struct event_base *base; /* borrowed */
	const struct conf *conf; /* borrowed */
	enum core_phase phase;
	int64_t now_ms; /* monotonic, of this loop turn */
	struct stats stats;
	struct events *events;
	struct lag *lag; /* NULL: not measured */
	struct link_hub *hub;
	struct app **app;
	struct forkserver **forkserver; /* by app index; NULL: the app is coming */
	struct spawn_log *spawn_log;	/* NULL: they inherit stderr */
	size_t app_n;
	struct lease lease;
	struct seat **seat;
	size_t seat_n;
	struct tasks tasks;
	struct taskid_maker ids;
	struct reaper reaper;
	struct brake brake; /* of the whole pool */
	uint64_t last_worker;
	struct dossiers dossiers;
	struct traces traces;
	struct core_peaks peaks;
	struct core_waits waits[LANE_COUNT];
	uint64_t lane_done[LANE_COUNT], lane_failed[LANE_COUNT];
	struct reload *reload;	 /* under way; NULL: none */
	struct durable *durable; /* NULL: the memory engine */
	struct bulk *bulk;	 /* the last order; NULL: none so far */
	struct heap delayed;	 /* by task.deadline, wall ms */
	uint64_t generation;	 /* counts reloads, from 0 */
	core_ended_cb *ended; /* or NULL */
	void *ended_arg;
	struct event *watch, *deadline;
	struct event *shoot; /* at workers that were asked for their last words */
	int64_t wall_ahead_ms; /* wall minus monotonic clock, at the last ticks; 0: none yet */
	int64_t watched_ms;  /* when the watch last ran */
	int64_t deadline_ms; /* what the timer is armed for; 0: not armed */
	bool was_ready;
};

/* --- settle.c: how a task ends or goes back --- */
void settle_end(struct core *, struct task *, enum task_state, enum fault);
/* Out of its lane, lease, or heap, whatever it is in: for the rooms that end tasks. */
void settle_leave(struct core *, struct task *);
/* The class (or NULL) and the message that its caller gets to see. */
void settle_say(struct task *, const char *class, const char *message);
/* Just granted, but its handler is no longer there (a reload took it away). */
void settle_end_unknown(struct core *, struct task *);
/* It failed: it runs again later when it has attempts left, else it ends (dead when it had
 * more than one). wait_ms: what Cloud::Retry asked for; 0: the usual. */
void settle_fail(struct core *, struct task *, enum fault, enum retry_wish, int64_t wait_ms);
/* Leased -> queued again, at the head of its lane. */
void settle_requeue(struct core *, struct task *, bool charged, const char *reason);
/* Its worker died: the culprit is charged, neighbours run again. */
void settle_death(struct core *, struct seat *, const struct page_burst *, const char *why);
/* The worker leaves in peace with leases left (it could not finish them). */
void settle_leftovers(struct core *, struct seat *, const char *why);
/* Tells a waiting sync caller now, though the task has not ended. */
void settle_answer_early(struct core *, struct task *, enum fault);
/* --- settle_stop.c --- */
/* Taken out of memory; its record stays in the store and runs at the next start. */
void settle_shelve(struct core *, struct task *);
/* The same for every stored task that waits; how many. Delayed ones that are not stored end. */
size_t settle_shelve_waiting(struct core *);
/* Everything that has not ended, ends (stored ones are shelved): the process stops. Returns
 * how many ended. */
size_t settle_drop_all(struct core *, bool leased_too);

/* --- dispatch.c: leases and messages --- */
void dispatch_batch(struct seat *, struct span bytes);
/* Asks the lease rule until it has nothing more, carries it out, flushes the links. */
void dispatch_turn(struct core *);
int64_t dispatch_deadline_ms(const struct task *); /* when the task must be done; 0: none */

/* --- enqueue.c: Cloud.enqueue --- */
void enqueue_on_message(struct seat *, const struct msg_enqueue *);

/* --- leftover.c: what handlers say, and what they leave behind --- */
void leftover_on_detached(struct seat *, const struct msg_detached *);
void leftover_on_unhandled(struct seat *, const struct msg_unhandled *);
void leftover_on_log(struct seat *, const struct msg_log *);

/* --- delay.c --- */
/* Out of its lease already: it waits, and runs again. */
void delay_again(struct core *, struct task *, enum fault, int64_t wait_ms);
void delay_end(struct core *, struct task *); /* DELAYED -> QUEUED, now */
void delay_turn(struct core *);

/* --- submit.c --- */
/* ACCEPTED -> its lane, or (due_wall_ms > 0) waiting for its time. */
void core_place(struct core *, struct task *, int64_t due_wall_ms);
/* The same for a new task: it is counted and told of. */
void core_enter(struct core *, struct task *, int64_t due_wall_ms);

/* --- watch.c: hearts, deadlines, timers --- */
void watch_arm_deadline(struct core *, struct task *, int64_t at_ms);
void watch_turn(struct core *);
int watch_init(struct core *);
void watch_fini(struct core *);

/* --- timer.c: Cloud.timer --- */
/* A catalogue is in force: its new timers are reckoned from now on. */
void timer_start(struct core *, struct app *);
void timer_turn(struct core *);
void timer_adopt(struct task *); /* a tick that a restart brought back */
struct record_timer;
struct timer;
/* What the store says of it. */
void timer_recover(
    struct timer *, uint64_t key, const struct record_timer *, int64_t wall_ms);

/* --- emit.c --- */
/* Begins an event about a task; NULL when nobody listens, else events_end ends it. */
struct jsonw *emit_task(struct core *, const char *event, const struct task *);
/* A whole event about a worker; text may be NULL. */
void emit_worker(struct core *, const struct seat *, const char *event, const char *text);

/* --- obituary.c --- */
/* Writes the sentence into seat.obituary, which may hold why deferd killed it. */
void obituary_write(struct seat *, const struct reap_exit *, const struct page_burst *);

/* --- operate.c --- */
/* After the leases of a turn: how full is it? */
void core_note_peaks(struct core *);

/* --- core_apps.c --- */
void core_make_apps(struct core *);
/* Makes the apps of the config that are not known yet, `coming`, until a reload commits
 * them. 0, -ERR_NOMEM or -ERR_FULL. */
int core_add_apps(struct core *, const struct conf *) MUST_USE;
/* The app's entry in that config, or NULL. */
const struct conf_app *core_app_conf(const struct conf *, const struct app *);

/* --- core.c --- */
/* A seat more, empty; NULL: no memory. */
struct seat *core_add_seat(struct core *);
/* Of the worker with that number, if it can be spoken to; else NULL. */
struct seat *core_find_seat(struct core *, uint64_t worker);
/* Another config is in force: pool, limits, log level. */
void core_use_conf(struct core *, const struct conf *);
struct handler *core_handler_of(const struct task *);
void core_refresh_clock(struct core *);

#endif

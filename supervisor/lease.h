/*
 * lease.h: who gets a slot next. The one place that knows the lane rule:
 *
 *   1. main first: while a slot is free and main holds a leasable task, lease it;
 *   2. low only when main holds no leasable task and leased_low < low_limit;
 *   3. main may use every slot.
 *
 * A task is leasable when its lane is not paused, its app is under its own limit, and a
 * worker of its app has a free slot, is starting, or can be made at once (an empty seat,
 * an idle worker of another app to retire, or a promised seat that is being left).
 *
 * And how apps share the pool. An app *lacks* a worker when tasks of it only wait for a
 * slot, as many as its workers have slots or more, and no worker is on its way to it. The
 * one with the fewest workers comes first; then the order of the lane's ring decides.
 *
 *   4. An empty seat goes to an app that lacks a worker, else to the smallest app.
 *   5. Without an empty seat it gets an idle worker's: of any app when it has no worker
 *      itself (it is *owed* one); else of an app that keeps another, once the worker has
 *      rested; or an app's last one after a long rest, if another one stays idle.
 *   6. Without an idle one a worker that has had its turn is closed, and its seat promised:
 *      the least loaded one of the app with the most workers. For an app that has
 *      workers, only of an app with at least two more.
 *
 * Nothing that runs is ended by it: a closed worker takes no more leases and goes when
 * its last task has ended.
 *
 * Pure: told what happened and when, asked what to do next. It owns no task and no worker;
 * the caller embeds struct lease_seat in its own seat and carries the actions out.
 */
#ifndef DEFERD_LEASE_H
#define DEFERD_LEASE_H

#include "app.h"
#include "lane.h"

#define LEASE_TURN_MS 20	  /* a worker's turn: ten times what a change of hands takes */
#define LEASE_REST_MS 100	  /* idle so long, it can be spared */
#define LEASE_LAST_REST_MS 10000 /* ... though it is its app's last one */

enum lease_seat_state {
	LEASE_SEAT_EMPTY,    /* no worker; can get one */
	LEASE_SEAT_STARTING, /* a worker of `app` is on its way */
	LEASE_SEAT_READY,    /* takes leases */
	LEASE_SEAT_CLOSING   /* takes no more; becomes empty when its worker is gone */
};

struct lease_seat {
	int index;
	enum lease_seat_state state;
	int app;      /* index; -1 when empty */
	int promised; /* when closing: the app that gets the seat next; -1: anybody */
	unsigned leased;
	bool beside;		/* CLOSING, and not counted as one of the pool's seats */
	uint64_t used;		/* when it last got a lease, in leases; for "least recently" */
	int64_t ready_ms;	/* since when it is READY */
	int64_t idle_ms;	/* since when it has no lease */
	struct heap_node load;	/* in its app's heap while READY */
	struct task_list tasks; /* leased to it, oldest first, by task.place */
};

struct lease_app {
	struct lane_app lane[LANE_COUNT];
	struct heap ready; /* its READY seats by load */
	unsigned leased;
	unsigned limit;	 /* most leases of the app; 0: none of its own */
	unsigned seats;	 /* STARTING, READY and CLOSING ones */
	unsigned starting, closing; /* of those */
	unsigned promised; /* CLOSING seats that it gets next */
	unsigned coming;   /* those of them without a lease: they empty soon */
	bool can_spawn; /* its forkserver is up and not braked */
};

struct lease {
	int concurrent, slots;
	int64_t threshold_e9;
	unsigned capacity, low_limit; /* derived from the three above */
	unsigned leased[LANE_COUNT];
	int64_t now_ms;
	unsigned idle;	 /* READY seats without a lease */
	uint64_t grants; /* since the start: the clock of `used` */
	struct lane lane[LANE_COUNT];
	struct lease_app *app; /* owned */
	size_t app_n, app_room;
	struct lease_seat **seat; /* owned array of borrowed seats; index = place in it */
	size_t seat_n;
	unsigned occupied; /* seats that are neither EMPTY nor beside the pool */
};

/* floor(threshold x capacity) in decimal, at least 1 when the threshold is > 0. */
unsigned lease_low_limit(unsigned capacity, int64_t threshold_e9);

/* app_n apps with indexes 0.., no seats yet, nobody can spawn. 0 or -ERR_NOMEM. */
int lease_init(struct lease *, size_t app_n, int concurrent, int slots, int64_t threshold_e9);
void lease_fini(struct lease *);
/* One app more, with the next index; nobody can spawn for it yet. 0, or -ERR_FULL after
 * LEASE_MORE_APPS of them: they are linked and cannot move. */
#define LEASE_MORE_APPS 1000
int lease_add_app(struct lease *) MUST_USE;
/* Registers a seat (index = number of seats so far); it is EMPTY. 0 or -ERR_NOMEM. */
int lease_add_seat(struct lease *, struct lease_seat *);

/* --- what happened --- */
void lease_queue(struct lease *, struct task *);   /* a ready task, to its lane's tail */
void lease_requeue(struct lease *, struct task *); /* to the head: its worker died */
void lease_unqueue(struct lease *, struct task *); /* it left the lane without a lease */
void lease_release(struct lease *, struct task *); /* its lease is over */
/* EMPTY -> STARTING -> READY -> CLOSING -> EMPTY; each may also go to CLOSING or EMPTY
 * at once. An emptied seat must hold no leases: release or requeue them first. */
void lease_seat_starting(struct lease *, struct lease_seat *, int app);
void lease_seat_ready(struct lease *, struct lease_seat *);
void lease_seat_closing(struct lease *, struct lease_seat *, int promised_app);
void lease_seat_empty(struct lease *, struct lease_seat *);
/* A reload changes workers without a gap: the new ones are made ready beside the pool
 * (EMPTY -> beside), then they enter it (-> READY) and the old ones go beside it, where
 * they finish what they have. Seats beside it are no part of `concurrent`. */
void lease_seat_beside(struct lease *, struct lease_seat *, int app);
void lease_seat_enter(struct lease *, struct lease_seat *);
void lease_seat_aside(struct lease *, struct lease_seat *);
/* The time: before what happens at it, and before asking. */
void lease_set_now(struct lease *, int64_t now_ms);
void lease_set_can_spawn(struct lease *, int app, bool can);
void lease_set_app_limit(struct lease *, int app, unsigned limit);
void lease_set_paused(struct lease *, enum lane_name, bool paused);
/* Another pool size: no seat is filled while `concurrent` or more are occupied, and nothing
 * is leased while leased >= capacity. */
void lease_set_pool(struct lease *, int concurrent, int slots, int64_t threshold_e9);

/* --- between the files of the rule --- */
/* lease_books.c: t, the first of its FIFO, is leased to s. */
void lease_book(struct lease *, struct lease_app *, struct lease_seat *s, struct task *t);
/* lease.c: a seat of the app's with a free slot; whether a worker for the app's tasks in
 * that lane would be given one at once. */
struct lease_seat *lease_free_seat(const struct lease *, const struct lease_app *);
bool lease_lane_open(const struct lease *, enum lane_name);

/* --- what to do --- */
enum lease_action_kind {
	LEASE_NONE,   /* nothing until something happens */
	LEASE_GRANT,  /* done already in the books: send task to seat */
	LEASE_SPAWN,  /* start a worker of app in the empty seat; the caller must then say
			 lease_seat_starting, or take can_spawn away */
	LEASE_RETIRE  /* seat is wanted for app: let its worker finish what it has and go;
			 marked CLOSING already */
};
struct lease_action {
	enum lease_action_kind kind;
	struct task *task;
	struct lease_seat *seat;
	int app;
	size_t leasable_main; /* GRANT: leasable main tasks just before it (itself included) */
};
/* Call until LEASE_NONE. O(apps) plus the log of the seats; the seats, too, when a worker
 * changes hands. */
struct lease_action lease_next(struct lease *);
/* The half of it that is about workers (lease_pool.c): rules 4 to 6. */
bool lease_make_worker(struct lease *, struct lease_action *);
/* What is leasable counts what can be made at once. */
bool lease_can_make(const struct lease *, const struct lease_app *);
bool lease_under_limit(const struct lease_app *);

/* Leasable tasks that wait in a lane now. */
size_t lease_count_leasable(const struct lease *, enum lane_name);

#endif

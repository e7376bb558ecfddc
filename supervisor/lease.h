/*
 * lease.h: who gets a slot next. The one place that knows the lane rule:
 *
 *   1. main first: while a slot is free and main holds a leasable task, lease it;
 *   2. low only when main holds no leasable task and leased_low < low_limit;
 *   3. main may use every slot.
 *
 * A task is leasable when its lane is not paused, its app is under its own limit, and a
 * worker of its app has a free slot, is starting, or can be made at once (an empty seat,
 * an idle worker of another app to retire, or a seat promised to the app).
 *
 * Pure: told what happened, asked what to do next. It owns no task and no worker; the
 * caller embeds struct lease_seat in its own seat and carries the actions out.
 */
#ifndef DEFERD_LEASE_H
#define DEFERD_LEASE_H

#include "app.h"
#include "lane.h"

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
	struct heap_node load;	/* in its app's heap while READY */
	struct task_list tasks; /* leased to it, oldest first, by task.place */
};

struct lease_app {
	struct lane_app lane[LANE_COUNT];
	struct heap ready; /* its READY seats by load */
	unsigned leased;
	unsigned limit;	 /* most leases of the app; 0: none of its own */
	unsigned seats;	 /* STARTING, READY and CLOSING ones */
	unsigned starting, promised;
	bool can_spawn; /* its forkserver is up and not braked */
};

struct lease {
	int concurrent, slots;
	int64_t threshold_e9;
	unsigned capacity, low_limit; /* derived from the three above */
	unsigned leased[LANE_COUNT];
	uint64_t grants; /* since the start: the clock of `used` */
	struct lane lane[LANE_COUNT];
	struct lease_app *app; /* owned */
	size_t app_n;
	struct lease_seat **seat; /* owned array of borrowed seats; index = place in it */
	size_t seat_n;
	unsigned occupied; /* seats that are neither EMPTY nor beside the pool */
};

/* floor(threshold x capacity) in decimal, at least 1 when the threshold is > 0. */
unsigned lease_low_limit(unsigned capacity, int64_t threshold_e9);

/* app_n apps with indexes 0.., no seats yet, nobody can spawn. 0 or -ERR_NOMEM. */
int lease_init(struct lease *, size_t app_n, int concurrent, int slots, int64_t threshold_e9);
void lease_fini(struct lease *);
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
void lease_set_can_spawn(struct lease *, int app, bool can);
void lease_set_app_limit(struct lease *, int app, unsigned limit);
void lease_set_paused(struct lease *, enum lane_name, bool paused);
/* Another pool size: no seat is filled while `concurrent` or more are occupied, and nothing
 * is leased while leased >= capacity. */
void lease_set_pool(struct lease *, int concurrent, int slots, int64_t threshold_e9);

/* The rule's own entry: t, the first of its FIFO, is leased to s. */
void lease_book(struct lease *, struct lease_app *, struct lease_seat *s, struct task *t);

/* --- what to do --- */
enum lease_action_kind {
	LEASE_NONE,   /* nothing until something happens */
	LEASE_GRANT,  /* done already in the books: send task to seat */
	LEASE_SPAWN,  /* start a worker of app in the empty seat; the caller must then say
			 lease_seat_starting, or take can_spawn away */
	LEASE_RETIRE  /* seat is idle and its place is owed to app; marked CLOSING already */
};
struct lease_action {
	enum lease_action_kind kind;
	struct task *task;
	struct lease_seat *seat;
	int app;
	size_t leasable_main; /* GRANT: leasable main tasks just before it (itself included) */
};
/* Call until LEASE_NONE. O(apps) plus the log of the seats. */
struct lease_action lease_next(struct lease *);

/* Leasable tasks that wait in a lane now. */
size_t lease_count_leasable(const struct lease *, enum lane_name);

#endif

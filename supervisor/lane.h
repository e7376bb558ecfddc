/*
 * lane.h: a lane holds the ready tasks: one FIFO per app, and a ring of the apps that
 * have any, so that they take turns. It knows no workers and no limits: lease.c does.
 * Pure.
 */
#ifndef DEFERD_LANE_H
#define DEFERD_LANE_H

#include "task.h"

struct lane_app { /* one app's FIFO in one lane; embedded in lease.c's book-keeping */
	struct task_list fifo;
	size_t n;
	int app; /* its index */
	TAILQ_ENTRY(lane_app) ring; /* linked while n > 0 */
};
TAILQ_HEAD(lane_ring, lane_app);

struct lane {
	struct lane_ring ring; /* the app whose turn it is comes first */
	size_t n;	       /* tasks in all FIFOs */
	bool paused;
};

void lane_init(struct lane *);
void lane_app_init(struct lane_app *, int app);
/* At the FIFO's tail: a new task. An app that had none joins the ring's end. */
void lane_push(struct lane *, struct lane_app *, struct task *);
/* At the FIFO's head: a task whose worker died. */
void lane_push_head(struct lane *, struct lane_app *, struct task *);
/* From wherever in the FIFO it is. */
void lane_remove(struct lane *, struct lane_app *, struct task *);
/* The app has had its turn: to the ring's end (no-op when it has no task left). */
void lane_turn(struct lane *, struct lane_app *);

#endif

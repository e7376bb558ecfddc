/*
 * durable.h: between the core and the store: which record is written when. An async task is
 * accepted when its record is on disk; while it waits or runs the record stays; when it ends
 * one commit takes the record away and puts the outcome in its place. A task that was leased
 * when the process died is simply still there: it runs again.
 *
 * NULL stands for the memory engine wherever a struct durable is taken.
 */
#ifndef DEFERD_DURABLE_H
#define DEFERD_DURABLE_H

#include "core.h"
#include "steps.h"
#include "store.h"

struct durable;

/* Writes what is left, at most for wait_ms. True: all is on disk. */
bool durable_close(struct core *, int64_t wait_ms);
bool durable_accepts(const struct durable *);
void durable_turn(struct durable *);
void durable_view(const struct durable *, struct store_view *); /* NULL: engine "memory" */

/* The task (in ACCEPTED, unless relaxed) is to be kept. False: it cannot be. */
bool durable_accept(struct core *, struct task *, const struct submission *);
/* ACCEPTED, and it ends (cancelled): who waits for the commit is told so. */
void durable_end_accept(struct core *, struct task *);
/* A timer has come so far: all that was due until done_wall_ms is dealt with. Its key, 0 at
 * first, is given here. */
void durable_timer(
    struct core *, const struct handler *, int64_t done_wall_ms, uint64_t *key);
void durable_forget_timer(struct core *, uint64_t key); /* 0: no-op */
/* For a task with a key; no-op for others: */
void durable_change(struct core *, const struct task *, int64_t due_wall_ms);
void durable_end(struct core *, const struct task *);
/* A dead one is queued again: in one commit its end goes and it stands there as new. */
void durable_revive(struct core *, struct task *);

/* The task, which has a key, has finished a step: steps_stored is called when it is on disk
 * or that failed; then it is tried again all the same. False: it cannot be kept. */
bool durable_keep_step(
    struct core *, const struct task *, struct step *, uint64_t worker, uint64_t request);

#endif

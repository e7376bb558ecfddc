/*
 * sup.h: the running supervisor: the loop, the signals, and the order of a stop.
 */
#ifndef DEFERD_SUP_H
#define DEFERD_SUP_H

#include "conf.h"
#include "handover.h"

/* Called once, when the first worker is ready, with 0; or with an exit code and a sentence when
 * it will not come to that. */
typedef void sup_ready_cb(int exit_code, const char *text, void *arg);
struct sup_start {
	const struct conf *conf;   /* borrowed */
	struct handover *handover; /* borrowed; what was handed over is taken out */
	const char *program;	   /* what a restart executes; borrowed */
	sup_ready_cb *ready;	   /* or NULL */
	void *arg;
};
#define SUP_RESTART (-1)
/* Runs until it is told to stop. An exit code; or SUP_RESTART: the handover has what the next
 * program is to get (handover_exec), and all signals are blocked. */
int sup_run(const struct sup_start *);

/* Loads every app's handlers in throw-away forkservers and reports to stderr what is wrong.
 * An exit code. visit (may be NULL) sees each app with its catalogue when all is well. */
struct app;
int sup_check_handlers(
    const struct conf *, void (*visit)(const struct app *, void *arg), void *arg);

#endif

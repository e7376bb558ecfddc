/*
 * sup.h: the running supervisor: the loop, the signals, and the order of a stop.
 */
#ifndef DEFERD_SUP_H
#define DEFERD_SUP_H

#include "conf.h"

/* Runs until it is told to stop. conf is borrowed. ready (may be NULL) is called once, when
 * the first worker is ready, with 0; or with an exit code and a sentence when it will not
 * come to that. Returns the exit code. */
typedef void sup_ready_cb(int exit_code, const char *text, void *arg);
int sup_run(const struct conf *, sup_ready_cb *ready, void *arg);

/* Loads every app's handlers in throw-away forkservers and reports to stderr what is wrong.
 * An exit code. */
int sup_check_handlers(const struct conf *);

#endif

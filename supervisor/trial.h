/*
 * trial.h: tries the program file, the config and the handlers, as `deferd -t` in a process
 * beside this one, before anything is given up for them.
 */
#ifndef DEFERD_TRIAL_H
#define DEFERD_TRIAL_H

#include "core.h"

struct trial {
	int pid; /* 0: none is under way */
	int out; /* what it says; -1: none */
	int64_t until_ms;
};

/* Runs `program -t -f file`; limit_ms is how long it may take. 0, or -ERR_SYSTEM with the
 * reason in `why`. Blocks until the exec. */
int trial_start(struct trial *, const char *program, const char *file, int64_t limit_ms,
    struct buf *why) MUST_USE;
enum trial_result { TRIAL_RUNS, TRIAL_GOOD, TRIAL_BAD };
/* BAD: what it said is in `why`. After its end there is no trial under way. */
enum trial_result trial_poll(struct trial *, struct core *, struct buf *why);
/* Ends what is under way. */
void trial_stop(struct trial *);

#endif

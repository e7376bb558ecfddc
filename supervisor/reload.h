/*
 * reload.h: other handlers and another config, without a gap. New forkservers load the
 * files beside the running ones; new workers are made ready beside the pool; then, at one
 * stroke, they enter it, the new catalogue and config are in force, and the old workers
 * finish what they have and go. On any trouble before that stroke, the old generation
 * stays as it is.
 */
#ifndef DEFERD_RELOAD_H
#define DEFERD_RELOAD_H

#include "core.h"
#include <sys/types.h>

struct reload;
struct forkserver;

/* One loop turn's worth of progress; called by core_turn while one is under way. */
void reload_turn(struct core *);
/* The forkserver of the reload with that pid, or NULL. */
struct forkserver *reload_find_forkserver(struct core *, pid_t);
/* Gives up what is under way, silently (the process stops). */
void reload_abandon(struct core *);

#endif

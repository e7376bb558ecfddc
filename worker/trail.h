/*
 * trail.h: how an exception came to where it is: mruby's backtrace ends where the fiber
 * began in which it was raised. The trail goes on from there, through async and then
 * blocks, nested calls and awaits, to the handler of the task.
 *
 * It is an Array of Strings in the exception's @trail, never changed, only replaced: a
 * rejected deferred keeps the one it was rejected with, for all who await it.
 */
#ifndef DEFERD_TRAIL_H
#define DEFERD_TRAIL_H

#include "engine.h"

/* Inside of Ruby (MAY_RAISE), and free unless something fails. */

/* d will be rejected with that reason, which came out of its own block. */
void trail_from_block(struct engine *, mrb_value d, mrb_value reason);
/* ... out of the nested call behind p. */
void trail_from_call(struct engine *, const struct pend *p, mrb_value reason);
/* d is rejected with it. */
void trail_keep(struct engine *, mrb_value d, mrb_value reason);
/* The reason of from, which is rejected, goes on from there, whoever else awaited it.
 * Anywhere; raises nothing. */
void trail_restore(struct engine *, mrb_value from);
/* The running fiber has awaited d and is about to raise the reason. */
void trail_await(struct engine *, mrb_value d, mrb_value reason);

#endif

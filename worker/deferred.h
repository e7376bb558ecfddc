/*
 * deferred.h: Deferred objects as C sees them. All of it runs inside of Ruby (MAY_RAISE)
 * but where it says otherwise.
 *
 * Instance variables:
 *   @state      nil (pending), true, false        @value     value or reason
 *   @reactions  who waits: one or an Array of Integer codes (a fiber's await: even; a
 *               scope's outcome: odd) and of deferreds whose __call is to be run
 *   @source     the deferred it comes from, or an Array of them: for adoption
 *   @scope      code of the scope in which its own blocks run
 *   @work       code of the pend behind it; only real work has one
 *   @place      file symbol << 24 | line
 *   @mode @on_ok @on_err    what __call is to do, see rb/deferred.rb
 */
#ifndef DEFERD_DEFERRED_H
#define DEFERD_DEFERRED_H

#include "engine.h"

#define IV(mrb, o, name) mrb_iv_get(mrb, o, engine_of(mrb)->vm.sym.iv_##name)
#define IV_SET(mrb, o, name, v) mrb_iv_set(mrb, o, engine_of(mrb)->vm.sym.iv_##name, v)

void deferred_define(struct engine *);
/* May be called anywhere; raises nothing. */
bool deferred_is(const struct vm *, mrb_value);
/* False when it had settled before. */
bool deferred_settle(struct engine *, mrb_value d, bool ok, mrb_value);
/* Its __call will run in a fiber of its scope, if that is still there. */
void deferred_post(struct engine *, mrb_value d);
void deferred_add_reaction(mrb_state *, mrb_value d, mrb_value reaction);
/* d was returned or awaited: the work that it comes from is adopted; or detached. */
void deferred_adopt(struct engine *, mrb_value d);
void deferred_detach(struct engine *, mrb_value d);
/* Marks the pends that a parked fiber of the scope waits for as held, the others as not.
 * Not from within Ruby. */
void deferred_mark_held(struct engine *, struct scope *);
/* A new deferred with a pend behind it, in the present scope. */
mrb_value deferred_begin(struct engine *, enum pend_kind);
/* The pend behind it, or NULL. Raises nothing. */
struct pend *deferred_pend(struct engine *, mrb_value d);

#endif

/*
 * deferred.h: Deferred objects as C sees them. All of it runs inside of Ruby
 * (MAY_RAISE) but where it says otherwise.
 *
 * Instance variables:
 *   @state      nil (pending), true, false        @value     value or reason
 *   @reactions  who waits: one or an Array of Integer codes (a fiber's await: even; a
 *               scope's outcome: odd) and of deferreds that deferred_run is for
 *   @source     the deferred it comes from, or an Array of them: for adoption
 *   @scope      code of the scope in which its own blocks run
 *   @work       code of the pend behind it; only real work has one
 *   @place      file symbol << 24 | line
 *   @mode       what its reaction is to do: nil (run @on_ok or @on_err, of then) or a
 * MODE_
 *   @on_ok @on_err    a block, or what MODE_ says
 */
#ifndef DEFERD_DEFERRED_H
#define DEFERD_DEFERRED_H

#include "engine.h"

#define IV(mrb, o, name) mrb_iv_get(mrb, o, engine_of(mrb)->vm.sym.iv_##name)
#define IV_SET(mrb, o, name, v) mrb_iv_set(mrb, o, engine_of(mrb)->vm.sym.iv_##name, v)

enum deferred_mode {        /* rb/deferred.rb has the numbers too */
	MODE_FOLLOW = 1,    /* subscribe to the deferred @on_ok */
	MODE_ASK = 2,       /* call `then` of the object @on_ok */
	MODE_ASYNC = 3,     /* run the block @on_ok */
	MODE_ASK_FIRST = 4, /* as 2, if the object @on_ok says that it has one */
	MODE_SETTLE = 5     /* as the deferred @on_ok has settled */
};

void deferred_define(struct engine *);
/* The scope that Ruby runs for; raises when a handler file is being loaded. */
struct scope *scope_here(struct engine *);
/* May be called anywhere; raises nothing. */
bool deferred_is(const struct vm *, mrb_value);
/* False when it had settled before. */
bool deferred_settle(struct engine *, mrb_value d, bool ok, mrb_value);
/* Promises/A+ 2.3: d takes v, follows it if it is a deferred, or asks it, soon, if it
 * has a `then`. Nothing when d has settled. */
void deferred_resolve(struct engine *, mrb_value d, mrb_value v);
/* Runs the reaction of d, in a fiber if that takes Ruby. Not from within Ruby; d must
 * be protected, and the scope may be gone afterwards. */
void deferred_run(struct engine *, struct scope *, mrb_value d);
/* Its reaction will run in a fiber of its scope, if that is still there. */
void deferred_post(struct engine *, mrb_value d);
void deferred_add_reaction(mrb_state *, mrb_value d, mrb_value reaction);
/* d was returned or awaited: the work that it comes from is adopted; or detached. */
void deferred_adopt(struct engine *, mrb_value d);
void deferred_detach(struct engine *, mrb_value d);
/* Marks the pends that a parked fiber of the scope waits for as held, the others as
 * not. Not from within Ruby. */
void deferred_mark_held(struct engine *, struct scope *);
/* A new deferred with a pend behind it, in the present scope. */
mrb_value deferred_begin(struct engine *, enum pend_kind);
/* The pend behind it, or NULL. Raises nothing. */
struct pend *deferred_pend(struct engine *, mrb_value d);

#endif

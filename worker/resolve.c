/*
 * resolve.c: what a deferred becomes when it is resolved with a value: the resolution
 * procedure of Promises/A+ 1.1, section 2.3. See deferred.h.
 */
#include "deferred.h"
#include "error.h"
#include "trail.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/proc.h>
#include <mruby/variable.h>

/* A circle of more deferreds is not noticed: they stay pending. */
#define CIRCLE_MAX 32

#define NO_THENABLE 0

/* Runs no Ruby. Values that are no objects elsewhere are never thenables (2.3.4); an
 * object with a respond_to? of its own is asked; one with none is a BasicObject. */
static enum deferred_mode
thenable_mode(mrb_state *mrb, mrb_value v)
{
	const struct vm_syms *sym = &engine_of(mrb)->vm.sym;

	switch (mrb_type(v)) {
	case MRB_TT_FALSE:
	case MRB_TT_TRUE:
	case MRB_TT_SYMBOL:
	case MRB_TT_INTEGER:
	case MRB_TT_FLOAT: return NO_THENABLE;
	default: break;
	}
	struct RClass *c = mrb_class(mrb, v);
	mrb_method_t m = mrb_method_search_vm(mrb, &c, sym->responds);
	if (!MRB_METHOD_UNDEF_P(m) && !MRB_METHOD_CFUNC_P(m))
		return MODE_ASK_FIRST;
	if (mrb_respond_to(mrb, v, sym->then))
		return MODE_ASK;
	if (!MRB_METHOD_UNDEF_P(m) && mrb_respond_to(mrb, v, sym->responds_missing))
		return MODE_ASK_FIRST;
	return NO_THENABLE;
}

/* The only one that d waits for; nil: none, or several, or real work. */
static mrb_value
waits_for(mrb_state *mrb, mrb_value d)
{
	mrb_value mode = IV(mrb, d, mode);

	if (!mrb_nil_p(IV(mrb, d, state)))
		return mrb_nil_value();
	if (mrb_nil_p(mode))
		return IV(mrb, d, source);
	if (mrb_fixnum(mode) == MODE_FOLLOW || mrb_fixnum(mode) == MODE_SETTLE)
		return IV(mrb, d, on_ok);
	return mrb_nil_value();
}

static bool
is_circle(struct engine *e, mrb_value d, mrb_value o)
{
	for (int i = 0; i < CIRCLE_MAX && deferred_is(&e->vm, o); i++) {
		if (mrb_obj_ptr(o) == mrb_obj_ptr(d))
			return true;
		o = waits_for(e->vm.mrb, o);
	}
	return false;
}

static void
deferred_refuse(struct engine *e, mrb_value d, const char *why)
{
	struct RClass *c = mrb_class_get(e->vm.mrb, "TypeError");

	deferred_settle(e, d, false, error_make(&e->vm, c, why));
}

static void
deferred_later(struct engine *e, mrb_value d, mrb_value v, enum deferred_mode mode)
{
	mrb_state *mrb = e->vm.mrb;

	IV_SET(mrb, d, mode, mrb_fixnum_value(mode));
	IV_SET(mrb, d, on_ok, v);
	IV_SET(mrb, d, scope, mrb_fixnum_value(scope_here(e)->code));
	deferred_post(e, d);
}

/* In two turns, as ECMAScript: then is called in one, and what it was given in another.
 * So blocks run in the very order in which they would there. */
static void
deferred_follow(struct engine *e, mrb_value d, mrb_value o)
{
	mrb_state *mrb = e->vm.mrb;
	mrb_value src = IV(mrb, d, source);

	IV_SET(mrb, o, handled, mrb_true_value());
	if (mrb_nil_p(src)) {
		IV_SET(mrb, d, source, o);
	} else {
		mrb_value two[2] = {src, o};
		IV_SET(mrb, d, source, mrb_ary_new_from_values(mrb, 2, two));
	}
	deferred_later(e, d, o, MODE_FOLLOW);
}

void
deferred_resolve(struct engine *e, mrb_value d, mrb_value v)
{
	if (!mrb_nil_p(IV(e->vm.mrb, d, state)))
		return;
	if (!deferred_is(&e->vm, v)) {
		enum deferred_mode mode = thenable_mode(e->vm.mrb, v);
		if (mode)
			deferred_later(e, d, v, mode);
		else
			deferred_settle(e, d, true, v);
	} else if (mrb_obj_ptr(v) == mrb_obj_ptr(d)) {
		deferred_refuse(e, d, "a deferred cannot be resolved with itself");
	} else if (is_circle(e, d, v)) {
		IV_SET(e->vm.mrb, v, handled, mrb_true_value());
		deferred_refuse(e, d,
		    "a deferred cannot be resolved with one that waits for it: "
		    "neither would ever settle");
	} else {
		deferred_follow(e, d, v);
	}
}

/* --- reactions --- */

struct relay {
	mrb_value d, from;
};

static mrb_value
relay_follow(mrb_state *mrb, void *arg)
{
	const struct relay *r = arg;

	IV_SET(mrb, r->d, mode, mrb_fixnum_value(MODE_SETTLE));
	if (mrb_nil_p(IV(mrb, r->from, state)))
		deferred_add_reaction(mrb, r->from, r->d);
	else
		deferred_post(engine_of(mrb), r->d);
	return mrb_nil_value();
}

static mrb_value
relay_settle(mrb_state *mrb, void *arg)
{
	const struct relay *r = arg;

	trail_restore(engine_of(mrb), r->from);
	deferred_settle(engine_of(mrb), r->d, mrb_true_p(IV(mrb, r->from, state)),
	    IV(mrb, r->from, value));
	return mrb_nil_value();
}

static void
relay(struct engine *e, struct scope *s, gate_body *fn, mrb_value d, mrb_value from)
{
	struct relay r = {d, from};
	mrb_value out;

	burst_begin(e, s);
	(void)!gate_call(&e->vm, fn, &r, &out);
	burst_end(e);
}

/* The block for the state that from has; d lets go of both. */
static mrb_value
take_block(mrb_state *mrb, mrb_value d, mrb_value from)
{
	mrb_value on_ok = IV(mrb, d, on_ok), on_err = IV(mrb, d, on_err);
	mrb_value block = mrb_true_p(IV(mrb, from, state)) ? on_ok : on_err;

	mrb_gc_protect(mrb, block);
	if (!mrb_nil_p(on_ok))
		IV_SET(mrb, d, on_ok, mrb_nil_value());
	if (!mrb_nil_p(on_err))
		IV_SET(mrb, d, on_err, mrb_nil_value());
	return block;
}

void
deferred_run(struct engine *e, struct scope *s, mrb_value d)
{
	mrb_state *mrb = e->vm.mrb;
	mrb_value mode = IV(mrb, d, mode), what = IV(mrb, d, on_ok);

	if (!mrb_nil_p(IV(mrb, d, state)))
		what = mrb_nil_value(); /* it was cancelled meanwhile */
	else if (mrb_nil_p(mode)) {
		mrb_value from = IV(mrb, d, source);
		what = take_block(mrb, d, from);
		trail_restore(e, from);
		if (mrb_nil_p(what))
			relay(e, s, relay_settle, d, from);
	} else if (mrb_fixnum(mode) == MODE_FOLLOW || mrb_fixnum(mode) == MODE_SETTLE) {
		relay(e, s,
		    mrb_fixnum(mode) == MODE_FOLLOW ? relay_follow : relay_settle, d,
		    what);
		what = mrb_nil_value();
	} else {
		mrb_gc_protect(mrb, what);
		IV_SET(mrb, d, on_ok, mrb_nil_value());
	}
	if (mrb_nil_p(what))
		scope_check(e, s);
	else
		fiber_start(e, s, d, what, 0, false, mrb_test(IV(mrb, d, detached)));
}

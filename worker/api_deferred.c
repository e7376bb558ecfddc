/*
 * api_deferred.c: the methods of Deferred that are C; deferred.c has what they do, and
 * rb/deferred.rb the others.
 */
#include "deferred.h"
#include "place.h"
#include "trail.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/variable.h>

struct scope *
scope_here(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;

	if (!e->scope)
		mrb_raise(mrb, E_RUNTIME_ERROR,
		    "deferred work can only be started by a handler, not while its "
		    "file is "
		    "loaded");
	return e->scope;
}

static mrb_value
d_bare(mrb_state *mrb, mrb_value self)
{
	return mrb_obj_value(mrb_obj_alloc(mrb, MRB_TT_OBJECT, mrb_class_ptr(self)));
}

static mrb_value
d_mark_place(mrb_state *mrb, mrb_value self)
{
	IV_SET(mrb, self, place, place_code(&engine_of(mrb)->vm, mrb_nil_value()));
	return self;
}

static mrb_value
d_settle(mrb_state *mrb, mrb_value self)
{
	mrb_bool ok;
	mrb_value v;

	mrb_get_args(mrb, "bo", &ok, &v);
	return mrb_bool_value(deferred_settle(engine_of(mrb), self, ok, v));
}

/* d.__fail(e): d's own block raised e. */
static mrb_value
d_fail(mrb_state *mrb, mrb_value self)
{
	struct engine *e = engine_of(mrb);
	mrb_value v;

	mrb_get_args(mrb, "o", &v);
	trail_from_block(e, self, v);
	return mrb_bool_value(deferred_settle(e, self, false, v));
}

/* d.__error: what await raises for d, which is rejected. */
static mrb_value
d_error(mrb_state *mrb, mrb_value self)
{
	struct engine *e = engine_of(mrb);
	mrb_value reason = IV(mrb, self, value);

	if (!mrb_exception_p(reason))
		return mrb_obj_new(mrb, e->vm.cls.rejected, 1, &reason);
	trail_await(e, self, reason);
	return reason;
}

/* d.__wait: parks the fiber until d settles; nil then, or the exception that
 * interrupts it. */
static mrb_value
d_wait(mrb_state *mrb, mrb_value self)
{
	int64_t code = fiber_park(engine_of(mrb), self);

	deferred_add_reaction(mrb, self, mrb_fixnum_value(code * 2));
	return mrb_fiber_yield(mrb, 0, NULL);
}

/* d.__watch(code): true when d has settled; else that reaction waits for it. */
static mrb_value
d_watch(mrb_state *mrb, mrb_value self)
{
	mrb_value code;

	mrb_get_args(mrb, "o", &code);
	IV_SET(mrb, self, handled, mrb_true_value());
	if (!mrb_nil_p(IV(mrb, self, state)))
		return mrb_true_value();
	deferred_add_reaction(mrb, self, code);
	return mrb_false_value();
}

static mrb_value
then_make(struct engine *e, mrb_value self, mrb_value on_ok, mrb_value on_err)
{
	mrb_state *mrb = e->vm.mrb;
	struct scope *s = scope_here(e);
	mrb_value d =
	    mrb_obj_value(mrb_obj_alloc(mrb, MRB_TT_OBJECT, e->vm.cls.deferred));

	IV_SET(mrb, d, source, self);
	IV_SET(mrb, d, scope, mrb_fixnum_value(s->code));
	if (!mrb_nil_p(on_ok))
		IV_SET(mrb, d, on_ok, on_ok);
	if (!mrb_nil_p(on_err))
		IV_SET(mrb, d, on_err, on_err);
	if ((e->running && e->running->detached) || mrb_test(IV(mrb, self, detached)))
		IV_SET(mrb, d, detached, mrb_true_value());
	IV_SET(mrb, d, place, place_code(&e->vm, mrb_nil_p(on_ok) ? on_err : on_ok));
	IV_SET(mrb, self, handled, mrb_true_value());
	if (mrb_nil_p(IV(mrb, self, state)))
		deferred_add_reaction(mrb, self, d);
	else
		deferred_post(e, d);
	return d;
}

/* Promises/A+ 2.2.1: what cannot be called is ignored. */
static mrb_value
callable(mrb_state *mrb, mrb_value v)
{
	if (mrb_nil_p(v) || mrb_type(v) == MRB_TT_PROC)
		return v;
	return mrb_respond_to(mrb, v, engine_of(mrb)->vm.sym.call) ? v
								   : mrb_nil_value();
}

/* d.then(on_fulfilled, on_rejected) { }: the derived deferred. */
static mrb_value
d_then(mrb_state *mrb, mrb_value self)
{
	mrb_value on_ok = mrb_nil_value(), on_err = on_ok, block = on_ok;

	mrb_get_args(mrb, "|oo&", &on_ok, &on_err, &block);
	return then_make(engine_of(mrb), self,
	    callable(mrb, mrb_nil_p(block) ? on_ok : block), callable(mrb, on_err));
}

/* d.catch(on_rejected) { } */
static mrb_value
d_catch(mrb_state *mrb, mrb_value self)
{
	mrb_value on_err = mrb_nil_value(), block = on_err;

	mrb_get_args(mrb, "|o&", &on_err, &block);
	return then_make(engine_of(mrb), self, mrb_nil_value(),
	    callable(mrb, mrb_nil_p(block) ? on_err : block));
}

/* d.__resolve(v) */
static mrb_value
d_resolve(mrb_state *mrb, mrb_value self)
{
	deferred_resolve(engine_of(mrb), self, mrb_get_arg1(mrb));
	return mrb_nil_value();
}

mrb_value
deferred_begin(struct engine *e, enum pend_kind kind)
{
	mrb_state *mrb = e->vm.mrb;
	struct scope *s = scope_here(e);
	mrb_value d =
	    mrb_obj_value(mrb_obj_alloc(mrb, MRB_TT_OBJECT, e->vm.cls.deferred));
	struct pend *p = pend_new(e, s, kind, d);

	if (!p)
		mrb_raise(mrb, E_RUNTIME_ERROR, "too many operations are pending");
	IV_SET(mrb, d, work, mrb_fixnum_value(p->code));
	return d;
}

/* Deferred.__delay(seconds, value) */
static mrb_value
d_delay(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	mrb_float seconds;
	mrb_value v;

	mrb_get_args(mrb, "fo", &seconds, &v);
	if (!(seconds >= 0) || seconds > 1e9)
		mrb_raise(mrb, E_ARGUMENT_ERROR,
		    "Deferred.delay: seconds must be 0 or more, and finite");
	mrb_value d = deferred_begin(e, PEND_TIMER);
	struct pend *p = deferred_pend(e, d);
	p->value = pin_put(&e->vm, v);
	pend_timer(e, p, seconds);
	return d;
}

/* Deferred.__async(block) */
static mrb_value
d_async(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	mrb_value block;

	mrb_get_args(mrb, "o", &block);
	mrb_value d = deferred_begin(e, PEND_ASYNC);
	struct pend *p = deferred_pend(e, d);
	p->file = place_of_call(&e->vm, block, &p->line);
	IV_SET(mrb, d, place, place_code(&e->vm, block));
	IV_SET(mrb, d, mode, mrb_fixnum_value(MODE_ASYNC));
	IV_SET(mrb, d, on_ok, block);
	IV_SET(mrb, d, scope, mrb_fixnum_value(e->scope->code));
	if (e->running && e->running->detached)
		IV_SET(mrb, d, detached, mrb_true_value());
	deferred_post(e, d);
	return d;
}

/* d.__own: the fiber that runs now runs d's async block. */
static mrb_value
d_own(mrb_state *mrb, mrb_value self)
{
	struct engine *e = engine_of(mrb);
	mrb_value work = IV(mrb, self, work);

	if (e->running && mrb_integer_p(work))
		e->running->work = mrb_integer(work);
	return self;
}

static mrb_value
d_detach(mrb_state *mrb, mrb_value self)
{
	deferred_detach(engine_of(mrb), self);
	return self;
}

/* d.__adopt: d was awaited; of use only while something is pending. */
static mrb_value
d_adopt(mrb_state *mrb, mrb_value self)
{
	struct engine *e = engine_of(mrb);

	IV_SET(mrb, self, handled, mrb_true_value());
	if (e->scope && !TAILQ_EMPTY(&e->scope->pends))
		deferred_adopt(e, self);
	return mrb_nil_value();
}

/* d.__stop: cancels the work behind d, if there is any. */
static mrb_value
d_stop(mrb_state *mrb, mrb_value self)
{
	struct engine *e = engine_of(mrb);
	struct pend *p = deferred_pend(e, self);

	if (p)
		pend_cancel(e, p);
	return mrb_bool_value(p != NULL);
}

void
deferred_define(struct engine *e)
{
	static const struct {
		const char *name;
		mrb_func_t fn;
		mrb_aspec args;
		bool of_class;
	} methods[] = {
	    {"__bare", d_bare, MRB_ARGS_NONE(), true},
	    {"__delay", d_delay, MRB_ARGS_REQ(2), true},
	    {"__async", d_async, MRB_ARGS_REQ(1), true},
	    {"__mark_place", d_mark_place, MRB_ARGS_NONE(), false},
	    {"__settle", d_settle, MRB_ARGS_REQ(2), false},
	    {"__fail", d_fail, MRB_ARGS_REQ(1), false},
	    {"__error", d_error, MRB_ARGS_NONE(), false},
	    {"__wait", d_wait, MRB_ARGS_NONE(), false},
	    {"__watch", d_watch, MRB_ARGS_REQ(1), false},
	    {"then", d_then, MRB_ARGS_OPT(2) | MRB_ARGS_BLOCK(), false},
	    {"__then", d_then, MRB_ARGS_OPT(2) | MRB_ARGS_BLOCK(), false},
	    {"catch", d_catch, MRB_ARGS_OPT(1) | MRB_ARGS_BLOCK(), false},
	    {"__resolve", d_resolve, MRB_ARGS_REQ(1), false},
	    {"__own", d_own, MRB_ARGS_NONE(), false},
	    {"__adopt", d_adopt, MRB_ARGS_NONE(), false},
	    {"__stop", d_stop, MRB_ARGS_NONE(), false},
	    {"detach", d_detach, MRB_ARGS_NONE(), false},
	};
	mrb_state *mrb = e->vm.mrb;
	struct RClass *c = mrb_define_class(mrb, "Deferred", mrb->object_class);

	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (methods[i].of_class)
			mrb_define_class_method(
			    mrb, c, methods[i].name, methods[i].fn, methods[i].args);
		else
			mrb_define_method(
			    mrb, c, methods[i].name, methods[i].fn, methods[i].args);
}

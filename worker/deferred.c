/* deferred.c: settling, reactions, sources: see deferred.h. */
#include "deferred.h"
#include "trace.h"
#include "trail.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/variable.h>

bool
deferred_is(const struct vm *vm, mrb_value v)
{
	return !mrb_immediate_p(v) && mrb_type(v) == MRB_TT_OBJECT &&
	       (mrb_obj_ptr(v)->c == vm->cls.deferred ||
		   mrb_obj_is_kind_of(vm->mrb, v, vm->cls.deferred));
}

/* --- reactions --- */

void
deferred_post(struct engine *e, mrb_value d)
{
	mrb_state *mrb = e->vm.mrb;
	mrb_value code = IV(mrb, d, scope);
	struct scope *s =
	    slots_get(&e->scopes, mrb_integer_p(code) ? mrb_integer(code) : 0);

	if (!s)
		return;
	bool detached = mrb_test(IV(mrb, d, detached));
	s->queued++;
	s->queued_detached += detached;
	engine_push(e, (struct ready){.kind = READY_REACTION,
			   .detached = detached,
			   .pin = pin_put(&e->vm, d),
			   .code = s->code});
}

static void
deferred_react(struct engine *e, mrb_value reaction)
{
	if (!mrb_integer_p(reaction)) {
		deferred_post(e, reaction);
		return;
	}
	int64_t code = mrb_integer(reaction);
	if (code & 1) {
		engine_push(e, (struct ready){.kind = READY_OUTCOME, .code = code / 2});
		return;
	}
	struct fiber *f = slots_get(&e->parks, code / 2);
	if (f && f->state == FIBER_PARKED)
		fiber_wake(e, f);
}

void
deferred_add_reaction(mrb_state *mrb, mrb_value d, mrb_value r)
{
	mrb_value had = IV(mrb, d, reactions);

	if (mrb_nil_p(had)) {
		IV_SET(mrb, d, reactions, r);
	} else if (mrb_array_p(had)) {
		mrb_ary_push(mrb, had, r);
	} else {
		mrb_value two[2] = {had, r};
		IV_SET(mrb, d, reactions, mrb_ary_new_from_values(mrb, 2, two));
	}
}

/* A source is worth keeping while something behind it may still be pending. */
static bool
source_matters(mrb_state *mrb, mrb_value s)
{
	return mrb_nil_p(IV(mrb, s, state)) || !mrb_nil_p(IV(mrb, s, source));
}

static void
deferred_prune(mrb_state *mrb, mrb_value d)
{
	mrb_value src = IV(mrb, d, source);
	bool matters = false;

	if (mrb_nil_p(src))
		return;
	if (mrb_array_p(src))
		for (mrb_int i = 0; i < RARRAY_LEN(src) && !matters; i++)
			matters = source_matters(mrb, RARRAY_PTR(src)[i]);
	else
		matters = source_matters(mrb, src);
	if (!matters)
		IV_SET(mrb, d, source, mrb_nil_value());
}

bool
deferred_settle(struct engine *e, mrb_value d, bool ok, mrb_value v)
{
	mrb_state *mrb = e->vm.mrb;

	if (!mrb_nil_p(IV(mrb, d, state)))
		return false;
	IV_SET(mrb, d, state, mrb_bool_value(ok));
	IV_SET(mrb, d, value, v);
	if (!ok)
		trail_keep(e, d, v);
	mrb_value work = IV(mrb, d, work), r = IV(mrb, d, reactions);
	struct pend *p =
	    slots_get(&e->pends, mrb_integer_p(work) ? mrb_integer(work) : 0);
	if (p) {
		trace_work_end(e, p, ok);
		pend_free(e, p);
	}
	deferred_prune(mrb, d);
	if (mrb_array_p(r))
		for (mrb_int i = 0; i < RARRAY_LEN(r); i++)
			deferred_react(e, RARRAY_PTR(r)[i]);
	else if (!mrb_nil_p(r))
		deferred_react(e, r);
	else if (!ok && e->scope && !mrb_test(IV(mrb, d, handled)))
		scope_unhandled(e, e->scope, d);
	if (!mrb_nil_p(r))
		IV_SET(mrb, d, reactions, mrb_nil_value());
	return true;
}

/* --- adoption --- */

typedef void source_visit(struct engine *, mrb_value d);

static void
push_sources(mrb_state *mrb, mrb_value stack, mrb_value d)
{
	mrb_value src = IV(mrb, d, source);

	if (mrb_array_p(src))
		for (mrb_int i = 0; i < RARRAY_LEN(src); i++)
			mrb_ary_push(mrb, stack, RARRAY_PTR(src)[i]);
	else if (!mrb_nil_p(src))
		mrb_ary_push(mrb, stack, src);
}

/* Visits d and everything that it comes from, each once. */
static void
deferred_walk(struct engine *e, mrb_value d, source_visit *visit)
{
	mrb_state *mrb = e->vm.mrb;
	mrb_value stack = mrb_ary_new(mrb);

	e->walks++;
	mrb_ary_push(mrb, stack, d);
	while (RARRAY_LEN(stack)) {
		mrb_value s = mrb_ary_pop(mrb, stack), seen = IV(mrb, s, seen);
		if (mrb_integer_p(seen) && mrb_integer(seen) == e->walks)
			continue;
		IV_SET(mrb, s, seen, mrb_fixnum_value(e->walks));
		visit(e, s);
		push_sources(mrb, stack, s);
	}
}

struct pend *
deferred_pend(struct engine *e, mrb_value d)
{
	mrb_value work = IV(e->vm.mrb, d, work);

	return slots_get(&e->pends, mrb_integer_p(work) ? mrb_integer(work) : 0);
}

static void
visit_adopt(struct engine *e, mrb_value d)
{
	struct pend *p = deferred_pend(e, d);

	if (p)
		p->adopted = true;
}

/* With what its block has started so far, if that runs already. */
static void
visit_detach(struct engine *e, mrb_value d)
{
	mrb_state *mrb = e->vm.mrb;
	struct pend *p = deferred_pend(e, d), *q;
	mrb_value code = IV(mrb, d, scope);
	struct scope *s =
	    slots_get(&e->scopes, mrb_integer_p(code) ? mrb_integer(code) : 0);

	if (p)
		p->detached = true;
	IV_SET(mrb, d, detached, mrb_true_value());
	uint64_t run = s ? fiber_detach(s, d) : 0;
	if (run)
		TAILQ_FOREACH (q, &s->pends, place)
			if (q->run == run && !q->detached)
				visit_detach(e, pin_get(&e->vm, q->deferred));
}

static void
visit_hold(struct engine *e, mrb_value d)
{
	struct pend *p = deferred_pend(e, d);

	if (p)
		p->held = true;
}

void
deferred_adopt(struct engine *e, mrb_value d)
{
	deferred_walk(e, d, visit_adopt);
}

void
deferred_detach(struct engine *e, mrb_value d)
{
	deferred_walk(e, d, visit_detach);
}

struct held_job {
	struct engine *e;
	struct scope *scope;
};

static mrb_value
deferred_hold(mrb_state *mrb UNUSED, void *arg)
{
	struct held_job *j = arg;
	struct fiber *f;

	TAILQ_FOREACH (f, &j->scope->fibers, place)
		if (f->state == FIBER_PARKED)
			deferred_walk(j->e, f->waits, visit_hold);
	return mrb_nil_value();
}

void
deferred_mark_held(struct engine *e, struct scope *s)
{
	struct held_job j = {e, s};
	struct pend *p;
	mrb_value out;

	TAILQ_FOREACH (p, &s->pends, place)
		p->held = false;
	if (!TAILQ_EMPTY(&s->pends) && !TAILQ_EMPTY(&s->fibers))
		(void)!gate_call(&e->vm, deferred_hold, &j, &out);
}

/* scope.c: the life of one run of a handler: see engine.h. */
#include "../common/log.h"
#include "call.h"
#include "detached.h"
#include "deferred.h"
#include "error.h"
#include "request.h"
#include "scope.h"
#include "trail.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/variable.h>
#include <stdlib.h>

struct scope *
scope_new(struct engine *e, struct task *t, struct scope *parent,
    const struct handler *h, mrb_value request, int64_t deadline_ns)
{
	struct scope *s = xcalloc(1, sizeof *s);

	s->code = slots_put(&e->scopes, s);
	if (!s->code) {
		free(s);
		return NULL;
	}
	s->task = t;
	s->parent = parent;
	s->depth = parent ? parent->depth + 1 : 0;
	s->handler = h;
	s->request = pin_put(&e->vm, request);
	s->deadline.fire = cut_deadline;
	s->grace.fire = cut_grace_over;
	TAILQ_INIT(&s->fibers);
	TAILQ_INIT(&s->pends);
	TAILQ_INSERT_TAIL(&t->scopes, s, place);
	if (deadline_ns > 0)
		due_set(e, &s->deadline, deadline_ns);
	engine_push(e, (struct ready){.kind = READY_START, .code = s->code});
	return s;
}

void
scope_start(struct engine *e, struct scope *s)
{
	const struct handler *h = s->handler;
	mrb_value request = pin_get(&e->vm, s->request), receiver;

	s->phase = SCOPE_RUNNING;
	if (h->method)
		receiver = mrb_obj_value(h->class);
	else
		receiver =
		    mrb_obj_value(mrb_obj_alloc(e->vm.mrb, MRB_TT_OBJECT, h->class));
	fiber_start(e, s, receiver, request, h->method, true, false);
}

static bool
scope_is_empty(const struct scope *s)
{
	return TAILQ_EMPTY(&s->fibers) && TAILQ_EMPTY(&s->pends) && s->queued == 0;
}

void
scope_free(struct engine *e, struct scope *s)
{
	struct task *t = s->task;
	struct scope *child;

	while (!TAILQ_EMPTY(&s->fibers))
		fiber_abandon(e, TAILQ_FIRST(&s->fibers));
	while (!TAILQ_EMPTY(&s->pends))
		pend_free(e, TAILQ_FIRST(&s->pends));
	due_clear(e, &s->deadline);
	due_clear(e, &s->grace);
	pin_drop(&e->vm, &s->value);
	pin_drop(&e->vm, &s->request);
	pin_drop(&e->vm, &s->cut_error);
	pin_drop(&e->vm, &s->unhandled);
	slots_del(&e->scopes, s->code);
	TAILQ_REMOVE(&t->scopes, s, place);
	TAILQ_FOREACH (child, &t->scopes, place)
		if (child->parent == s)
			child->parent = NULL; /* it has ended: detached work keeps it */
	free(s->cut_reason);
	free(s);
	if (t->ended && TAILQ_EMPTY(&t->scopes))
		task_free(e, t);
}

void
scope_close(struct engine *e, struct task *t)
{
	t->ended = false; /* scope_free must not come back for it */
	while (!TAILQ_EMPTY(&t->scopes))
		scope_free(e, TAILQ_LAST(&t->scopes, scope_list));
}

static void
scope_tell(struct engine *e, struct scope *s, bool ok, mrb_value v)
{
	struct task *t = s->task;
	struct pend *call = slots_get(&e->pends, s->call);

	if (s->cut)
		v = pin_get(&e->vm, s->cut_error);
	if (s->depth > 0) {
		if (call && s->cut)
			pend_finish(e, call, false, v);
		else if (call) {
			ok = ok && call_take_result(e, &v);
			pend_finish(e, call, ok, v);
		}
		return;
	}
	if (s->cut)
		task_failed(e, t, s->cut, v, s->cut_reason);
	else if (ok)
		task_done(e, t, v);
	else
		task_failed(e, t, 0, v, NULL);
	t->ended = true;
}

/* The deadline stays on: it bounds what the handler left running. */
static void
scope_end(struct engine *e, struct scope *s, bool ok, mrb_value v)
{
	s->phase = SCOPE_ENDED;
	detached_report_unhandled(e, s);
	scope_tell(e, s, ok, v);
	if (s->cut) {
		cut_end_within(e, s);
		scope_free(e, s);
		return;
	}
	if (scope_is_empty(s))
		scope_free(e, s);
}

static bool
scope_is_quiet(const struct scope *s)
{
	struct fiber *f;
	struct pend *p;

	if (s->queued > s->queued_detached)
		return false;
	TAILQ_FOREACH (f, &s->fibers, place)
		if (!f->detached)
			return false;
	TAILQ_FOREACH (p, &s->pends, place)
		if (!p->detached && !p->adopted)
			return false;
	return true;
}

enum detached_policy
scope_policy(const struct engine *e, const struct scope *s)
{
	int own = s->handler->detached;

	return own ? (enum detached_policy)(own - 1) : e->conf.detached;
}

static uint32_t
scope_pending(const struct scope *s)
{
	const struct pend *p;
	uint32_t n = 0;

	TAILQ_FOREACH (p, &s->pends, place)
		n++;
	return n;
}

/* Looking through all that is left at each settlement of it would take the square of
 * its number: it is done when half of it has settled, something was added, or nothing
 * is left to wait for. */
static bool
scope_lingers_on(struct scope *s)
{
	if (!s->linger)
		return false;
	s->linger--;
	return !scope_is_quiet(s);
}

/* The handler's outcome is known: what is left? */
static void
scope_linger(struct engine *e, struct scope *s)
{
	enum detached_policy policy = scope_policy(e, s);
	mrb_value v;

	detached_report(e, s);
	detached_cancel_losers(e, s);
	s->linger = scope_pending(s) / 2;
	if (policy == DETACHED_FAIL && s->ok && detached_any(s)) {
		v = detached_error(e, s);
		detached_cancel_all(e, s);
		pin_drop(&e->vm, &s->value);
		s->ok = false;
	} else if (policy == DETACHED_WAIT && !scope_is_quiet(s)) {
		return;
	} else {
		v = pin_take(&e->vm, &s->value);
	}
	scope_end(e, s, s->ok, v);
}

static void
scope_conclude(struct engine *e, struct scope *s, bool ok, mrb_value v)
{
	s->ok = ok;
	s->phase = SCOPE_LINGERING;
	if (s->cut) {
		scope_check(e, s);
	} else if (scope_is_empty(s)) {
		scope_end(e, s, ok, v);
	} else {
		pin_drop(&e->vm, &s->value);
		s->value = pin_put(&e->vm, v);
		scope_linger(e, s);
	}
}

struct scope_watch {
	mrb_value deferred;
	int64_t code;
};

/* True in *arg's place when it has settled already. */
static mrb_value
scope_watch(mrb_state *mrb, void *arg)
{
	struct scope_watch *w = arg;
	mrb_value code = mrb_fixnum_value(w->code * 2 + 1);

	return mrb_funcall_argv(
	    mrb, w->deferred, engine_of(mrb)->vm.sym.watch, 1, &code);
}

void
scope_returned(struct engine *e, struct scope *s, bool ok, mrb_value v)
{
	struct scope_watch w = {v, s->code};
	mrb_value settled;

	if (!ok || s->cut || !deferred_is(&e->vm, v)) {
		scope_conclude(e, s, ok, v);
		return;
	}
	s->phase = SCOPE_FOLLOWING;
	pin_drop(&e->vm, &s->value);
	s->value = pin_put(&e->vm, v);
	burst_begin(e, s);
	bool watched = gate_call(&e->vm, scope_watch, &w, &settled);
	burst_end(e);
	if (!watched)
		scope_conclude(e, s, false, settled);
	else if (mrb_test(settled))
		scope_outcome(e, s);
}

static mrb_value
scope_adopt(mrb_state *mrb, void *arg)
{
	deferred_adopt(engine_of(mrb), *(mrb_value *)arg);
	return mrb_nil_value();
}

void
scope_outcome(struct engine *e, struct scope *s)
{
	mrb_state *mrb = e->vm.mrb;
	mrb_value d = pin_take(&e->vm, &s->value), out;
	bool ok = mrb_true_p(mrb_iv_get(mrb, d, e->vm.sym.iv_state));
	mrb_value v = mrb_iv_get(mrb, d, e->vm.sym.iv_value);

	trail_restore(e, d);
	if (!TAILQ_EMPTY(&s->pends) && !gate_call(&e->vm, scope_adopt, &d, &out))
		log_warn("adoption failed");
	mrb_gc_protect(mrb, v);
	scope_conclude(e, s, ok, v);
}

void
scope_check(struct engine *e, struct scope *s)
{
	if (s->phase == SCOPE_ENDED && s->cut) {
		if (!cut_has_fibers(s)) {
			cut_end_within(e, s);
			scope_free(e, s);
		}
	} else if (s->phase == SCOPE_ENDED) {
		if (scope_is_empty(s)) {
			detached_report_unhandled(e, s);
			scope_free(e, s);
		}
	} else if (s->cut) {
		if (!cut_has_fibers(s))
			scope_end(e, s, false, mrb_nil_value());
	} else if (s->phase == SCOPE_LINGERING && s->value && !scope_lingers_on(s)) {
		scope_linger(e, s);
	}
}

/* Keeps those that are still unhandled; their number. */
static mrb_int
scope_forget_handled(struct engine *e, mrb_value list)
{
	mrb_int kept = 0;

	for (mrb_int i = 0; i < RARRAY_LEN(list); i++) {
		mrb_value d = RARRAY_PTR(list)[i];
		if (!mrb_test(mrb_iv_get(e->vm.mrb, d, e->vm.sym.iv_handled)))
			mrb_ary_set(e->vm.mrb, list, kept++, d);
	}
	mrb_ary_resize(e->vm.mrb, list, kept);
	return kept;
}

void
scope_unhandled(struct engine *e, struct scope *s, mrb_value deferred)
{
	mrb_state *mrb = e->vm.mrb;

	if (!s->unhandled)
		s->unhandled = pin_put(&e->vm, mrb_ary_new_capa(mrb, 4));
	mrb_value list = pin_get(&e->vm, s->unhandled);
	mrb_ary_push(mrb, list, deferred);
	if (RARRAY_LEN(list) >= s->unhandled_max)
		s->unhandled_max = 2 * scope_forget_handled(e, list) + 64;
}

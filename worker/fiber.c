/*
 * fiber.c: the pool of fibers. A fiber is resumed only by calling its trampoline, a
 * Proc made in Ruby: resuming from C breaks in mruby 3.1 (measured). Its frame is an
 * Array that both sides see: [receiver, argument, mark, method]; when the run has
 * ended, the mark is 1 (returned) or 2 (raised) and the first entry is the value or the
 * exception.
 */
#include "deferred.h"
#include "../common/log.h"
#include "place.h"
#include "trace.h"
#include <mruby/array.h>
#include <mruby/error.h>
#include <mruby/class.h>
#include <stdlib.h>

#define IDLE_FIBERS_MAX 2048

enum { FRAME_RECEIVER, FRAME_ARGUMENT, FRAME_MARK, FRAME_METHOD };
enum { MARK_RETURNED = 1, MARK_RAISED = 2 };

static mrb_value *
frame_of(struct fiber *f)
{
	return ARY_PTR(f->frame);
}

static mrb_value
fiber_make(mrb_state *mrb, void *arg UNUSED)
{
	struct vm *vm = &engine_of(mrb)->vm;

	return mrb_funcall_argv(
	    mrb, mrb_obj_value(vm->cls.deferd), vm->sym.make_fiber, 0, NULL);
}

static struct fiber *
fiber_new(struct engine *e)
{
	mrb_value all;

	if (!gate_call(&e->vm, fiber_make, NULL, &all))
		NEVER("the prelude makes no fiber");
	struct fiber *f = xcalloc(1, sizeof *f);
	f->pin = pin_put(&e->vm, all);
	f->fib = (struct RFiber *)mrb_ptr(RARRAY_PTR(all)[0]);
	f->trampoline = RARRAY_PTR(all)[1];
	f->frame = RARRAY(RARRAY_PTR(all)[2]);
	e->fiber_n++;
	return f;
}

static void
fiber_free(struct engine *e, struct fiber *f)
{
	pin_drop(&e->vm, &f->interrupt);
	pin_drop(&e->vm, &f->pin);
	e->fiber_n--;
	free(f);
}

static struct fiber *
fiber_take(struct engine *e, struct scope *s)
{
	struct fiber *f = TAILQ_FIRST(&e->idle);

	if (f) {
		TAILQ_REMOVE(&e->idle, f, place);
		e->idle_n--;
	} else {
		f = fiber_new(e);
	}
	f->scope = s;
	TAILQ_INSERT_TAIL(&s->fibers, f, place);
	return f;
}

static void
fiber_leave_scope(struct engine *e, struct fiber *f)
{
	pin_drop(&e->vm, &f->interrupt);
	TAILQ_REMOVE(&f->scope->fibers, f, place);
	f->scope = NULL;
}

static void
fiber_give_back(struct engine *e, struct fiber *f)
{
	fiber_leave_scope(e, f);
	f->state = FIBER_IDLE;
	if (e->idle_n >= IDLE_FIBERS_MAX) {
		fiber_free(e, f);
		return;
	}
	TAILQ_INSERT_HEAD(&e->idle, f, place);
	e->idle_n++;
}

void
fiber_abandon(struct engine *e, struct fiber *f)
{
	slots_del(&e->parks, f->park);
	fiber_leave_scope(e, f);
	fiber_free(e, f);
}

struct fiber_call {
	struct fiber *fiber;
	mrb_value arg;
};

static mrb_value
fiber_trampoline(mrb_state *mrb, void *arg)
{
	struct fiber_call *c = arg;

	return mrb_funcall_argv(
	    mrb, c->fiber->trampoline, engine_of(mrb)->vm.sym.call, 1, &c->arg);
}

static mrb_value
fiber_stray_error(mrb_state *mrb, void *arg UNUSED)
{
	mrb_raise(mrb, mrb_class_get(mrb, "FiberError"),
	    "the handler yielded from a fiber that is not its own: use await");
	return mrb_nil_value();
}

/* The handler, or something that it called, has left its fiber for good. */
static void
fiber_ended(struct engine *e, struct fiber *f, bool sane, mrb_value exc)
{
	struct scope *s = f->scope;
	bool root = f->root, ok = false;
	mrb_value v = exc;

	if (sane && mrb_fixnum_p(frame_of(f)[FRAME_MARK])) {
		ok = mrb_fixnum(frame_of(f)[FRAME_MARK]) == MARK_RETURNED;
		v = frame_of(f)[FRAME_RECEIVER];
		mrb_gc_protect(e->vm.mrb, v);
		for (int i = 0; i <= FRAME_METHOD; i++)
			frame_of(f)[i] = mrb_nil_value();
		fiber_give_back(e, f);
	} else {
		if (sane && gate_call(&e->vm, fiber_stray_error, NULL, &v))
			NEVER("no error was raised");
		fiber_abandon(e, f);
	}
	if (root)
		scope_returned(e, s, ok, v);
	else
		scope_check(e, s);
}

static void
fiber_run(struct engine *e, struct fiber *f)
{
	struct fiber_call call = {f, mrb_nil_value()};
	mrb_value out;

	if (f->interrupt)
		call.arg = pin_take(&e->vm, &f->interrupt);
	f->state = FIBER_RUNNING;
	int64_t began_ns = e->now_ns;
	burst_begin(e, f->scope);
	e->running = f;
	bool ok = gate_call(&e->vm, fiber_trampoline, &call, &out);
	e->running = NULL;
	burst_end(e);
	trace_burst(e, f, began_ns);
	if (f->state != FIBER_PARKED)
		fiber_ended(e, f, ok, out);
}

void
fiber_start(struct engine *e, struct scope *s, mrb_value receiver, mrb_value argument,
    mrb_sym method, bool root, bool detached)
{
	struct fiber *f = fiber_take(e, s);
	mrb_value frame = mrb_obj_value(f->frame);

	f->root = root;
	f->work = 0;
	f->detached = detached;
	f->run = ++e->runs;
	mrb_ary_set(e->vm.mrb, frame, FRAME_RECEIVER, receiver);
	mrb_ary_set(e->vm.mrb, frame, FRAME_ARGUMENT, argument);
	if (method)
		frame_of(f)[FRAME_METHOD] = mrb_symbol_value(method);
	fiber_run(e, f);
}

void
fiber_resume(struct engine *e, int64_t park)
{
	struct fiber *f = slots_get(&e->parks, park);

	if (!f)
		return;
	slots_del(&e->parks, park);
	f->park = 0;
	if (f->await)
		page_resume(e->page, f->await);
	f->await = 0;
	trace_resume(e, f);
	fiber_run(e, f);
}

void
fiber_wake(struct engine *e, struct fiber *f)
{
	f->state = FIBER_READY;
	trace_wake(e, f);
	engine_push(e, (struct ready){.kind = READY_FIBER, .code = f->park});
}

void
fiber_interrupt(struct engine *e, struct fiber *f, mrb_value exception)
{
	if (!f->interrupt)
		f->interrupt = pin_put(&e->vm, exception);
	if (f->state != FIBER_PARKED)
		return;
	fiber_wake(e, f);
}

uint64_t
fiber_detach(struct scope *s, mrb_value d)
{
	struct fiber *f;

	TAILQ_FOREACH (f, &s->fibers, place) {
		mrb_value receiver = frame_of(f)[FRAME_RECEIVER];
		if (mrb_immediate_p(receiver) || mrb_ptr(receiver) != mrb_ptr(d))
			continue;
		f->detached = true;
		return f->run;
	}
	return 0;
}

/* For whoever asks where its time went, or what it did when it is dead. */
static void
fiber_note_await(struct engine *e, struct fiber *f, mrb_value deferred)
{
	const struct pend *p = deferred_pend(e, deferred);
	int line;

	const char *file = place_here(&e->vm, &line);
	int64_t now_ns = e->clock_ns(e->clock_arg);
	trace_await(e, f, deferred, file, line, now_ns);
	if (e->page)
		f->await = page_await(e->page, &f->scope->task->id, now_ns, file,
		    (uint32_t)line, p ? pend_what(p) : "a Deferred");
}

int64_t
fiber_park(struct engine *e, mrb_value deferred)
{
	mrb_state *mrb = e->vm.mrb;
	const char *why = suspend_refusal(e);
	struct fiber *f = e->running;

	if (why) {
		if (e->scope)
			deferred_adopt(e, deferred); /* nobody will ask again */
		mrb_raise(mrb, mrb_class_get(mrb, "FiberError"), why);
	}
	f->park = slots_put(&e->parks, f);
	if (!f->park)
		mrb_raise(
		    mrb, mrb_class_get(mrb, "FiberError"), "too many fibers await");
	f->waits = deferred;
	f->state = FIBER_PARKED;
	fiber_note_await(e, f, deferred);
	return f->park;
}

/* Deferd.__own?: does the handler's own fiber run, and not one that it made? */
static mrb_value
fiber_is_own(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);

	return mrb_bool_value(e->running && mrb->c->fib == e->running->fib);
}

void
fiber_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;

	mrb_define_module_function(mrb, mrb_define_module(mrb, "Deferd"), "__own?",
	    fiber_is_own, MRB_ARGS_NONE());
}

void
fiber_close(struct engine *e)
{
	struct fiber *f;

	while ((f = TAILQ_FIRST(&e->idle))) {
		TAILQ_REMOVE(&e->idle, f, place);
		fiber_free(e, f);
	}
}

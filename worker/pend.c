/* pend.c: real work that is under way: see engine.h. */
#include "../common/clock.h"
#include "deferred.h"
#include "error.h"
#include "place.h"
#include "trace.h"
#include "trail.h"
#include <mruby/class.h>
#include <mruby/string.h>
#include <stdlib.h>

const char *
pend_what(const struct pend *p)
{
	static const char *const what[] = {
	    [PEND_TIMER] = "Deferred.delay",
	    [PEND_ASYNC] = "async",
	    [PEND_CALL] = "Cloud.call",
	    [PEND_ENQUEUE] = "Cloud.enqueue",
	    [PEND_STEP] = "req.step",
	    [PEND_IO] = "I/O",
	};

	return p->what ? p->what : what[p->kind];
}

static void
pend_stop(struct engine *e, struct pend *p)
{
	void (*stop)(struct engine *, struct pend *) = p->stop;

	p->stop = NULL;
	if (stop)
		stop(e, p);
}

struct pend *
pend_new(struct engine *e, struct scope *s, enum pend_kind kind, mrb_value deferred)
{
	struct pend *p = xcalloc(1, sizeof *p);

	p->code = slots_put(&e->pends, p);
	if (!p->code) {
		free(p);
		return NULL;
	}
	p->kind = kind;
	p->scope = s;
	p->detached = e->running && e->running->detached;
	p->run = e->running ? e->running->run : 0;
	p->deferred = pin_put(&e->vm, deferred);
	p->file = place_here(&e->vm, &p->line);
	TAILQ_INSERT_TAIL(&s->pends, p, place);
	s->linger = 0;
	trace_work(e, p);
	return p;
}

void
pend_free(struct engine *e, struct pend *p)
{
	pend_stop(e, p);
	due_clear(e, &p->due);
	trace_work_end(e, p, false);
	pin_drop(&e->vm, &p->deferred);
	pin_drop(&e->vm, &p->value);
	slots_del(&e->pends, p->code);
	TAILQ_REMOVE(&p->scope->pends, p, place);
	free(p);
}

void
pend_finish(struct engine *e, struct pend *p, bool ok, mrb_value v)
{
	pin_drop(&e->vm, &p->value);
	p->value = pin_put(&e->vm, v);
	p->ok = ok;
	p->stop = NULL;
	p->done_ns = e->clock_ns(e->clock_arg);
	engine_push(e, (struct ready){.kind = READY_PEND, .code = p->code});
}

static mrb_value
pend_settle(mrb_state *mrb, void *arg)
{
	struct engine *e = engine_of(mrb);
	struct pend *p = arg;
	mrb_value d = pin_get(&e->vm, p->deferred), v = pin_get(&e->vm, p->value);

	if (!p->ok && p->kind == PEND_CALL)
		trail_from_call(e, p, v);
	if (!p->ok)
		deferred_settle(e, d, false, v);
	else
		deferred_resolve(e, d, v);
	return mrb_nil_value();
}

/* Settling frees the pend: see deferred_settle. */
void
pend_run(struct engine *e, int64_t code)
{
	struct pend *p = slots_get(&e->pends, code);
	mrb_value out;

	if (!p)
		return;
	struct scope *s = p->scope;
	burst_begin(e, s);
	(void)!gate_call(&e->vm, pend_settle, p, &out);
	burst_end(e);
	scope_check(e, s);
}

struct pend_answer {
	struct span text, code, message;
};

static mrb_value
pend_str(mrb_state *mrb, struct span s)
{
	return mrb_str_new(mrb, (const char *)s.p, (mrb_int)s.n);
}

static mrb_value
pend_answer_value(mrb_state *mrb, void *arg)
{
	const struct pend_answer *a = arg;

	if (a->code.n == 0)
		return a->text.n ? pend_str(mrb, a->text) : mrb_nil_value();
	mrb_value args[2] = {pend_str(mrb, a->code), pend_str(mrb, a->message)};
	return mrb_obj_new(mrb, engine_of(mrb)->vm.cls.error, 2, args);
}

void
pend_answered(struct engine *e, enum pend_kind kind, uint64_t request, struct span text,
    struct span code, struct span message)
{
	struct pend *p = slots_get(&e->pends, (int64_t)request);
	struct pend_answer a = {text, code, message};
	mrb_value v;

	if (!p || p->kind != kind)
		return;
	int mark = gate_mark(&e->vm);
	bool ok = gate_call(&e->vm, pend_answer_value, &a, &v);
	pend_finish(e, p, ok && code.n == 0, v);
	gate_release(&e->vm, mark);
}

static void
pend_fire(struct engine *e, struct due *d)
{
	struct pend *p = CONTAINER_OF(d, struct pend, due);

	p->done_ns = d->node.key;
	engine_push(e, (struct ready){.kind = READY_PEND, .code = p->code});
}

void
pend_timer(struct engine *e, struct pend *p, double seconds)
{
	p->ok = true;
	p->due.fire = pend_fire;
	/* mruby reads 0.05 as a little less */
	due_set(e, &p->due,
	    e->clock_ns(e->clock_arg) + (int64_t)(seconds * NS_PER_S + 0.5));
}

/* An async block's fiber is told by the deferred that it runs for. */
static void
pend_cancel_async(struct engine *e, struct pend *p)
{
	struct fiber *f;

	TAILQ_FOREACH (f, &p->scope->fibers, place)
		if (f->work == p->code) {
			f->detached = true;
			fiber_interrupt(e, f,
			    error_cancelled(&e->vm, "the async block was cancelled"));
			return;
		}
}

void
pend_cancel(struct engine *e, struct pend *p)
{
	pend_stop(e, p);
	due_clear(e, &p->due);
	p->detached = true;
	if (p->kind == PEND_ASYNC)
		pend_cancel_async(e, p);
	if (p->callee)
		engine_push(e, (struct ready){.kind = READY_CUT, .code = p->callee});
}

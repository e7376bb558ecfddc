/* engine.c: see engine.h: opening and closing, the ready queue, time. */
#include "deferred.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "api.h"
#include "request.h"
#include "step.h"
#include "trace.h"
#include <stdlib.h>

#define ENGINE_MAGIC 0x656e6731u
#define SCRATCH_KEEP_BYTES (256 * 1024)

static void
engine_out_of_memory(void *arg UNUSED)
{
	log_error("out of memory: workers.maxMemory is reached while loading: exiting");
	exit(EXIT_CONFIG_);
}

static int64_t
engine_clock(void *arg UNUSED)
{
	return clock_now_ns();
}

static void
engine_init(struct engine *e, const struct engine_conf *conf)
{
	e->magic = ENGINE_MAGIC;
	e->conf = *conf;
	e->clock_ns = engine_clock;
	catalog_init(&e->catalog);
	outbox_init(&e->out, conf->batch_bytes);
	heap_init(&e->dues);
	slots_init(&e->scopes);
	slots_init(&e->parks);
	slots_init(&e->pends);
	TAILQ_INIT(&e->tasks);
	TAILQ_INIT(&e->idle);
	buf_init(&e->scratch, 0);
	buf_init(&e->why, 4096);
	buf_init(&e->text, 0);
}

static mrb_value
engine_define(mrb_state *mrb, void *arg UNUSED)
{
	struct engine *e = engine_of(mrb);

	fiber_define(e);
	deferred_define(e);
	request_define(e);
	step_define(e);
	api_define(e);
	http_define(e);
	return mrb_nil_value();
}

struct engine *
engine_new(const struct engine_conf *conf)
{
	struct engine *e = xcalloc(1, sizeof *e);
	mrb_value out;

	engine_init(e, conf);
	if (vm_open(&e->vm, conf->memory_bytes, e) != 0) {
		log_error("mruby cannot be opened: out of memory");
		engine_free(e);
		return NULL;
	}
	e->vm.no_memory = engine_out_of_memory;
	if (!gate_call(&e->vm, engine_define, NULL, &out) ||
	    vm_load_prelude(&e->vm) != 0) {
		log_error("the Ruby part of deferd-worker does not load: it is broken");
		engine_free(e);
		return NULL;
	}
	if (!conf->blocking_io)
		api_hide_blocking(e);
	return e;
}

void
engine_free(struct engine *e)
{
	if (!e)
		return;
	CHECK(e, ENGINE_MAGIC);
	for (struct task *t; (t = TAILQ_FIRST(&e->tasks));)
		task_free(e, t);
	http_close(e);
	fiber_close(e);
	trace_close(e);
	if (e->vm.mrb)
		vm_close(&e->vm);
	catalog_fini(&e->catalog);
	outbox_fini(&e->out);
	heap_fini(&e->dues);
	slots_fini(&e->scopes);
	slots_fini(&e->parks);
	slots_fini(&e->pends);
	buf_fini(&e->scratch);
	buf_fini(&e->why);
	buf_fini(&e->text);
	free(e->ready.item);
	e->magic = 0;
	free(e);
}

/* --- time --- */

void
due_set(struct engine *e, struct due *d, int64_t at_ns)
{
	if (heap_has(&d->node))
		heap_move(&e->dues, &d->node, at_ns);
	else if (heap_push(&e->dues, &d->node, at_ns) != 0)
		NEVER("no memory for a timer");
}

void
due_clear(struct engine *e, struct due *d)
{
	heap_remove(&e->dues, &d->node);
}

static void
engine_fire(struct engine *e)
{
	struct heap_node *n;

	while ((n = heap_peek(&e->dues)) && n->key <= e->now_ns) {
		struct due *d = CONTAINER_OF(n, struct due, node);
		heap_remove(&e->dues, n);
		d->fire(e, d);
	}
}

int64_t
engine_wait_ns(struct engine *e)
{
	struct heap_node *n = heap_peek(&e->dues);

	if (!n)
		return -1;
	int64_t left = n->key - e->clock_ns(e->clock_arg);
	return left > 0 ? left : 0;
}

void
burst_begin(struct engine *e, struct scope *s)
{
	struct task *t = s->task;

	ASSERT(e->scope == NULL);
	e->scope = s;
	if (e->page)
		page_enter(e->page, &t->id, t->attempt, e->now_ns);
}

void
burst_end(struct engine *e)
{
	struct task *t = e->scope->task;
	int64_t began = e->now_ns;

	if (e->burst_over)
		e->burst_over(e);
	if (e->page)
		page_leave(e->page);
	e->now_ns = e->clock_ns(e->clock_arg);
	if (e->now_ns - began > t->burst_ns)
		t->burst_ns = e->now_ns - began;
	e->scope = NULL;
}

/* --- what is ready --- */

void
engine_push(struct engine *e, struct ready r)
{
	if (e->ready.n == e->ready.room) {
		size_t room = e->ready.room ? e->ready.room * 2 : 256;
		struct ready *more = xcalloc(room, sizeof *more);
		for (size_t i = 0; i < e->ready.n; i++)
			more[i] = e->ready.item[(e->ready.at + i) % e->ready.room];
		free(e->ready.item);
		e->ready.item = more;
		e->ready.room = room;
		e->ready.at = 0;
	}
	e->ready.item[(e->ready.at + e->ready.n++) % e->ready.room] = r;
}

static struct ready
engine_pop(struct engine *e)
{
	struct ready r = e->ready.item[e->ready.at];

	e->ready.at = (e->ready.at + 1) % e->ready.room;
	e->ready.n--;
	return r;
}

static void
ready_start(struct engine *e, struct ready *r)
{
	struct scope *s = slots_get(&e->scopes, r->code);

	if (s && s->phase == SCOPE_NEW)
		scope_start(e, s);
}

static void
ready_fiber(struct engine *e, struct ready *r)
{
	fiber_resume(e, r->code);
}

static void
ready_reaction(struct engine *e, struct ready *r)
{
	struct scope *s = slots_get(&e->scopes, r->code);
	mrb_value d = pin_take(&e->vm, &r->pin);

	if (!s)
		return;
	s->queued--;
	s->queued_detached -= r->detached;
	if (s->cut && s->phase == SCOPE_ENDED)
		scope_check(e, s);
	else
		deferred_run(e, s, d);
	/* Detached after it was queued: it is no longer what the scope waits for. */
	s = slots_get(&e->scopes, r->code);
	if (s && s->phase == SCOPE_LINGERING)
		scope_check(e, s);
}

static void
ready_pend(struct engine *e, struct ready *r)
{
	pend_run(e, r->code);
}

static void
ready_outcome(struct engine *e, struct ready *r)
{
	struct scope *s = slots_get(&e->scopes, r->code);

	if (s && s->phase == SCOPE_FOLLOWING)
		scope_outcome(e, s);
}

static void
ready_cut(struct engine *e, struct ready *r)
{
	struct scope *s = slots_get(&e->scopes, r->code);

	if (s)
		scope_cut(e, s, CAUSE_CANCELLED, "its caller needs it no more");
}

bool
engine_turn(struct engine *e, int64_t budget_ns)
{
	static void (*const run[])(struct engine *, struct ready *) = {
	    [READY_START] = ready_start,
	    [READY_FIBER] = ready_fiber,
	    [READY_REACTION] = ready_reaction,
	    [READY_PEND] = ready_pend,
	    [READY_OUTCOME] = ready_outcome,
	    [READY_CUT] = ready_cut,
	};
	int mark = gate_mark(&e->vm);

	e->now_ns = e->clock_ns(e->clock_arg);
	int64_t until = e->now_ns + budget_ns;
	engine_fire(e);
	while (e->ready.n && e->now_ns < until) {
		struct ready r = engine_pop(e);
		run[r.kind](e, &r);
		gate_release(&e->vm, mark);
	}
	vm_tidy(&e->vm);
	buf_shrink(&e->scratch, SCRATCH_KEEP_BYTES);
	return e->ready.n > 0;
}

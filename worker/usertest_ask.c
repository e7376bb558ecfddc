/* usertest_ask.c: see usertest.h: what a test asks for. */
#include "usertest.h"
#include "../common/clock.h"
#include "conv.h"
#include "deferred.h"
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>
#include <stdlib.h>

#define EPOCH_US 1767225600000000LL /* 2026-01-01T00:00:00Z: when every test begins */

static struct usertest *
usertest_of(mrb_state *mrb)
{
	return engine_of(mrb)->clock_arg;
}

/* --- what Ruby calls --- */

/* Deferd.__test_add: the handler that is registered next is a test. */
static mrb_value
test_add(mrb_state *mrb, mrb_value self UNUSED)
{
	struct usertest *u = usertest_of(mrb);

	u->test = realloc(u->test, (u->test_n + 1) * sizeof *u->test);
	ASSERT(u->test != NULL);
	u->test[u->test_n++] = (uint32_t)u->engine->catalog.n;
	return mrb_nil_value();
}

static const struct handler *
find_handler(const struct catalog *c, enum kind kind, struct span name)
{
	const struct handler *h = kind ? catalog_find(c, kind, name) : NULL;

	for (int k = KIND_FUNCTION; !kind && k < KIND_END && !h; k++)
		h = catalog_find(c, (enum kind)k, name);
	return h;
}

/* Deferd.__test_run(kind, name, envelope, timeout_ms, cancel_s): a deferred of what
 * Cloud::Outcome.new takes. */
static mrb_value
test_run(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	struct usertest *u = usertest_of(mrb);
	const char *kind;
	mrb_value name, envelope;
	mrb_int timeout_ms;
	mrb_float cancel_s;

	mrb_get_args(mrb, "zSAif", &kind, &name, &envelope, &timeout_ms, &cancel_s);
	const struct handler *h = find_handler(&e->catalog, kind_parse(span_str(kind)),
	    span_of(RSTRING_PTR(name), (size_t)RSTRING_LEN(name)));
	if (!h)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "there is no handler \"%v\"", name);
	buf_reset(&e->scratch);
	if (conv_write(&e->vm, envelope, "params", e->conf.result_bytes, &e->scratch,
		&e->why) != 0)
		mrb_raise(mrb, E_TYPE_ERROR, buf_cstr(&e->why));
	mrb_value d = deferred_begin(e, PEND_IO);
	struct pend *p = deferred_pend(e, d);
	p->what = "call";
	struct order *o = xcalloc(1, sizeof *o);
	o->pend = p->code;
	o->handler = h->index;
	o->timeout_ms = timeout_ms            ? timeout_ms
			: h->timeout_ms       ? h->timeout_ms
			: h->kind == KIND_JOB ? e->conf.job_timeout_ms
					      : e->conf.timeout_ms;
	o->cancel_after_ns = cancel_s < 0 ? -1 : (int64_t)(cancel_s * NS_PER_S + 0.5);
	buf_init(&o->envelope, 0);
	buf_add_span(&o->envelope, buf_span(&e->scratch));
	STAILQ_INSERT_TAIL(&u->orders, o, next);
	return d;
}

/* Deferd.__test_io(d): the timer behind d stands for a request. */
static mrb_value
test_io(mrb_state *mrb, mrb_value self UNUSED)
{
	struct pend *p = deferred_pend(engine_of(mrb), mrb_get_arg1(mrb));

	if (p)
		p->what = "HTTP";
	return mrb_nil_value();
}

/* Deferd.__test_now: seconds since the test began; nil: none runs. */
static mrb_value
test_now(mrb_state *mrb, mrb_value self UNUSED)
{
	struct usertest *u = usertest_of(mrb);

	if (!u->began_ns)
		return mrb_nil_value();
	return mrb_float_value(mrb, (double)(u->now_ns - u->began_ns) / NS_PER_S);
}

static mrb_value
test_wall_us(mrb_state *mrb, mrb_value self UNUSED)
{
	struct usertest *u = usertest_of(mrb);
	int64_t ns = u->began_ns ? u->now_ns - u->began_ns : 0;

	return mrb_int_value(mrb, EPOCH_US + ns / 1000);
}

void
usertest_define(struct engine *e)
{
	static const struct {
		const char *name;
		mrb_func_t fn;
		mrb_aspec args;
	} functions[] = {
	    {"__test_add", test_add, MRB_ARGS_NONE()},
	    {"__test_run", test_run, MRB_ARGS_REQ(5)},
	    {"__test_io", test_io, MRB_ARGS_REQ(1)},
	    {"__test_now", test_now, MRB_ARGS_NONE()},
	    {"__test_wall_us", test_wall_us, MRB_ARGS_NONE()},
	};
	mrb_state *mrb = e->vm.mrb;

	for (size_t i = 0; i < COUNT_OF(functions); i++)
		mrb_define_module_function(mrb, e->vm.cls.deferd, functions[i].name,
		    functions[i].fn, functions[i].args);
}

/* --- tasks --- */

uint64_t
usertest_start(struct usertest *u, uint32_t handler, int64_t pend, int64_t timeout_ms,
    struct span envelope)
{
	struct owner id = {++u->tasks, pend};
	struct msg_run run = {
	    .task = span_of(&id, sizeof id),
	    .attempt = 1,
	    .handler = handler,
	    .timeout_ms = (uint64_t)timeout_ms,
	    .envelope = envelope,
	};

	engine_run(u->engine, &run);
	return id.number;
}

static void
order_free(struct order *o)
{
	buf_fini(&o->envelope);
	free(o);
}

static void
order_cancel(struct engine *e, struct due *d)
{
	struct order *o = CONTAINER_OF(d, struct order, cancel);
	struct owner id = {o->task, o->pend};
	struct msg_cancel m = {
	    .task = span_of(&id, sizeof id),
	    .attempt = 1,
	    .cause = CAUSE_CANCELLED,
	    .reason = span_str("the test cancelled it"),
	};

	engine_cancel(e, &m);
	order_free(o);
}

void
usertest_start_order(struct usertest *u, struct order *o)
{
	o->task = usertest_start(
	    u, o->handler, o->pend, o->timeout_ms, buf_span(&o->envelope));
	if (o->cancel_after_ns < 0) {
		order_free(o);
		return;
	}
	o->cancel.fire = order_cancel;
	due_set(u->engine, &o->cancel, u->now_ns + o->cancel_after_ns);
}

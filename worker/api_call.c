/* api_call.c: Cloud.call and Cloud.enqueue; rb/call.rb checks the options. */
#include "../common/clock.h"
#include "../common/err.h"
#include "api.h"
#include "call.h"
#include "conv.h"
#include "deferred.h"
#include "error.h"
#include "request.h"
#include "similar.h"
#include "trace.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>
#include <mruby/variable.h>

static void
call_refuse(struct engine *e, const char *text)
{
	mrb_exc_raise(e->vm.mrb, error_make(&e->vm, e->vm.cls.error, text));
}

/* Into e->scratch: the params as body; who called, and with what, as for the caller. */
static void
call_envelope(struct engine *e, const struct scope *caller, mrb_value params)
{
	mrb_state *mrb = e->vm.mrb;
	msgpack_packer pk = mp_packer(&e->scratch);

	buf_reset(&e->scratch);
	msgpack_pack_array(&pk, ENV_COUNT);
	if (conv_write(&e->vm, params, "params", e->conf.result_bytes, &e->scratch,
		&e->why) != 0)
		mrb_raise(mrb, E_TYPE_ERROR, buf_cstr(&e->why));
	for (int i = ENV_BODY + 1; i < ENV_IP; i++)
		msgpack_pack_nil(&pk);
	request_pack_caller(e, pin_get(&e->vm, caller->request), &e->scratch);
}

static struct scope *
call_caller(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;

	if (!e->scope)
		mrb_raise(mrb, E_RUNTIME_ERROR,
		    "handlers can be called by a handler, not while its file is "
		    "loaded");
	return e->scope;
}

/* Its own time, but not longer than its caller has. One nanosecond later, so that it is
 * the caller whose time is over, and it with it. */
static int64_t
call_deadline_ns(
    const struct engine *e, const struct scope *caller, const struct handler *h)
{
	int64_t own_ms = h->timeout_ms         ? h->timeout_ms
			 : h->kind == KIND_JOB ? e->conf.job_timeout_ms
					       : e->conf.timeout_ms;
	int64_t own = own_ms ? e->clock_ns(e->clock_arg) + own_ms * NS_PER_MS : 0;

	if (!heap_has(&caller->deadline.node))
		return own;
	int64_t left = caller->deadline.node.key + 1;
	return own == 0 || left < own ? left : own;
}

static void
call_refuse_name(struct engine *e, enum kind kind, struct span name)
{
	const struct catalog *c = &e->catalog;
	struct similar s;

	similar_init(&s, name);
	for (size_t i = 0; i < c->n; i++)
		if (kind == KIND_ANY || c->item[i]->kind == kind)
			similar_try(&s, span_str(c->item[i]->name));
	buf_reset(&e->why);
	buf_printf(&e->why, "Cloud.call: there is no %s \"%.*s\"",
	    kind == KIND_ANY ? "function, event, service method or job"
			     : kind_name(kind),
	    SPAN_FMT(name));
	if (s.best[0])
		buf_printf(&e->why, ". Did you mean \"%s\"?", s.best);
	call_refuse(e, buf_cstr(&e->why));
}

static const struct handler *
call_find(struct engine *e, const char *kind_text, mrb_value text)
{
	enum kind kind = kind_parse(span_str(kind_text));
	struct span name = span_of(RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
	const struct handler *h = catalog_find(&e->catalog, kind, name);

	if (!h)
		call_refuse_name(e, kind, name);
	return h;
}

/* Cloud.__call(kind, name, params) */
static mrb_value
cloud_call(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	const char *kind;
	mrb_value name, params;

	mrb_get_args(mrb, "zSo", &kind, &name, &params);
	struct scope *caller = call_caller(e);
	const struct handler *h = call_find(e, kind, name);
	if (caller->depth >= CALL_DEPTH_MAX)
		call_refuse(e, "Cloud.call: calls are nested deeper than 16 levels");
	call_envelope(e, caller, params);
	mrb_value req = request_new(e, caller->task, h, buf_span(&e->scratch));
	mrb_value d = deferred_begin(e, PEND_CALL);
	struct scope *s =
	    scope_new(e, caller->task, caller, h, req, call_deadline_ns(e, caller, h));
	struct pend *p = deferred_pend(e, d);
	if (!s) {
		pend_free(e, p);
		call_refuse(e, "Cloud.call: too many handlers run in this worker");
	}
	p->callee = s->code;
	trace_callee(e, p, h);
	s->call = p->code;
	return d;
}

/* --- a call's result, as the caller gets it --- */

struct call_result {
	struct engine *e;
	mrb_value *value;
	int r;
};

/* Through msgpack, as over the wire: nothing is shared, symbols become Strings. */
static mrb_value
call_copy(mrb_state *mrb, void *arg)
{
	struct call_result *c = arg;
	struct engine *e = c->e;
	mrb_value v = *c->value;

	if (mrb_type(v) == MRB_TT_OBJECT &&
	    mrb_obj_is_kind_of(mrb, v, e->vm.cls.response))
		v = mrb_iv_get(mrb, v, e->vm.sym.iv_body);
	buf_reset(&e->scratch);
	c->r =
	    conv_write(&e->vm, v, "result", e->conf.result_bytes, &e->scratch, &e->why);
	if (c->r == 0)
		c->r = conv_read(&e->vm, buf_span(&e->scratch), &v);
	return v;
}

bool
call_take_result(struct engine *e, mrb_value *v)
{
	struct call_result c = {.e = e, .value = v};
	mrb_value out;

	if (mrb_immediate_p(*v))
		return true;
	bool ok = gate_call(&e->vm, call_copy, &c, &out);
	if (ok && c.r != 0)
		out = error_make(
		    &e->vm, mrb_class_get(e->vm.mrb, "TypeError"), buf_cstr(&e->why));
	*v = out;
	return ok && c.r == 0;
}

/* --- enqueue --- */

/* Cloud.__enqueue(kind, name, params, [execution, timeout_ms, delay_ms, at_ms,
 * attempts], key, unique) */
static mrb_value
cloud_enqueue(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	const char *kind;
	mrb_value name, params, numbers, key, unique;
	uint64_t number[5];

	mrb_get_args(mrb, "zSoASS", &kind, &name, &params, &numbers, &key, &unique);
	if (RARRAY_LEN(numbers) != COUNT_OF(number))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "Cloud.__enqueue: not for handlers");
	for (size_t i = 0; i < COUNT_OF(number); i++)
		number[i] = (uint64_t)mrb_integer(RARRAY_PTR(numbers)[i]);
	struct scope *caller = call_caller(e);
	buf_reset(&e->scratch);
	if (conv_write(&e->vm, params, "params", e->conf.result_bytes, &e->scratch,
		&e->why) != 0)
		mrb_raise(mrb, E_TYPE_ERROR, buf_cstr(&e->why));
	mrb_value d = deferred_begin(e, PEND_ENQUEUE);
	struct msg_enqueue m = {
	    .task = span_of(caller->task->id.b, TASKID_BYTES),
	    .attempt = caller->task->attempt,
	    .worker = e->worker,
	    .request = (uint64_t)deferred_pend(e, d)->code,
	    .kind = kind_parse(span_str(kind)),
	    .name = span_of(RSTRING_PTR(name), (size_t)RSTRING_LEN(name)),
	    .execution = number[0],
	    .params = buf_span(&e->scratch),
	    .timeout_ms = number[1],
	    .delay_ms = number[2],
	    .at_ms = number[3],
	    .attempts = number[4],
	    .key = span_of(RSTRING_PTR(key), (size_t)RSTRING_LEN(key)),
	    .unique = span_of(RSTRING_PTR(unique), (size_t)RSTRING_LEN(unique)),
	};
	outbox_put(&e->out, MSG_ENQUEUE, &m);
	return d;
}

void
engine_enqueued(struct engine *e, const struct msg_enqueued *m)
{
	pend_answered(e, PEND_ENQUEUE, m->request, m->task, m->code, m->message);
}

void
api_call_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;
	struct RClass *c = mrb_define_module(mrb, "Cloud");

	mrb_define_module_function(mrb, c, "__call", cloud_call, MRB_ARGS_REQ(3));
	mrb_define_module_function(mrb, c, "__enqueue", cloud_enqueue, MRB_ARGS_REQ(6));
}

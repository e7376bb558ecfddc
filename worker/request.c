/* request.c: see request.h. */
#include "request.h"
#include "conv.h"
#include "text.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/data.h>
#include <mruby/error.h>
#include <mruby/hash.h>
#include <mruby/string.h>
#include <mruby/variable.h>
#include <stdlib.h>

struct request {
	const struct handler *handler;
	struct taskid id;
	uint32_t attempt;
	unsigned lane, flags;
	struct span part[ENV_COUNT]; /* into bytes */
	uint8_t bytes[];
};

static void
request_gc(mrb_state *mrb, void *p)
{
	mrb_free(mrb, p);
}

static const struct mrb_data_type request_type = {"Cloud::Request", request_gc};

static bool
request_split(struct request *r, struct span envelope)
{
	struct mp c = mp_over(envelope);
	uint32_t count;
	uint64_t flags = 0;

	if (mp_array(&c, &count) != 0 || count != ENV_COUNT)
		return false;
	for (int i = 0; i < ENV_COUNT; i++)
		if (mp_skip(&c, &r->part[i]) != 0)
			return false;
	c = mp_over(r->part[ENV_FLAGS]);
	if (mp_peek(&c) == MP_UINT && mp_uint(&c, &flags) != 0)
		return false;
	r->flags = (unsigned)flags;
	return true;
}

mrb_value
request_new(struct engine *e, const struct task *t, const struct handler *h,
    struct span envelope)
{
	mrb_state *mrb = e->vm.mrb;
	struct request *r = mrb_malloc(mrb, sizeof *r + envelope.n);

	*r = (struct request){
	    .handler = h, .id = t->id, .attempt = t->attempt, .lane = t->lane};
	memcpy(r->bytes, envelope.p, envelope.n);
	mrb_value v = mrb_obj_value(
	    mrb_data_object_alloc(mrb, e->vm.cls.request, r, &request_type));
	if (!request_split(r, span_of(r->bytes, envelope.n)))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "the task's envelope is malformed");
	return v;
}

static struct request *
request_of(mrb_state *mrb, mrb_value self)
{
	return mrb_data_get_ptr(mrb, self, &request_type);
}

void
request_pack_caller(struct engine *e, mrb_value request, struct buf *out)
{
	const struct request *r = request_of(e->vm.mrb, request);

	for (int i = ENV_IP; i < ENV_COUNT; i++)
		buf_add_span(out, r->part[i]);
}

static bool
part_is(const struct request *r, int part, enum mp_type type)
{
	struct mp c = mp_over(r->part[part]);

	return mp_peek(&c) == (int)type;
}

/* The decoded part, remembered in an instance variable of that name. */
static mrb_value
request_part(mrb_state *mrb, mrb_value self, int part, mrb_sym memo, bool hash)
{
	struct request *r = request_of(mrb, self);
	mrb_value v = mrb_iv_get(mrb, self, memo);

	if (!r || !mrb_nil_p(v))
		return v;
	if (hash && !part_is(r, part, MP_MAP))
		v = mrb_hash_new(mrb);
	else if (conv_read(&engine_of(mrb)->vm, r->part[part], &v) != 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "the task's envelope is malformed");
	if (!mrb_nil_p(v))
		mrb_iv_set(mrb, self, memo, v);
	return v;
}

static mrb_value
request_body(mrb_state *mrb, mrb_value self)
{
	return request_part(mrb, self, ENV_BODY, engine_of(mrb)->vm.sym.iv_body, false);
}

/* nil in the envelope: the body, when that is an object. */
static mrb_value
request_params(mrb_state *mrb, mrb_value self)
{
	struct request *r = request_of(mrb, self);
	struct vm_syms *sym = &engine_of(mrb)->vm.sym;

	if (!r || !mrb_nil_p(mrb_iv_get(mrb, self, sym->iv_params)))
		return mrb_iv_get(mrb, self, sym->iv_params);
	if (!part_is(r, ENV_PARAMS, MP_NIL) || !part_is(r, ENV_BODY, MP_MAP))
		return request_part(mrb, self, ENV_PARAMS, sym->iv_params, true);
	mrb_value body = request_body(mrb, self);
	mrb_iv_set(mrb, self, sym->iv_params, body);
	return body;
}

static mrb_value
request_query(mrb_state *mrb, mrb_value self)
{
	return request_part(mrb, self, ENV_QUERY, mrb_intern_lit(mrb, "@query"), true);
}

static mrb_value
request_path_params(mrb_state *mrb, mrb_value self)
{
	return request_part(mrb, self, ENV_PATH, mrb_intern_lit(mrb, "@path"), true);
}

static mrb_value
request_headers(mrb_state *mrb, mrb_value self)
{
	return request_part(
	    mrb, self, ENV_HEADERS, engine_of(mrb)->vm.sym.iv_headers, true);
}

static mrb_value
request_ip(mrb_state *mrb, mrb_value self)
{
	return request_part(mrb, self, ENV_IP, mrb_intern_lit(mrb, "@ip"), false);
}

static mrb_value
request_context(mrb_state *mrb, mrb_value self)
{
	return request_part(
	    mrb, self, ENV_CONTEXT, mrb_intern_lit(mrb, "@context"), false);
}

static mrb_value
request_is_master(mrb_state *mrb, mrb_value self)
{
	struct request *r = request_of(mrb, self);

	return mrb_bool_value(r && (r->flags & ENV_MASTER));
}

static mrb_value
request_task_id(mrb_state *mrb, mrb_value self)
{
	struct request *r = request_of(mrb, self);
	char text[TASKID_TEXT_BYTES];

	return r ? mrb_str_new_cstr(mrb, taskid_text(&r->id, text)) : mrb_nil_value();
}

static mrb_value
request_attempt(mrb_state *mrb, mrb_value self)
{
	struct request *r = request_of(mrb, self);

	return r ? mrb_int_value(mrb, r->attempt) : mrb_nil_value();
}

static mrb_value
request_lane(mrb_state *mrb, mrb_value self)
{
	struct request *r = request_of(mrb, self);

	return r ? mrb_str_new_cstr(mrb, lane_text(r->lane)) : mrb_nil_value();
}

static mrb_value
request_name(mrb_state *mrb, mrb_value self)
{
	struct request *r = request_of(mrb, self);

	return r ? mrb_str_new_cstr(mrb, r->handler->name) : mrb_nil_value();
}

static mrb_value
request_kind(mrb_state *mrb, mrb_value self)
{
	struct request *r = request_of(mrb, self);

	return r ? mrb_str_new_cstr(mrb, kind_name(r->handler->kind)) : mrb_nil_value();
}

static mrb_value
request_user(mrb_state *mrb UNUSED, mrb_value self UNUSED)
{
	return mrb_nil_value(); /* until there are users */
}

/* req.progress(fraction, text = "") */
static mrb_value
request_progress(mrb_state *mrb, mrb_value self)
{
	struct engine *e = engine_of(mrb);
	struct request *r = request_of(mrb, self);
	mrb_float fraction;
	const char *p = "";
	mrb_int n = 0;

	mrb_get_args(mrb, "f|s", &fraction, &p, &n);
	if (!(fraction >= 0 && fraction <= 1))
		mrb_raise(
		    mrb, E_ARGUMENT_ERROR, "progress: the fraction is from 0 to 1");
	if (!r)
		return self;
	buf_reset(&e->text);
	text_add_clean(&e->text, span_of(p, (size_t)n), 1024);
	struct msg_progress m = {
	    .task = span_of(r->id.b, sizeof r->id.b),
	    .attempt = r->attempt,
	    .worker = e->worker,
	    .fraction = fraction,
	    .text = buf_span(&e->text),
	};
	outbox_put(&e->out, MSG_PROGRESS, &m);
	return self;
}

void
request_define(struct engine *e)
{
	static const struct {
		const char *name;
		mrb_func_t fn;
	} methods[] = {
	    {"params", request_params},
	    {"body", request_body},
	    {"query", request_query},
	    {"path_params", request_path_params},
	    {"headers", request_headers},
	    {"ip", request_ip},
	    {"context", request_context},
	    {"master?", request_is_master},
	    {"task_id", request_task_id},
	    {"attempt", request_attempt},
	    {"lane", request_lane},
	    {"name", request_name},
	    {"kind", request_kind},
	    {"user", request_user},
	};
	mrb_state *mrb = e->vm.mrb;
	struct RClass *c = mrb_define_class_under(
	    mrb, mrb_define_module(mrb, "Cloud"), "Request", mrb->object_class);

	MRB_SET_INSTANCE_TT(c, MRB_TT_DATA);
	for (size_t i = 0; i < COUNT_OF(methods); i++)
		mrb_define_method(
		    mrb, c, methods[i].name, methods[i].fn, MRB_ARGS_NONE());
	mrb_define_method(mrb, c, "progress", request_progress, MRB_ARGS_ARG(1, 1));
}

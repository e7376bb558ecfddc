/* step.c: see step.h; rb/step.rb has the other half. */
#include "step.h"
#include "conv.h"
#include "deferred.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>

bool
step_load(struct task *t, struct span steps)
{
	struct mp c = mp_over(steps);

	if (mp_map(&c, &t->step_n) != 0) /* nil: a sync task */
		return true;
	t->keeps_steps = true;
	return buf_add(&t->steps, c.p, (size_t)(c.end - c.p)) == 0;
}

static bool
step_find(const struct task *t, struct span name, struct span *value)
{
	struct mp c = mp_over(buf_span(&t->steps));
	struct span have;

	while (!mp_at_end(&c)) {
		if (mp_str(&c, &have) != 0 || mp_skip(&c, value) != 0)
			return false;
		if (span_eq(have, name))
			return true;
	}
	return false;
}

/* Before the block runs: whatever would make its work be in vain. */
static void
step_check(struct engine *e, const struct task *t, struct span name)
{
	mrb_state *mrb = e->vm.mrb;
	size_t bad;

	if (name.n == 0 || name.n > STEP_NAME_BYTES_MAX || !mp_utf8_valid(name, &bad))
		mrb_raisef(mrb, E_ARGUMENT_ERROR,
		    "step: its name has 1 to %d bytes, and is UTF-8",
		    STEP_NAME_BYTES_MAX);
	if (t->step_n >= STEPS_MAX)
		mrb_raisef(mrb, E_RUNTIME_ERROR, "step: a task has at most %d of them",
		    STEPS_MAX);
	const char *why = t->keeps_steps ? suspend_refusal(e) : NULL;
	if (why)
		mrb_raise(mrb, mrb_class_get(mrb, "FiberError"), why);
}

/* __step_find(name): [its result], or nil when it is not finished. */
static mrb_value
request_step_find(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	mrb_value text, v;
	struct span value;

	mrb_get_args(mrb, "S", &text);
	const struct task *t = scope_here(e)->task;
	struct span name = span_of(RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
	if (!step_find(t, name, &value)) {
		step_check(e, t, name);
		return mrb_nil_value();
	}
	if (conv_read(&e->vm, value, &v) != 0)
		mrb_raise(mrb, E_RUNTIME_ERROR, "step: its result is malformed");
	return mrb_ary_new_from_values(mrb, 1, &v);
}

static void
step_remember(struct task *t, struct span name, struct span value)
{
	msgpack_packer pk = mp_packer(&t->steps);

	mp_put_str(&pk, name);
	ASSERT(buf_add_span(&t->steps, value) == 0 && !t->steps.failed);
	t->step_n++;
}

/* __step_keep(name, value): a Deferred that settles when the result is safe; nil when
 * there is nothing to wait for. */
static mrb_value
request_step_keep(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	mrb_value text, v, d = mrb_nil_value();
	struct span value;

	mrb_get_args(mrb, "So", &text, &v);
	struct task *t = scope_here(e)->task;
	struct span name = span_of(RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
	if (step_find(t, name, &value)) /* a nested call's of that name was quicker */
		return d;
	size_t left =
	    t->steps.n < e->conf.result_bytes ? e->conf.result_bytes - t->steps.n : 0;
	buf_reset(&e->scratch);
	if (conv_write(&e->vm, v, "step", left, &e->scratch, &e->why) != 0)
		mrb_raise(mrb, E_TYPE_ERROR, buf_cstr(&e->why));
	if (t->keeps_steps)
		d = deferred_begin(e, PEND_STEP);
	step_remember(t, name, buf_span(&e->scratch));
	if (!t->keeps_steps)
		return d;
	struct msg_step m = {
	    .task = span_of(t->id.b, TASKID_BYTES),
	    .attempt = t->attempt,
	    .worker = e->worker,
	    .request = (uint64_t)deferred_pend(e, d)->code,
	    .name = name,
	    .value = buf_span(&e->scratch),
	};
	outbox_put(&e->out, MSG_STEP, &m);
	return d;
}

void
engine_stepped(struct engine *e, const struct msg_stepped *m)
{
	pend_answered(e, PEND_STEP, m->request, SPAN_NONE, m->code, m->message);
}

void
step_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;
	struct RClass *c =
	    mrb_class_get_under(mrb, mrb_module_get(mrb, "Cloud"), "Request");

	mrb_define_method(mrb, c, "__step_find", request_step_find, MRB_ARGS_REQ(1));
	mrb_define_method(mrb, c, "__step_keep", request_step_keep, MRB_ARGS_REQ(2));
}

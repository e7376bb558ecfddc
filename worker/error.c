/* error.c: see error.h. */
#include "error.h"
#include "../common/mp.h"
#include "place.h"
#include "text.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>
#include <mruby/variable.h>
#include <stdio.h>

void
error_text_init(struct error_text *t)
{
	*t = (struct error_text){0};
	buf_init(&t->class, 0);
	buf_init(&t->message, 0);
	buf_init(&t->code, 0);
	buf_init(&t->backtrace, 0);
}

void
error_text_fini(struct error_text *t)
{
	buf_fini(&t->class);
	buf_fini(&t->message);
	buf_fini(&t->code);
	buf_fini(&t->backtrace);
}

struct error_job {
	struct vm *vm;
	mrb_value reason;
	struct error_text *text;
};

static void
error_add_text(struct buf *b, mrb_value s)
{
	text_add_clean(
	    b, span_of(RSTRING_PTR(s), (size_t)RSTRING_LEN(s)), ERROR_MESSAGE_BYTES);
}

/* For a reason that is no exception: a String as it is, else what inspect says. */
static mrb_value
error_message(mrb_state *mrb, void *arg)
{
	struct error_job *j = arg;
	mrb_value m = j->reason;

	if (mrb_exception_p(m))
		m = mrb_funcall_argv(mrb, m, j->vm->sym.message, 0, NULL);
	else if (!mrb_string_p(m))
		m = mrb_funcall_argv(mrb, m, j->vm->sym.inspect, 0, NULL);
	if (!mrb_string_p(m))
		m = mrb_any_to_s(mrb, j->reason);
	error_add_text(&j->text->message, m);
	return mrb_nil_value();
}

static mrb_value
error_class(mrb_state *mrb, void *arg)
{
	struct error_job *j = arg;

	if (!mrb_exception_p(j->reason)) {
		buf_add_str(&j->text->class, "Deferred::Rejected");
		return mrb_nil_value();
	}
	struct RClass *c = mrb_obj_class(mrb, j->reason);
	mrb_value s = mrb_class_path(mrb, c);
	while (!mrb_string_p(s) && c->super) { /* a class without a name */
		c = mrb_class_real(c->super);
		s = mrb_class_path(mrb, c);
	}
	if (mrb_string_p(s))
		error_add_text(&j->text->class, s);
	return mrb_nil_value();
}

static void
error_pack_code(struct vm *vm, mrb_value exc, struct error_text *t)
{
	mrb_value code = mrb_iv_get(vm->mrb, exc, vm->sym.iv_code);
	mrb_value status = mrb_iv_get(vm->mrb, exc, vm->sym.iv_status);
	msgpack_packer pk = mp_packer(&t->code);
	struct buf clean;

	if (mrb_integer_p(status) && mrb_integer(status) >= 100 &&
	    mrb_integer(status) <= 599)
		t->status = (unsigned)mrb_integer(status);
	buf_init(&clean, 0);
	if (mrb_integer_p(code)) {
		msgpack_pack_int64(&pk, mrb_integer(code));
	} else if (mrb_string_p(code)) {
		text_add_clean(
		    &clean, span_of(RSTRING_PTR(code), (size_t)RSTRING_LEN(code)), 256);
		mp_put_str(&pk, buf_span(&clean));
	}
	buf_fini(&clean);
	t->cloud_error = t->code.n || t->status;
}

/* What Cloud::Retry and Cloud::Discard ask for. */
static void
error_read_again(struct vm *vm, mrb_value exc, struct error_text *t)
{
	mrb_value again = mrb_iv_get(vm->mrb, exc, vm->sym.iv_again);
	mrb_value ms = mrb_iv_get(vm->mrb, exc, vm->sym.iv_again_ms);

	if (mrb_integer_p(again) && mrb_integer(again) > 0)
		t->again = (uint64_t)mrb_integer(again);
	if (mrb_integer_p(ms) && mrb_integer(ms) > 0)
		t->again_ms = (uint64_t)mrb_integer(ms);
}

/* deferd's own names of methods say nothing: "a.rb:3:in __call" -> "a.rb:3". */
static struct span
error_plain_frame(struct span f)
{
	static const char in[] = ":in __";
	const uint8_t *at = f.n ? memmem(f.p, f.n, in, sizeof in - 1) : NULL;

	return at ? span_of(f.p, (size_t)(at - f.p)) : f;
}

/* False for what is deferd's own. */
static bool
error_frame(mrb_value frames, mrb_int i, struct span *out)
{
	mrb_value f = RARRAY_PTR(frames)[i];

	if (!mrb_string_p(f) || RSTRING_LEN(f) == 0 || place_is_ours(RSTRING_PTR(f)) ||
	    strncmp(RSTRING_PTR(f), "(unknown)", 9) == 0)
		return false;
	*out = error_plain_frame(span_of(RSTRING_PTR(f), (size_t)RSTRING_LEN(f)));
	return true;
}

/* "file.rb:12:in name" -> "file.rb:12" */
static void
error_keep_place(struct error_text *t, struct span frame)
{
	size_t n = 0;

	for (int colons = 0; n < frame.n && n < sizeof t->place - 1; n++)
		if (frame.p[n] == ':' && ++colons == 2)
			break;
	memcpy(t->place, frame.p, n);
	t->place[n] = '\0';
}

struct error_frames {
	struct buf bytes; /* msgpack strings */
	uint32_t n;
};

static void
error_add_frames(struct error_frames *out, struct error_text *t, mrb_value frames)
{
	msgpack_packer pk = mp_packer(&out->bytes);
	struct buf clean;
	struct span f;
	uint32_t max = out->n + ERROR_FRAMES_MAX;

	if (!mrb_array_p(frames))
		return;
	buf_init(&clean, 0);
	for (mrb_int i = 0; i < RARRAY_LEN(frames) && out->n < max; i++) {
		if (!error_frame(frames, i, &f))
			continue;
		if (!t->place[0])
			error_keep_place(t, f);
		buf_reset(&clean);
		text_add_clean(&clean, f, 500);
		mp_put_str(&pk, buf_span(&clean));
		out->n++;
	}
	buf_fini(&clean);
}

static mrb_value
error_backtrace(mrb_state *mrb, void *arg)
{
	struct error_job *j = arg;

	return mrb_exc_backtrace(mrb, j->reason);
}

/* mruby's backtrace, then the trail: see trail.h. */
static void
error_pack_backtrace(struct error_job *j)
{
	struct vm *vm = j->vm;
	struct error_frames out = {.n = 0};
	mrb_value frames;

	if (!gate_call(vm, error_backtrace, j, &frames))
		return;
	buf_init(&out.bytes, 0);
	error_add_frames(&out, j->text, frames);
	error_add_frames(
	    &out, j->text, mrb_iv_get(vm->mrb, j->reason, vm->sym.iv_trail));
	if (out.n > 0) {
		msgpack_packer pk = mp_packer(&j->text->backtrace);
		msgpack_pack_array(&pk, out.n);
		buf_add_span(&j->text->backtrace, buf_span(&out.bytes));
	}
	buf_fini(&out.bytes);
}

void
error_describe(struct vm *vm, mrb_value reason, struct error_text *t)
{
	struct error_job job = {vm, reason, t};
	mrb_value out;
	int mark = gate_mark(vm);

	mrb_gc_protect(vm->mrb, reason);
	if (!gate_call(vm, error_message, &job, &out)) {
		buf_reset(&t->message);
		buf_add_str(&t->message, "(its message cannot be told)");
	}
	if (!gate_call(vm, error_class, &job, &out) || t->class.n == 0) {
		buf_reset(&t->class);
		buf_add_str(&t->class, "Exception");
	}
	if (mrb_exception_p(reason)) {
		error_pack_backtrace(&job);
		if (mrb_obj_is_kind_of(vm->mrb, reason, vm->cls.error)) {
			error_pack_code(vm, reason, t);
			error_read_again(vm, reason, t);
		}
	}
	gate_release(vm, mark);
}

struct error_new {
	struct RClass *class;
	const char *message;
};

static mrb_value
error_new(mrb_state *mrb, void *arg)
{
	struct error_new *n = arg;
	mrb_value text = mrb_str_new_cstr(mrb, n->message);

	return mrb_obj_new(mrb, n->class, 1, &text);
}

mrb_value
error_make(struct vm *vm, struct RClass *class, const char *message)
{
	struct error_new n = {class, message};
	mrb_value exc;

	if (vm->mrb->jmp) /* inside of Ruby already */
		return error_new(vm->mrb, &n);
	(void)!gate_call(vm, error_new, &n, &exc);
	return exc;
}

mrb_value
error_cancelled(struct vm *vm, const char *message)
{
	return error_make(vm, vm->cls.cancelled, message);
}

mrb_value
error_cut(struct vm *vm, enum cause cause, const char *message)
{
	return error_make(
	    vm, cause == CAUSE_TIMEOUT ? vm->cls.timeout : vm->cls.cancelled, message);
}

void
error_place(struct vm *vm, mrb_value place, char *out, size_t n)
{
	mrb_int v = mrb_integer_p(place) ? mrb_integer(place) : 0;
	const char *file = v ? mrb_sym_name(vm->mrb, (mrb_sym)(v >> 24)) : NULL;

	if (file)
		snprintf(out, n, "%s:%d", file, (int)(v & 0xffffff));
	else
		snprintf(out, n, "?");
}

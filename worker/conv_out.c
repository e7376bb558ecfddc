/* conv_out.c: Ruby to msgpack: see conv.h. */
#include "conv.h"
#include "../common/err.h"
#include "../common/jsonw.h"
#include "text.h"
#include <math.h>
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/hash.h>
#include <mruby/numeric.h>
#include <mruby/string.h>

struct conv_out {
	struct vm *vm;
	msgpack_packer pk;
	struct buf *out, *why;
	const char *what;
	size_t end; /* out->n never goes beyond */
	int depth;
};

void
conv_path_text(const struct conv_path *p, const char *what, struct buf *out)
{
	if (!p) {
		buf_add_str(out, what);
		return;
	}
	conv_path_text(p->up, what, out);
	if (mrb_nil_p(p->key)) {
		buf_printf(out, "[%lld]", (long long)p->index);
		return;
	}
	buf_add_byte(out, '.');
	text_add_clean(
	    out, span_of(RSTRING_PTR(p->key), (size_t)RSTRING_LEN(p->key)), 80);
}

void
conv_deep_text(
    const struct conv_path *path, mrb_value last, const char *what, struct buf *out)
{
	const struct conv_path *step[MP_DEPTH_MAX + 1] = {NULL}, *p = path;
	const void *at[MP_DEPTH_MAX + 1] = {[MP_DEPTH_MAX] = mrb_ptr(last)};

	for (int i = MP_DEPTH_MAX; i > 0 && p; i--, p = p->up) {
		step[i] = p;
		at[i - 1] = p->in;
	}
	for (int again = 1; again <= MP_DEPTH_MAX; again++)
		for (int first = 0; first < again; first++) {
			if (at[first] != at[again])
				continue;
			conv_path_text(step[again], what, out);
			buf_add_str(out, ": contains itself: it is ");
			conv_path_text(step[first], what, out);
			return;
		}
	conv_path_text(path, what, out);
	buf_printf(out, ": nested deeper than %d levels", MP_DEPTH_MAX);
}

static int
conv_refuse(struct conv_out *c, const struct conv_path *p, const char *why)
{
	buf_reset(c->why);
	conv_path_text(p, c->what, c->why);
	buf_printf(c->why, ": %s", why);
	return -ERR_TYPE;
}

void
conv_time(struct vm *vm, mrb_value time, int64_t *s, uint32_t *ns)
{
	mrb_value v = mrb_funcall_argv(vm->mrb, time, vm->sym.to_i, 0, NULL);
	mrb_value us = mrb_funcall_argv(vm->mrb, time, vm->sym.usec, 0, NULL);

	*s = mrb_integer_p(v) ? mrb_integer(v) : 0;
	*ns = mrb_integer_p(us) ? (uint32_t)mrb_integer(us) * 1000u : 0;
}

/* Debian's mruby keeps a float in a word with its two lowest bits cut off. Of the four
 * doubles that it may have been, the one with the shortest text is taken: so 0.1 goes
 * in and comes out as 0.1. Small fractions of powers of two lose nothing. */
double
conv_mend_float(double d)
{
	char text[32];
	size_t best = SIZE_MAX;
	double out = d;
	uint64_t bits;

	if (!isfinite(d) || d == (double)(float)d)
		return d;
	memcpy(&bits, &d, sizeof bits);
	for (uint64_t low = 0; low < 4; low++) {
		uint64_t b = (bits & ~(uint64_t)3) | low;
		double x;
		memcpy(&x, &b, sizeof x);
		size_t n = strlen(real_format(x, text));
		if (n < best) {
			best = n;
			out = x;
		}
	}
	return out;
}

static mrb_value
conv_float_key(struct vm *vm, double raw)
{
	char text[32];
	double d = conv_mend_float(raw);

	return isfinite(d) ? mrb_str_new_cstr(vm->mrb, real_format(d, text))
			   : mrb_nil_value();
}

mrb_value
conv_key(struct vm *vm, mrb_value key)
{
	mrb_state *mrb = vm->mrb;

	switch (mrb_type(key)) {
	case MRB_TT_STRING: return key;
	case MRB_TT_SYMBOL: return mrb_sym_str(mrb, mrb_symbol(key));
	case MRB_TT_INTEGER: return mrb_integer_to_str(mrb, key, 10);
	case MRB_TT_FLOAT: return conv_float_key(vm, mrb_float(key));
	case MRB_TT_TRUE: return mrb_str_new_lit(mrb, "true");
	case MRB_TT_FALSE:
		return mrb_nil_p(key) ? mrb_str_new(mrb, NULL, 0)
				      : mrb_str_new_lit(mrb, "false");
	default: return mrb_nil_value();
	}
}

static int conv_put(struct conv_out *, mrb_value, const struct conv_path *);

static int
conv_put_bytes(
    struct conv_out *c, const char *p, mrb_int len, const struct conv_path *path)
{
	struct span s = span_of(p, (size_t)len);
	size_t bad;

	if (!mp_utf8_valid(s, &bad)) {
		char why[100];
		snprintf(why, sizeof why,
		    "a String that is not UTF-8 (at byte %zu) cannot be encoded: use "
		    "Cloud::Bytes for binary",
		    bad);
		return conv_refuse(c, path, why);
	}
	mp_put_str(&c->pk, s);
	return 0;
}

static int
conv_put_string(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	if (mrb_obj_ptr(v)->c == c->vm->cls.bytes) {
		mp_put_bin(&c->pk, span_of(RSTRING_PTR(v), (size_t)RSTRING_LEN(v)));
		return 0;
	}
	return conv_put_bytes(c, RSTRING_PTR(v), RSTRING_LEN(v), path);
}

static int
conv_put_symbol(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	mrb_int n;
	const char *p = mrb_sym_name_len(c->vm->mrb, mrb_symbol(v), &n);

	return conv_put_bytes(c, p, n, path);
}

static int
conv_put_float(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	double d = mrb_float(v);

	if (isnan(d))
		return conv_refuse(c, path, "NaN cannot be encoded");
	if (isinf(d))
		return conv_refuse(c, path, "Infinity cannot be encoded");
	msgpack_pack_double(&c->pk, conv_mend_float(d));
	return 0;
}

static int
conv_put_array(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	struct conv_path here = {path, mrb_nil_value(), 0, mrb_ptr(v)};
	mrb_int n = RARRAY_LEN(v);

	msgpack_pack_array(&c->pk, (size_t)n);
	for (mrb_int i = 0; i < n; i++) {
		/* a to_s or usec of the handler's own might have shortened it */
		mrb_value item = i < RARRAY_LEN(v) ? RARRAY_PTR(v)[i] : mrb_nil_value();
		here.index = i;
		int r = conv_put(c, item, &here);
		if (r)
			return r;
	}
	return 0;
}

struct conv_pair {
	struct conv_out *c;
	const struct conv_path *path;
	const void *in;
	mrb_int left;
	int r;
};

static int
conv_put_pair(mrb_state *mrb, mrb_value key, mrb_value value, void *arg)
{
	struct conv_pair *p = arg;
	int mark = mrb_gc_arena_save(mrb);
	mrb_value k = conv_key(p->c->vm, key);

	if (mrb_nil_p(k)) {
		p->r = conv_refuse(p->c, p->path,
		    "a Hash key must be a String, a Symbol or "
		    "a number");
		return 1;
	}
	struct conv_path here = {p->path, k, 0, p->in};
	p->r = conv_put_bytes(p->c, RSTRING_PTR(k), RSTRING_LEN(k), &here);
	if (p->r == 0)
		p->r = conv_put(p->c, value, &here);
	mrb_gc_arena_restore(mrb, mark);
	return p->r != 0 || --p->left == 0;
}

static int
conv_put_hash(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	struct conv_pair p = {c, path, mrb_ptr(v), mrb_hash_size(c->vm->mrb, v), 0};

	msgpack_pack_map(&c->pk, (size_t)p.left);
	if (p.left)
		mrb_hash_foreach(c->vm->mrb, mrb_hash_ptr(v), conv_put_pair, &p);
	return p.r;
}

static int
conv_put_object(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	struct vm *vm = c->vm;
	char why[160];

	if (mrb_obj_is_kind_of(vm->mrb, v, vm->cls.time)) {
		int64_t s;
		uint32_t ns;
		conv_time(vm, v, &s, &ns);
		mp_put_time(&c->pk, s, ns);
		return 0;
	}
	if (mrb_obj_is_kind_of(vm->mrb, v, vm->cls.deferred))
		return conv_refuse(c, path,
		    "a Deferred cannot be encoded: await it, or return "
		    "Deferred.all(...)");
	snprintf(why, sizeof why,
	    "an object of class %s cannot be encoded: make a Hash of it",
	    mrb_obj_classname(vm->mrb, v));
	return conv_refuse(c, path, why);
}

static int
conv_put_container(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	if (c->depth >= MP_DEPTH_MAX) {
		buf_reset(c->why);
		conv_deep_text(path, v, c->what, c->why);
		return -ERR_TYPE;
	}
	c->depth++;
	int r = mrb_array_p(v) ? conv_put_array(c, v, path) : conv_put_hash(c, v, path);
	c->depth--;
	return r;
}

static int
conv_put(struct conv_out *c, mrb_value v, const struct conv_path *path)
{
	if (c->out->n > c->end)
		return -ERR_TOO_LARGE;
	switch (mrb_type(v)) {
	case MRB_TT_FALSE:
		if (mrb_nil_p(v))
			msgpack_pack_nil(&c->pk);
		else
			msgpack_pack_false(&c->pk);
		return 0;
	case MRB_TT_TRUE: msgpack_pack_true(&c->pk); return 0;
	case MRB_TT_INTEGER: msgpack_pack_int64(&c->pk, mrb_integer(v)); return 0;
	case MRB_TT_FLOAT: return conv_put_float(c, v, path);
	case MRB_TT_SYMBOL: return conv_put_symbol(c, v, path);
	case MRB_TT_STRING: return conv_put_string(c, v, path);
	case MRB_TT_ARRAY:
	case MRB_TT_HASH: return conv_put_container(c, v, path);
	default: return conv_put_object(c, v, path);
	}
}

int
conv_write(struct vm *vm, mrb_value v, const char *what, size_t max_bytes,
    struct buf *out, struct buf *why)
{
	struct conv_out c = {.vm = vm, .out = out, .why = why, .what = what};

	c.end = out->n + max_bytes;
	c.pk = mp_packer(out);
	int r = conv_put(&c, v, NULL);
	if (r == -ERR_TOO_LARGE || (r == 0 && (out->n > c.end || out->failed))) {
		buf_reset(why);
		buf_printf(
		    why, "%s: larger than the limit of %zu bytes", what, max_bytes);
		return -ERR_TOO_LARGE;
	}
	return r;
}

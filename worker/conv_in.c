/* conv_in.c: msgpack to Ruby: see conv.h. */
#include "conv.h"
#include "../common/err.h"
#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/string.h>

static int conv_value(struct vm *, struct mp *, int depth, mrb_value *out);

static mrb_value
conv_bytes(struct vm *vm, struct span s)
{
	mrb_value v = mrb_str_new(vm->mrb, (const char *)s.p, (mrb_int)s.n);

	mrb_basic_ptr(v)->c = vm->cls.bytes;
	return v;
}

static mrb_value
conv_uint(struct vm *vm, uint64_t n)
{
	if (n > INT64_MAX)
		return mrb_float_value(vm->mrb, (double)n);
	return mrb_int_value(vm->mrb, (mrb_int)n);
}

static mrb_value
conv_at(struct vm *vm, int64_t s, uint32_t ns)
{
	mrb_value args[2] = {
	    mrb_int_value(vm->mrb, s), mrb_int_value(vm->mrb, (mrb_int)(ns / 1000))};

	return mrb_funcall_argv(
	    vm->mrb, mrb_obj_value(vm->cls.time), vm->sym.at, 2, args);
}

static int
conv_array(struct vm *vm, struct mp *c, uint32_t count, int depth, mrb_value *out)
{
	mrb_state *mrb = vm->mrb;
	mrb_value ary = mrb_ary_new_capa(mrb, (mrb_int)count), v;
	int mark = mrb_gc_arena_save(mrb);

	for (uint32_t i = 0; i < count; i++) {
		int r = conv_value(vm, c, depth + 1, &v);
		if (r)
			return r;
		mrb_ary_push(mrb, ary, v);
		mrb_gc_arena_restore(mrb, mark);
	}
	*out = ary;
	return 0;
}

static int
conv_map(struct vm *vm, struct mp *c, uint32_t pairs, int depth, mrb_value *out)
{
	mrb_state *mrb = vm->mrb;
	mrb_value hash = mrb_hash_new_capa(mrb, (mrb_int)pairs), v;
	int mark = mrb_gc_arena_save(mrb);
	struct span key;

	for (uint32_t i = 0; i < pairs; i++) {
		int r = mp_str(c, &key);
		if (r)
			return r;
		mrb_value k = mrb_str_new(mrb, (const char *)key.p, (mrb_int)key.n);
		MRB_SET_FROZEN_FLAG(mrb_basic_ptr(k)); /* else the Hash copies it */
		r = conv_value(vm, c, depth + 1, &v);
		if (r)
			return r;
		mrb_hash_set(mrb, hash, k, v);
		mrb_gc_arena_restore(mrb, mark);
	}
	*out = hash;
	return 0;
}

static int
conv_value(struct vm *vm, struct mp *c, int depth, mrb_value *out)
{
	struct mp_tok t;
	int r = mp_next(c, &t);

	if (r)
		return r;
	switch (t.type) {
	case MP_NIL: *out = mrb_nil_value(); return 0;
	case MP_BOOL: *out = mrb_bool_value(t.boolean); return 0;
	case MP_UINT: *out = conv_uint(vm, t.uint); return 0;
	case MP_SINT: *out = mrb_int_value(vm->mrb, t.sint); return 0;
	case MP_REAL: *out = mrb_float_value(vm->mrb, t.real); return 0;
	case MP_BIN: *out = conv_bytes(vm, t.bytes); return 0;
	case MP_TIME: *out = conv_at(vm, t.time.s, t.time.ns); return 0;
	case MP_STR:
		*out =
		    mrb_str_new(vm->mrb, (const char *)t.bytes.p, (mrb_int)t.bytes.n);
		return 0;
	case MP_ARRAY:
	case MP_MAP: break;
	}
	if (depth >= MP_DEPTH_MAX)
		return -ERR_TOO_DEEP;
	return t.type == MP_ARRAY ? conv_array(vm, c, t.count, depth, out)
				  : conv_map(vm, c, t.count, depth, out);
}

int
conv_read(struct vm *vm, struct span s, mrb_value *out)
{
	struct mp c = mp_over(s);
	int r = conv_value(vm, &c, 0, out);

	return r == 0 && !mp_at_end(&c) ? -ERR_MALFORMED : r;
}

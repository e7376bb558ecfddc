/* json_out.c: JSON.generate: Ruby values as JSON text. */
#include "../common/clock.h"
#include "../common/jsonw.h"
#include "conv.h"
#include "json.h"
#include <math.h>
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/hash.h>
#include <mruby/string.h>

struct json_out {
	struct vm *vm;
	struct jsonw w;
	struct buf *why;
	int depth;
};

static bool json_put(struct json_out *, mrb_value, const struct conv_path *);

static bool
json_refuse(struct json_out *j, const struct conv_path *p, const char *why)
{
	buf_reset(j->why);
	conv_path_text(p, "value", j->why);
	buf_printf(j->why, ": %s", why);
	return false;
}

static bool
json_put_bytes(
    struct json_out *j, const char *p, mrb_int n, const struct conv_path *path)
{
	struct span s = span_of(p, (size_t)n);
	size_t bad;

	if (!mp_utf8_valid(s, &bad))
		return json_refuse(
		    j, path, "a String that is not UTF-8 cannot be JSON");
	jsonw_span(&j->w, s);
	return true;
}

static bool
json_put_float(struct json_out *j, mrb_value v, const struct conv_path *path)
{
	double d = conv_mend_float(mrb_float(v));

	if (!isfinite(d))
		return json_refuse(j, path, "NaN and Infinity cannot be JSON");
	jsonw_real(&j->w, d);
	return true;
}

static bool
json_put_array(struct json_out *j, mrb_value v, const struct conv_path *path)
{
	struct conv_path here = {path, mrb_nil_value(), 0, mrb_ptr(v)};

	jsonw_array(&j->w);
	for (; here.index < RARRAY_LEN(v); here.index++)
		if (!json_put(j, RARRAY_PTR(v)[here.index], &here))
			return false;
	jsonw_end_array(&j->w);
	return true;
}

struct json_pair {
	struct json_out *j;
	const struct conv_path *path;
	const void *in;
	bool ok;
};

static int
json_put_pair(mrb_state *mrb, mrb_value key, mrb_value value, void *arg)
{
	struct json_pair *p = arg;
	int mark = mrb_gc_arena_save(mrb);
	mrb_value k = conv_key(p->j->vm, key);
	struct conv_path here = {p->path, k, 0, p->in};

	if (mrb_nil_p(k)) {
		p->ok = json_refuse(p->j, p->path,
		    "a Hash key must be a String, a Symbol "
		    "or a number");
		return 1;
	}
	jsonw_key_span(&p->j->w, span_of(RSTRING_PTR(k), (size_t)RSTRING_LEN(k)));
	p->ok = json_put(p->j, value, &here);
	mrb_gc_arena_restore(mrb, mark);
	return !p->ok;
}

static bool
json_put_hash(struct json_out *j, mrb_value v, const struct conv_path *path)
{
	struct json_pair p = {j, path, mrb_ptr(v), true};

	jsonw_object(&j->w);
	mrb_hash_foreach(j->vm->mrb, mrb_hash_ptr(v), json_put_pair, &p);
	if (p.ok)
		jsonw_end_object(&j->w);
	return p.ok;
}

static bool
json_put_container(struct json_out *j, mrb_value v, const struct conv_path *path)
{
	if (j->depth >= MP_DEPTH_MAX) {
		buf_reset(j->why);
		conv_deep_text(path, v, "value", j->why);
		return false;
	}
	j->depth++;
	bool ok =
	    mrb_array_p(v) ? json_put_array(j, v, path) : json_put_hash(j, v, path);
	j->depth--;
	return ok;
}

static bool
json_put_object(struct json_out *j, mrb_value v, const struct conv_path *path)
{
	char text[160];
	int64_t s;
	uint32_t ns;

	if (mrb_obj_is_kind_of(j->vm->mrb, v, j->vm->cls.time)) {
		conv_time(j->vm, v, &s, &ns);
		jsonw_str(&j->w, clock_format_wall(
				     s * MS_PER_S + ns / NS_PER_MS, text, sizeof text));
		return true;
	}
	snprintf(text, sizeof text,
	    "an object of class %s cannot be JSON: make a Hash of it",
	    mrb_obj_classname(j->vm->mrb, v));
	return json_refuse(j, path, text);
}

static bool
json_put_symbol(struct json_out *j, mrb_value v, const struct conv_path *path)
{
	mrb_int n;
	const char *p = mrb_sym_name_len(j->vm->mrb, mrb_symbol(v), &n);

	return json_put_bytes(j, p, n, path);
}

static bool
json_put(struct json_out *j, mrb_value v, const struct conv_path *path)
{
	switch (mrb_type(v)) {
	case MRB_TT_FALSE:
		if (mrb_nil_p(v))
			jsonw_null(&j->w);
		else
			jsonw_bool(&j->w, false);
		return true;
	case MRB_TT_TRUE: jsonw_bool(&j->w, true); return true;
	case MRB_TT_INTEGER: jsonw_int(&j->w, mrb_integer(v)); return true;
	case MRB_TT_FLOAT: return json_put_float(j, v, path);
	case MRB_TT_SYMBOL: return json_put_symbol(j, v, path);
	case MRB_TT_STRING:
		return json_put_bytes(j, RSTRING_PTR(v), RSTRING_LEN(v), path);
	case MRB_TT_ARRAY:
	case MRB_TT_HASH: return json_put_container(j, v, path);
	default: return json_put_object(j, v, path);
	}
}

/* JSON.generate(value) */
static mrb_value
json_generate(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	struct json_out j = {.vm = &e->vm, .why = &e->why};
	mrb_value v;

	mrb_get_args(mrb, "o", &v);
	buf_reset(&e->scratch);
	jsonw_init(&j.w, &e->scratch);
	if (!json_put(&j, v, NULL))
		mrb_raisef(mrb,
		    mrb_class_get_under(
			mrb, mrb_module_get(mrb, "JSON"), "GeneratorError"),
		    "JSON.generate: %s", buf_cstr(&e->why));
	return mrb_str_new(mrb, (const char *)e->scratch.p, (mrb_int)e->scratch.n);
}

void
json_define_generate(struct engine *e, struct RClass *json)
{
	mrb_define_module_function(
	    e->vm.mrb, json, "generate", json_generate, MRB_ARGS_REQ(1));
}

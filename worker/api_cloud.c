/* api_cloud.c: registering handlers; the checks of options are in rb/cloud.rb. */
#include "../common/clock.h"
#include "../common/cron.h"
#include "../common/log.h"
#include "api.h"
#include "load.h"
#include "place.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/hash.h>
#include <mruby/string.h>
#include <stdlib.h>

/* Cloud.__place(block = nil): "file.rb:12" of the handlers' line that runs, and that
 * was given this block. */
static mrb_value
cloud_get_place(mrb_state *mrb, mrb_value self UNUSED)
{
	mrb_value block = mrb_nil_value();
	int line;

	mrb_get_args(mrb, "|o", &block);
	const char *file = place_of_call(&engine_of(mrb)->vm, block, &line);
	return mrb_format(mrb, "%s:%d", file, line);
}

/* Cloud.__duration(what, value): milliseconds of "10m", 10 or 0.5. */
static mrb_value
cloud_duration(mrb_state *mrb, mrb_value self UNUSED)
{
	const char *what;
	mrb_value v;
	int64_t ms = -1;

	mrb_get_args(mrb, "zo", &what, &v);
	if (mrb_integer_p(v) && mrb_integer(v) < 1000000000)
		ms = (int64_t)mrb_integer(v) * MS_PER_S;
	else if (mrb_float_p(v) && mrb_float(v) > 0 && mrb_float(v) < 1e9)
		/* mruby reads 0.2 as a little less */
		ms = (int64_t)(mrb_float(v) * MS_PER_S + 0.5);
	else if (mrb_string_p(v) && clock_parse_ms(mrb_str_to_cstr(mrb, v), &ms) != 0)
		ms = -1;
	if (ms <= 0)
		mrb_raisef(mrb, E_ARGUMENT_ERROR,
		    "%s: not a duration like \"10s\", \"5m\" or a number of seconds",
		    what);
	return mrb_int_value(mrb, ms);
}

static struct span
cloud_opt_str(mrb_value v)
{
	if (!mrb_string_p(v))
		return SPAN_NONE;
	return span_of(RSTRING_PTR(v), (size_t)RSTRING_LEN(v));
}

static char *
cloud_copy(mrb_value v)
{
	struct span s = cloud_opt_str(v);

	return mrb_string_p(v) ? strndup((const char *)s.p, s.n) : NULL;
}

/* Cloud.__cron(text): nil, or what is wrong with it. */
static mrb_value
cloud_check_cron(mrb_state *mrb, mrb_value self UNUSED)
{
	const char *p, *why;
	struct cron cron;
	mrb_int n;

	mrb_get_args(mrb, "s", &p, &n);
	if (cron_parse(span_of(p, (size_t)n), &cron, &why) == 0)
		return mrb_nil_value();
	return mrb_str_new_cstr(mrb, why);
}

/* timing: nil, or [cron, zone, at_ms, start_ms, expire_ms, missed, overlap] */
static void
cloud_set_timing(struct handler *h, mrb_value timing)
{
	if (!mrb_array_p(timing) || RARRAY_LEN(timing) != 7)
		return;
	const mrb_value *v = RARRAY_PTR(timing);
	h->cron = cloud_copy(v[0]);
	h->zone = cloud_copy(v[1]);
	h->at_ms = mrb_integer(v[2]);
	h->start_ms = mrb_integer(v[3]);
	h->expire_ms = mrb_integer(v[4]);
	h->missed = (int)mrb_integer(v[5]);
	h->overlap = (int)mrb_integer(v[6]);
}

/* Cloud.__register(kind, name, place, class, method, numbers, verb, pattern,
 * timing = nil), numbers being
 * [timeout_ms, burst_ms, every_ms, execution, flags, detached, attempts]. */
static mrb_value
cloud_register(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	mrb_value name, place, class, method, numbers, verb, pattern;
	mrb_value timing = mrb_nil_value();
	const char *kind_text;
	mrb_int number[7];
	size_t bad;

	mrb_get_args(mrb, "zSSCoAoo|o", &kind_text, &name, &place, &class, &method,
	    &numbers, &verb, &pattern, &timing);
	enum kind kind = kind_parse(span_str(kind_text));
	if (!e->loading)
		mrb_raisef(mrb, E_RUNTIME_ERROR,
		    "Cloud.%s works only while the handlers' files are loaded",
		    kind_text);
	if (kind == KIND_ANY || RARRAY_LEN(numbers) != COUNT_OF(number))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "Cloud.__register: not for handlers");
	if (!mp_utf8_valid(cloud_opt_str(name), &bad) ||
	    !mp_utf8_valid(cloud_opt_str(pattern), &bad))
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "Cloud.%s: its name is not UTF-8",
		    kind_text);
	for (size_t i = 0; i < COUNT_OF(number); i++)
		number[i] = mrb_integer(RARRAY_PTR(numbers)[i]);
	struct handler *h = catalog_add(
	    &e->catalog, kind, cloud_opt_str(name), mrb_str_to_cstr(mrb, place));
	pin_put(&e->vm, class);
	h->class = mrb_class_ptr(class);
	h->method = mrb_symbol_p(method) ? mrb_symbol(method) : 0;
	h->timeout_ms = number[0];
	h->burst_ms = number[1];
	h->every_ms = number[2];
	h->execution = (enum execution)number[3];
	h->flags = (unsigned)number[4];
	h->detached = (int)number[5];
	h->attempts = (int)number[6];
	h->verb = cloud_copy(verb);
	h->pattern = cloud_copy(pattern);
	cloud_set_timing(h, timing);
	return mrb_nil_value();
}

/* Cloud.__warn(text) */
static mrb_value
cloud_warn(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	char place[512];
	const char *text;
	int line;

	mrb_get_args(mrb, "z", &text);
	const char *file = place_here(&e->vm, &line);
	snprintf(place, sizeof place, "%s:%d", file, line);
	catalog_warn(&e->catalog, place, text);
	return mrb_nil_value();
}

/* Cloud.load(name) */
static mrb_value
cloud_load(mrb_state *mrb, mrb_value self UNUSED)
{
	const char *name;

	mrb_get_args(mrb, "z", &name);
	return mrb_bool_value(load_named(engine_of(mrb), name));
}

void
api_cloud_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;
	struct RClass *c = mrb_define_module(mrb, "Cloud");

	mrb_define_module_function(mrb, c, "__place", cloud_get_place, MRB_ARGS_OPT(1));
	mrb_define_module_function(
	    mrb, c, "__duration", cloud_duration, MRB_ARGS_REQ(2));
	mrb_define_module_function(mrb, c, "__cron", cloud_check_cron, MRB_ARGS_REQ(1));
	mrb_define_module_function(
	    mrb, c, "__register", cloud_register, MRB_ARGS_ARG(8, 1));
	mrb_define_module_function(mrb, c, "__warn", cloud_warn, MRB_ARGS_REQ(1));
	mrb_define_module_function(mrb, c, "load", cloud_load, MRB_ARGS_REQ(1));
}

void
api_define(struct engine *e)
{
	api_call_define(e);
	api_cloud_define(e);
	api_json_define(e);
	api_log_define(e);
	api_missing_define(e);
	api_time_define(e);
}

static mrb_value
cloud_hide(mrb_state *mrb, void *arg UNUSED)
{
	struct engine *e = engine_of(mrb);

	return mrb_funcall_argv(mrb, mrb_obj_value(e->vm.cls.deferd),
	    mrb_intern_lit(mrb, "__hide_blocking"), 0, NULL);
}

void
api_hide_blocking(struct engine *e)
{
	mrb_value out;

	if (!gate_call(&e->vm, cloud_hide, NULL, &out))
		log_warn("mruby's blocking classes could not all be hidden");
}

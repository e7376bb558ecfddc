/* api_time.c: Time#iso8601, Time.iso8601, and numbers as text. */
#include "../common/clock.h"
#include "../common/jsonw.h"
#include "api.h"
#include "conv.h"
#include <math.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>

/* time.iso8601: UTC with milliseconds */
static mrb_value
time_to_iso8601(mrb_state *mrb, mrb_value self)
{
	char text[32];
	int64_t s;
	uint32_t ns;

	conv_time(&engine_of(mrb)->vm, self, &s, &ns);
	return mrb_str_new_cstr(
	    mrb, clock_format_wall(s * MS_PER_S + ns / NS_PER_MS, text, sizeof text));
}

/* Time.iso8601(text) */
static mrb_value
time_from_iso8601(mrb_state *mrb, mrb_value self)
{
	const char *p;
	mrb_int n;
	int64_t ms;

	mrb_get_args(mrb, "s", &p, &n);
	if (clock_parse_wall(p, (size_t)n, &ms) != 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR,
		    "Time.iso8601: not a time like 2027-01-31T12:00:00Z");
	int64_t s = ms / MS_PER_S, left = ms % MS_PER_S;
	if (left < 0) {
		left += MS_PER_S;
		s--;
	}
	mrb_value args[2] = {mrb_int_value(mrb, s), mrb_int_value(mrb, left * 1000)};
	return mrb_funcall_argv(mrb, self, engine_of(mrb)->vm.sym.at, 2, args);
}

/* mruby prints 1e100 as garbage, and 0.1 as 0.1 by luck only. */
static mrb_value
float_to_s(mrb_state *mrb, mrb_value self)
{
	char text[32];
	double d = conv_mend_float(mrb_float(self));

	if (isnan(d))
		return mrb_str_new_lit(mrb, "NaN");
	if (isinf(d))
		return mrb_str_new_cstr(mrb, d < 0 ? "-Infinity" : "Infinity");
	return mrb_str_new_cstr(mrb, real_format(d, text));
}

void
api_time_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;
	struct RClass *t = mrb_class_get(mrb, "Time"), *f = mrb_class_get(mrb, "Float");

	mrb_define_method(mrb, t, "iso8601", time_to_iso8601, MRB_ARGS_NONE());
	mrb_define_class_method(mrb, t, "iso8601", time_from_iso8601, MRB_ARGS_REQ(1));
	mrb_define_method(mrb, f, "to_s", float_to_s, MRB_ARGS_NONE());
	mrb_define_method(mrb, f, "inspect", float_to_s, MRB_ARGS_NONE());
}

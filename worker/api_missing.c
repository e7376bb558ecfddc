/*
 * api_missing.c: what a handler is told that calls a method which is not there. mruby
 * itself does not even say of what.
 */
#include "api.h"
#include "similar.h"
#include <mruby/array.h>
#include <mruby/proc.h> /* before class.h, whose macros it has */
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>

#define METHOD_TEXT_BYTES 200

static struct span
span_head(struct span s, size_t max)
{
	return span_of(s.p, s.n < max ? s.n : max);
}

static struct span
missing_sym(mrb_state *mrb, mrb_sym sym)
{
	mrb_int n;
	const char *p = mrb_sym_name_len(mrb, sym, &n);

	return span_of(p, (size_t)n);
}

static int
missing_try(mrb_state *mrb, mrb_sym sym, mrb_method_t m, void *arg)
{
	if (!MRB_METHOD_UNDEF_P(m))
		similar_try(arg, missing_sym(mrb, sym));
	return 0;
}

/* mruby gives a handler's own class no name. */
static void
missing_of(mrb_state *mrb, mrb_value self, struct buf *out)
{
	bool is_class =
	    mrb_type(self) == MRB_TT_CLASS || mrb_type(self) == MRB_TT_MODULE;
	mrb_value path = mrb_class_path(
	    mrb, is_class ? mrb_class_ptr(self) : mrb_obj_class(mrb, self));

	if (mrb_nil_p(self))
		buf_add_str(out, " for nil");
	else if (mrb_string_p(path) && RSTRING_PTR(path)[0] != '#')
		buf_printf(out, " for %s%.*s", is_class ? "" : "an instance of ",
		    (int)RSTRING_LEN(path), RSTRING_PTR(path));
}

/* Object#method_missing */
static mrb_value
missing_method(mrb_state *mrb, mrb_value self)
{
	struct engine *e = engine_of(mrb);
	struct similar s;
	mrb_sym name;
	const mrb_value *rest;
	mrb_int n;

	mrb_get_args(mrb, "n*", &name, &rest, &n);
	/* The next short symbol takes the place of this one's text. */
	buf_reset(&e->why);
	buf_add_str(&e->why, "undefined method '");
	buf_add_span(&e->why, span_head(missing_sym(mrb, name), METHOD_TEXT_BYTES));
	buf_add_str(&e->why, "'");
	similar_init(&s, missing_sym(mrb, name));
	for (struct RClass *c = mrb_class(mrb, self); c; c = c->super)
		mrb_mt_foreach(mrb, c, missing_try, &s);
	missing_of(mrb, self, &e->why);
	if (s.best[0])
		buf_printf(&e->why, ". Did you mean %s?", s.best);
	mrb_value args[2] = {
	    mrb_str_new_cstr(mrb, buf_cstr(&e->why)), mrb_symbol_value(name)};
	mrb_exc_raise(
	    mrb, mrb_obj_new(mrb, mrb_class_get(mrb, "NoMethodError"), 2, args));
	return mrb_nil_value();
}

/* Deferd.__similar(name, symbols): the one that was meant, or nil */
static mrb_value
missing_similar(mrb_state *mrb, mrb_value self UNUSED)
{
	struct similar s;
	const char *p;
	mrb_int n;
	mrb_value list;

	mrb_get_args(mrb, "sA", &p, &n, &list);
	similar_init(&s, span_of(p, (size_t)n));
	for (mrb_int i = 0; i < RARRAY_LEN(list); i++)
		if (mrb_symbol_p(RARRAY_PTR(list)[i]))
			similar_try(
			    &s, missing_sym(mrb, mrb_symbol(RARRAY_PTR(list)[i])));
	return s.best[0] ? mrb_str_new_cstr(mrb, s.best) : mrb_nil_value();
}

void
api_missing_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;

	mrb_define_method(
	    mrb, mrb->object_class, "method_missing", missing_method, MRB_ARGS_ANY());
	mrb_define_module_function(mrb, mrb_define_module(mrb, "Deferd"), "__similar",
	    missing_similar, MRB_ARGS_REQ(2));
}

/*
 * suspend.c: may the Ruby that runs now be suspended, and if not, why, and what is to
 * be written instead. mruby cannot suspend a C function that called Ruby; and a Fiber
 * that a handler made would yield to the handler's own resume.
 */
#include "deferred.h"
#include <mruby/proc.h>

/* Ruby that mruby calls from C, by its method. */
static const struct {
	const char *method, *what, *instead;
} from_c[] = {
    {"to_s", "to_s, which an interpolation, join, format or String() calls",
	"await before, and build the String from the value"},
    {"const_missing", "const_missing", "await in a method, not in a constant's place"},
    {"inherited", "inherited", "make the class without awaiting"},
    {"extended", "extended", "extend the object without awaiting"},
    {"method_added", "method_added", "define the method without awaiting"},
    {"to_proc", "to_proc, which & calls", "pass a block { } that awaits"},
    {"to_a", "to_a, which * or Array() calls", "call to_a yourself"},
    {"eql?", "eql?, which a Hash or Array calls", "await before, and compare values"},
    {"hash", "hash, which a Hash calls", "await before, and use the value as the key"},
    {"<=>", "<=>, which the making of a Range calls", "make it of plain values"},
    {"respond_to_missing?", "respond_to_missing?", "answer it without awaiting"},
    {"exception", "exception, which raise calls", "make the exception before"},
    {"initialize_copy", "initialize_copy, which dup and clone call",
	"copy first, and await after it"},
    {"new", "the block of Struct.new, Class.new or Module.new",
	"await before, and use the value in the block"},
    {"each_object", "the block of ObjectSpace.each_object",
	"collect the objects first, and await after it"},
};

/* The innermost frame that C called; NULL: none. */
static const mrb_callinfo *
suspend_find_c(const mrb_state *mrb)
{
	struct mrb_context *c = mrb->c;

	for (const mrb_callinfo *ci = c->ci; ci >= c->cibase; ci--)
		if (ci->cci > 0)
			return ci;
	return NULL;
}

static const char *
suspend_name(mrb_state *mrb, const mrb_callinfo *ci)
{
	const char *name = ci->mid ? mrb_sym_name(mrb, ci->mid) : NULL;

	return name && strncmp(name, "__", 2) != 0 ? name : NULL;
}

/* The C function below the frame, when it has one of its own. */
static const char *
suspend_caller(mrb_state *mrb, const mrb_callinfo *ci)
{
	if (ci <= mrb->c->cibase || (ci[-1].proc && !MRB_PROC_CFUNC_P(ci[-1].proc)))
		return NULL;
	return suspend_name(mrb, &ci[-1]);
}

static const char *
suspend_explain_c(struct engine *e, const mrb_callinfo *ci)
{
	mrb_state *mrb = e->vm.mrb;
	const char *name = suspend_name(mrb, ci);

	buf_reset(&e->why);
	for (size_t i = 0; name && i < COUNT_OF(from_c); i++)
		if (strcmp(from_c[i].method, name) == 0) {
			buf_printf(&e->why,
			    "await cannot suspend %s: mruby calls it from C. Instead, "
			    "%s",
			    from_c[i].what, from_c[i].instead);
			return buf_cstr(&e->why);
		}
	const char *caller = suspend_caller(mrb, ci);
	if (caller)
		buf_printf(&e->why,
		    "await cannot suspend what %s calls: mruby calls it from C. "
		    "Instead, await before, and use the value there",
		    caller);
	else
		buf_add_str(&e->why,
		    "await cannot suspend a block that mruby calls from C, such as "
		    "the default block of Hash.new. Instead, use fetch(key) { }, or "
		    "await before, and use the value there");
	return buf_cstr(&e->why);
}

const char *
suspend_refusal(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;

	if (e->loading)
		return "await works in a handler only: this file is still being loaded";
	if (!e->running)
		return "await works in a handler only";
	if (mrb->c->fib != e->running->fib)
		return "await cannot suspend a Fiber or Enumerator that the handler "
		       "made: await outside of it, or use async { } in its place";
	const mrb_callinfo *ci = suspend_find_c(mrb);
	return ci ? suspend_explain_c(e, ci) : NULL;
}

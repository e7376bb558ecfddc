/* trail.c: see trail.h. */
#include "trail.h"
#include "deferred.h"
#include "error.h"
#include "place.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>
#include <mruby/variable.h>

#define TRAIL_MAX ERROR_FRAMES_MAX
#define TRAIL_STACK_MAX 10

/* One that was never raised has no backtrace yet: raise will give it one. */
static bool
trail_applies(struct engine *e, mrb_value reason)
{
	return mrb_exception_p(reason) && !MRB_FROZEN_P(mrb_basic_ptr(reason)) &&
	       mrb_iv_defined(e->vm.mrb, reason, e->vm.sym.backtrace);
}

/* A copy with room for more; an empty one when there is none. */
static mrb_value
trail_copy(mrb_state *mrb, mrb_value trail)
{
	if (!mrb_array_p(trail))
		return mrb_ary_new_capa(mrb, 4);
	return mrb_ary_new_from_values(mrb, RARRAY_LEN(trail), RARRAY_PTR(trail));
}

static void
trail_push(mrb_state *mrb, mrb_value trail, const char *line)
{
	int mark = mrb_gc_arena_save(mrb);

	if (RARRAY_LEN(trail) < TRAIL_MAX)
		mrb_ary_push(mrb, trail, mrb_str_new_cstr(mrb, line));
	mrb_gc_arena_restore(mrb, mark);
}

static void
trail_add(struct engine *e, mrb_value reason, const char *place, const char *what)
{
	mrb_value trail = trail_copy(e->vm.mrb, IV(e->vm.mrb, reason, trail));
	char line[600];

	snprintf(line, sizeof line, "%s: %s", place, what);
	trail_push(e->vm.mrb, trail, line);
	IV_SET(e->vm.mrb, reason, trail, trail);
}

void
trail_from_block(struct engine *e, mrb_value d, mrb_value reason)
{
	mrb_value place = IV(e->vm.mrb, d, place), mode = IV(e->vm.mrb, d, mode);
	char text[512];

	if (!trail_applies(e, reason) || mrb_nil_p(place))
		return;
	error_place(&e->vm, place, text, sizeof text);
	trail_add(e, reason, text,
	    mrb_integer_p(mode) && mrb_integer(mode) == MODE_ASYNC ? "made by async"
								   : "made by then");
}

void
trail_from_call(struct engine *e, const struct pend *p, mrb_value reason)
{
	char text[512];

	if (!trail_applies(e, reason))
		return;
	snprintf(text, sizeof text, "%s:%d", p->file, p->line);
	trail_add(e, reason, text, "called by Cloud.call");
}

void
trail_keep(struct engine *e, mrb_value d, mrb_value reason)
{
	mrb_state *mrb = e->vm.mrb;

	if (mrb_exception_p(reason) && !mrb_nil_p(IV(mrb, reason, trail)))
		IV_SET(mrb, d, trail, IV(mrb, reason, trail));
}

void
trail_restore(struct engine *e, mrb_value from)
{
	mrb_state *mrb = e->vm.mrb;
	mrb_value reason = IV(mrb, from, value), trail = IV(mrb, from, trail);

	if (mrb_false_p(IV(mrb, from, state)) && trail_applies(e, reason) &&
	    !mrb_obj_equal(mrb, trail, IV(mrb, reason, trail)))
		IV_SET(mrb, reason, trail, trail);
}

/* "file:line:in name"; deferd's own names of methods say nothing. */
static int
trail_line(mrb_state *mrb, const struct place_frame *f, char *out, size_t n)
{
	const char *name = f->method ? mrb_sym_name(mrb, f->method) : NULL;
	int at = snprintf(out, n, "%.300s:%d", f->file, f->line);

	if (name && strncmp(name, "__", 2) != 0)
		snprintf(out + at, n - (size_t)at, ":in %.100s", name);
	return at;
}

/* Made and awaited in one line: once is enough. */
static bool
trail_ends_at(mrb_value trail, const char *line, int at)
{
	mrb_int n = RARRAY_LEN(trail);
	mrb_value last = n ? RARRAY_PTR(trail)[n - 1] : mrb_nil_value();

	return n && RSTRING_LEN(last) > at && RSTRING_PTR(last)[at] == ':' &&
	       memcmp(RSTRING_PTR(last), line, (size_t)at) == 0;
}

void
trail_await(struct engine *e, mrb_value d, mrb_value reason)
{
	mrb_state *mrb = e->vm.mrb;
	struct place_frame frame[TRAIL_STACK_MAX];
	char line[512];

	if (!trail_applies(e, reason))
		return;
	mrb_value trail = trail_copy(mrb, IV(mrb, d, trail));
	size_t n = place_stack(&e->vm, frame, TRAIL_STACK_MAX);
	for (size_t i = 0; i < n; i++) {
		int at = trail_line(mrb, &frame[i], line, sizeof line - 16);
		if (i == 0 && trail_ends_at(trail, line, at))
			continue;
		if (i == 0)
			strcat(line, ": awaited");
		trail_push(mrb, trail, line);
	}
	IV_SET(mrb, reason, trail, trail);
}

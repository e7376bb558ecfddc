/* http_ruby.c: how a request ends, and its streams, in Ruby. */
#include "deferred.h"
#include "http_impl.h"
#include "text.h"
#include <ctype.h>
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/hash.h>
#include <mruby/string.h>
#include <mruby/variable.h>
#include <stdlib.h>

/* --- settling --- */

static mrb_value
str_of(mrb_state *mrb, const void *p, size_t n)
{
	return mrb_str_new(mrb, p, (mrb_int)n);
}

/* "Name: value" into the Hash; a name that is there already gets a longer value. */
static void
head_add(mrb_state *mrb, mrb_value hash, const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);
	size_t name_n = colon ? (size_t)(colon - p) : 0;

	if (!name_n)
		return;
	const char *value = colon + 1, *end = p + n;
	while (value < end && isspace((unsigned char)*value))
		value++;
	while (end > value && isspace((unsigned char)end[-1]))
		end--;
	mrb_value name = str_of(mrb, p, name_n);
	for (char *c = RSTRING_PTR(name); name_n--; c++)
		*c = (char)tolower((unsigned char)*c);
	mrb_value text = str_of(mrb, value, (size_t)(end - value));
	mrb_value had = mrb_hash_get(mrb, hash, name);
	if (mrb_string_p(had)) {
		bool cookie = strcmp(RSTRING_PTR(name), "set-cookie") == 0;
		mrb_str_cat_cstr(mrb, had, cookie ? "\n" : ", ");
		mrb_str_cat_str(mrb, had, text);
	} else {
		mrb_hash_set(mrb, hash, name, text);
	}
}

static mrb_value
head_hash(mrb_state *mrb, struct span head)
{
	mrb_value hash = mrb_hash_new(mrb);
	const char *p = (const char *)head.p, *end = p + head.n, *line;

	for (; p < end; p = line + 1) {
		int mark = mrb_gc_arena_save(mrb);
		line = memchr(p, '\n', (size_t)(end - p));
		if (!line)
			break;
		head_add(mrb, hash, p, (size_t)(line - p));
		mrb_gc_arena_restore(mrb, mark);
	}
	return hash;
}

static mrb_value
settle_response(mrb_state *mrb, void *arg)
{
	struct transfer *t = arg;
	struct vm *vm = &engine_of(mrb)->vm;
	mrb_value r =
	    mrb_obj_value(mrb_obj_alloc(mrb, MRB_TT_OBJECT, vm->cls.http_response));

	IV_SET(mrb, r, status, mrb_fixnum_value(t->status));
	IV_SET(mrb, r, url, mrb_str_new_cstr(mrb, t->url.full));
	IV_SET(mrb, r, headers, head_hash(mrb, buf_span(&t->head)));
	IV_SET(mrb, r, body, str_of(mrb, t->body.p, t->body.n));
	return r;
}

/* The text is put together in the engine's buffers: a raise leaks none. */
mrb_value
http_exception(mrb_state *mrb, void *arg)
{
	const struct http_told *told = arg;
	struct engine *e = engine_of(mrb);

	buf_reset(&e->why);
	http_fault_text(&e->why, told->fault, told->method, told->url, told->detail);
	buf_reset(&e->text);
	text_add_clean(&e->text, buf_span(&e->why), 2000);
	mrb_value args[3] = {mrb_str_new_cstr(mrb, http_fault_code(told->fault)),
	    str_of(mrb, e->text.p, e->text.n), mrb_str_new_cstr(mrb, told->url)};
	return mrb_obj_new(mrb, e->vm.cls.http_error, 3, args);
}

static void
settle_with(struct transfer *t, bool ok, mrb_value v)
{
	struct pend *p = t->pend;

	p->what = "HTTP";
	p->io = NULL;
	pend_finish(t->http->engine, p, ok, v);
	transfer_free(t);
}

void
http_settle(struct transfer *t)
{
	struct engine *e = t->http->engine;
	struct http_told told = {t->fault, t->method, t->url.clean, t->detail};
	int mark = gate_mark(&e->vm);
	bool ok = t->fault == HTTP_FINE;
	mrb_value v;

	if (ok)
		ok = gate_call(&e->vm, settle_response, t, &v);
	else if (gate_call(&e->vm, http_exception, &told, &v))
		ok = false;
	settle_with(t, ok, v);
	gate_release(&e->vm, mark);
}

/* --- streams --- */

void
http_wake_stream(struct transfer *t)
{
	struct engine *e = t->http->engine;

	if (t->reading)
		return;
	t->reading = true;
	mrb_value stream = pin_get(&e->vm, t->stream);
	IV_SET(
	    e->vm.mrb, stream, on_ok, mrb_true_value()); /* there is something to do */
	deferred_post(e, stream);
}

static struct transfer *
stream_of(mrb_state *mrb, mrb_value self)
{
	struct pend *p = deferred_pend(engine_of(mrb), self);

	return p ? p->io : NULL;
}

/* stream.__take: what has come; nil when nothing has: it is woken again, or has ended.
 */
mrb_value
http_stream_take(mrb_state *mrb, mrb_value self)
{
	struct transfer *t = stream_of(mrb, self);

	if (!t)
		return mrb_nil_value();
	if (t->body.n == 0) {
		t->reading = false;
		if (t->done)
			settle_with(t, true, settle_response(mrb, t));
		return mrb_nil_value();
	}
	mrb_value chunk = str_of(mrb, t->body.p, t->body.n);
	buf_reset(&t->body);
	if (t->paused && t->easy) {
		t->paused = false;
		t->http->lib.easy_pause(t->easy, CURLPAUSE_CONT);
	}
	return chunk;
}

/* stream.__fail(exception): the block raised it. */
mrb_value
http_stream_fail(mrb_state *mrb, mrb_value self)
{
	struct transfer *t = stream_of(mrb, self);
	mrb_value exc;

	mrb_get_args(mrb, "o", &exc);
	if (t)
		settle_with(t, false, exc);
	return mrb_nil_value();
}

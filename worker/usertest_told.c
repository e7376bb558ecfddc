/* usertest_told.c: see usertest.h: what comes out of the engine, for the test to see.
 */
#include "usertest.h"
#include "../common/log.h"
#include "conv.h"
#include "deferred.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/hash.h>
#include <mruby/string.h>

static mrb_value
str_of(mrb_state *mrb, struct span s)
{
	return mrb_str_new(mrb, (const char *)s.p, (mrb_int)s.n);
}

/* --- what Ruby is told --- */

struct told {
	const char *method, *what;
	mrb_value value;
};

static mrb_value
told_body(mrb_state *mrb, void *arg)
{
	const struct told *t = arg;
	mrb_value tests = mrb_obj_value(
	    mrb_module_get_under(mrb, engine_of(mrb)->vm.cls.deferd, "Tests"));
	mrb_value args[2] = {mrb_nil_value(), t->value};

	if (t->what)
		args[0] = mrb_str_new_cstr(mrb, t->what);
	return mrb_funcall_argv(
	    mrb, tests, mrb_intern_cstr(mrb, t->method), t->what ? 2 : 0, args);
}

static mrb_value
tell(struct usertest *u, const char *method, const char *what, mrb_value value)
{
	struct told t = {method, what, value};
	mrb_value out;

	if (!gate_call(&u->engine->vm, told_body, &t, &out))
		return mrb_nil_value();
	return out;
}

static mrb_value
text_body(mrb_state *mrb, void *arg)
{
	return str_of(mrb, buf_span(arg));
}

/* The engine's text, as a String. */
static void
tell_text(struct usertest *u, const char *what)
{
	struct engine *e = u->engine;
	mrb_value text;

	if (gate_call(&e->vm, text_body, &e->text, &text))
		tell(u, "told", what, text);
}

void
usertest_begin(struct usertest *u)
{
	int mark = gate_mark(&u->engine->vm);

	tell(u, "begin", NULL, mrb_nil_value());
	gate_release(&u->engine->vm, mark);
}

mrb_value
usertest_report(struct usertest *u)
{
	return tell(u, "report", NULL, mrb_nil_value());
}

/* --- tasks --- */

struct outcome {
	struct engine *e;
	const struct msg *m;
};

static mrb_value
decoded(struct engine *e, struct span s)
{
	mrb_value v = mrb_nil_value();

	if (s.n && conv_read(&e->vm, s, &v) != 0)
		v = mrb_nil_value();
	return v;
}

static mrb_value
outcome_body(mrb_state *mrb, void *arg)
{
	static const char *const cause[] = {NULL,
#define X(sym, number, text) [number] = #sym,
	    CAUSE_TABLE(X)
#undef X
	};
	const struct outcome *o = arg;
	const struct msg_done *done = &o->m->done;
	const struct msg_failed *bad = &o->m->failed;
	mrb_value part[9] = {0}; /* as Cloud::Outcome#initialize takes them */

	for (size_t i = 0; i < COUNT_OF(part); i++)
		part[i] = mrb_nil_value();
	if (o->m->number == MSG_DONE) {
		part[0] = decoded(o->e, done->result);
		part[1] = mrb_fixnum_value(done->status ? (mrb_int)done->status : 200);
		part[2] = decoded(o->e, done->headers);
		part[8] = mrb_int_value(mrb, (mrb_int)done->run_us);
	} else {
		part[1] =
		    bad->status ? mrb_fixnum_value((mrb_int)bad->status) : part[1];
		part[3] = str_of(mrb, bad->class);
		part[4] = str_of(mrb, bad->message);
		part[5] = decoded(o->e, bad->code);
		part[6] = mrb_str_new_cstr(mrb, cause[bad->cause]);
		part[7] = decoded(o->e, bad->backtrace);
		part[8] = mrb_int_value(mrb, (mrb_int)bad->run_us);
	}
	return mrb_ary_new_from_values(mrb, COUNT_OF(part), part);
}

/* The lines of a test that raised something else than a failed assertion, which has
 * told of itself. */
static void
test_ended(struct usertest *u, const struct msg *m)
{
	const struct msg_failed *bad = &m->failed;
	struct mp c = mp_over(bad->backtrace);
	struct span frame;
	uint32_t n;

	u->ended = true;
	u->ok = m->number == MSG_DONE;
	if (u->ok || span_is(bad->class, "AssertionError"))
		return;
	buf_printf(
	    &u->failure, "%.*s: %.*s\n", SPAN_FMT(bad->class), SPAN_FMT(bad->message));
	if (mp_peek(&c) != MP_ARRAY || mp_array(&c, &n) != 0)
		return;
	for (; n > 0 && mp_str(&c, &frame) == 0; n--)
		buf_printf(&u->failure, "  at %.*s\n", SPAN_FMT(frame));
}

static void
take_end(struct usertest *u, const struct msg *m)
{
	struct engine *e = u->engine;
	struct span id = m->number == MSG_DONE ? m->done.task : m->failed.task;
	struct outcome o = {e, m};
	struct owner owner;
	mrb_value v;

	if (id.n != sizeof owner)
		return;
	memcpy(&owner, id.p, sizeof owner);
	if (!owner.pend) {
		test_ended(u, m);
		return;
	}
	struct pend *p = slots_get(&e->pends, owner.pend);
	if (p && gate_call(&e->vm, outcome_body, &o, &v))
		pend_finish(e, p, true, v);
}

/* --- other messages --- */

static void
take_log(struct usertest *u, const struct msg *m)
{
	buf_printf(&u->engine->text, "%s %.*s",
	    log_level_name((enum log_level)m->log.level), SPAN_FMT(m->log.text));
	tell_text(u, "log");
}

static void
take_progress(struct usertest *u, const struct msg *m)
{
	buf_printf(&u->engine->text, "progress %g %.*s", m->progress.fraction,
	    SPAN_FMT(m->progress.text));
	tell_text(u, "log");
}

static void
take_detached(struct usertest *u, const struct msg *m)
{
	const struct msg_detached *d = &m->detached;

	buf_printf(&u->engine->text,
	    "%.*s: %.*s was still pending when %s \"%.*s\" ended: it is detached",
	    SPAN_FMT(d->place), SPAN_FMT(d->what), kind_name((enum kind)d->kind),
	    SPAN_FMT(d->name));
	if (d->count > 1)
		buf_printf(
		    &u->engine->text, " (%llu of them)", (unsigned long long)d->count);
	tell_text(u, "trouble");
}

static void
take_unhandled(struct usertest *u, const struct msg *m)
{
	const struct msg_unhandled *d = &m->unhandled;

	buf_printf(&u->engine->text,
	    "%.*s: a rejection that nobody handles: %.*s: %.*s", SPAN_FMT(d->place),
	    SPAN_FMT(d->class), SPAN_FMT(d->message));
	tell_text(u, "trouble");
}

struct enqueued {
	struct engine *e;
	const struct msg_enqueue *m;
	enum kind kind;
	const char *task;
};

static void
hash_put(mrb_state *mrb, mrb_value hash, const char *key, mrb_value v)
{
	mrb_hash_set(mrb, hash, mrb_str_new_cstr(mrb, key), v);
}

static mrb_value
enqueued_body(mrb_state *mrb, void *arg)
{
	const struct enqueued *q = arg;
	mrb_value hash = mrb_hash_new(mrb);
	bool low = q->m->execution == EXEC_LOW;

	hash_put(mrb, hash, "task", mrb_str_new_cstr(mrb, q->task));
	hash_put(mrb, hash, "kind", mrb_str_new_cstr(mrb, kind_name(q->kind)));
	hash_put(mrb, hash, "name", str_of(mrb, q->m->name));
	hash_put(mrb, hash, "params", decoded(q->e, q->m->params));
	hash_put(mrb, hash, "lane",
	    mrb_str_new_cstr(mrb, lane_text(low ? LANE_LOW : LANE_MAIN)));
	return hash;
}

static void
take_enqueue(struct usertest *u, const struct msg *m)
{
	struct engine *e = u->engine;
	struct owner id = {++u->tasks, 0};
	struct taskid task;
	char text[TASKID_TEXT_BYTES];
	const struct handler *h =
	    catalog_find(&e->catalog, (enum kind)m->enqueue.kind, m->enqueue.name);
	struct msg_enqueued answer = {.request = m->enqueue.request};
	mrb_value hash;

	memcpy(task.b, &id, sizeof task.b);
	if (h) {
		struct enqueued q = {e, &m->enqueue, h->kind, taskid_text(&task, text)};
		answer.task = span_str(q.task);
		if (gate_call(&e->vm, enqueued_body, &q, &hash))
			tell(u, "told", "enqueue", hash);
	} else {
		answer.code = span_str("unknown_handler");
		buf_printf(&e->text, "no handler is named \"%.*s\"",
		    SPAN_FMT(m->enqueue.name));
		answer.message = buf_span(&e->text);
	}
	engine_enqueued(e, &answer);
}

static void
take_message(struct usertest *u, const struct msg *m)
{
	static const struct {
		enum msg_number number;
		void (*take)(struct usertest *, const struct msg *);
	} table[] = {
	    {MSG_DONE, take_end},
	    {MSG_FAILED, take_end},
	    {MSG_LOG, take_log},
	    {MSG_PROGRESS, take_progress},
	    {MSG_DETACHED, take_detached},
	    {MSG_UNHANDLED, take_unhandled},
	    {MSG_ENQUEUE, take_enqueue},
	};
	struct vm *vm = &u->engine->vm;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		int mark = gate_mark(vm);
		buf_reset(&u->engine->text);
		if (table[i].number == m->number)
			table[i].take(u, m);
		gate_release(vm, mark);
	}
}

bool
usertest_take(struct usertest *u)
{
	struct outbox *out = &u->engine->out;
	struct batch *batch = outbox_peek(out);
	struct msg m;

	if (!batch)
		return false;
	struct mp c = mp_over(buf_span(&batch->bytes));
	while (!mp_at_end(&c)) {
		if (msg_parse(&c, MSG_UP, &m) != 0)
			NEVER("the engine made a bad message");
		take_message(u, &m);
	}
	outbox_drop(out);
	return true;
}

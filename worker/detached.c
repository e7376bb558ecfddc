/* detached.c: see detached.h. */
#include "../common/log.h"
#include "deferred.h"
#include "detached.h"
#include "error.h"
#include <mruby/array.h>
#include <mruby/string.h>
#include <mruby/variable.h>
#include <stdlib.h>

#define LATE_TEXT_BYTES 2000
#define DETACHED_PLACES_MAX 20
#define UNHANDLED_MAX 20

static bool
is_detached(const struct pend *p)
{
	return !p->adopted && !p->detached && !p->held;
}

static struct span
task_span(const struct task *t)
{
	return span_of(t->id.b, sizeof t->id.b);
}

/* The same work of the same line, in a loop say, is told once. */
struct detached_place {
	const struct pend *first;
	uint64_t count;
};

static void
detached_say(
    struct engine *e, const struct scope *s, const struct detached_place *at, bool last)
{
	const struct pend *p = at->first;
	char place[512];

	snprintf(place, sizeof place, "%s:%d%s", p->file, p->line,
	    last ? " and other lines" : "");
	struct msg_detached m = {
	    .task = task_span(s->task),
	    .attempt = s->task->attempt,
	    .worker = e->worker,
	    .policy = scope_policy(e, s),
	    .what = span_str(pend_what(p)),
	    .place = span_str(place),
	    .kind = s->handler->kind,
	    .name = span_str(s->handler->name),
	    .count = at->count,
	};
	outbox_put(&e->out, MSG_DETACHED, &m);
}

static bool
is_same_place(const struct pend *p, const struct pend *q)
{
	return p->line == q->line && p->kind == q->kind &&
	       strcmp(p->file, q->file) == 0;
}

/* What does not fit any more is counted in the last one. */
static size_t
detached_gather(struct scope *s, struct detached_place at[DETACHED_PLACES_MAX])
{
	struct pend *p;
	size_t n = 0, i;

	TAILQ_FOREACH (p, &s->pends, place) {
		if (!is_detached(p) || p->reported)
			continue;
		p->reported = true;
		for (i = 0; i < n && !is_same_place(at[i].first, p); i++)
			;
		if (i == n && n < DETACHED_PLACES_MAX)
			at[n++] = (struct detached_place){p, 0};
		at[i < n ? i : n - 1].count++;
	}
	return n;
}

void
detached_report(struct engine *e, struct scope *s)
{
	struct detached_place at[DETACHED_PLACES_MAX];

	deferred_mark_held(e, s);
	size_t n = detached_gather(s, at);
	for (size_t i = 0; i < n; i++)
		detached_say(e, s, &at[i], i == DETACHED_PLACES_MAX - 1);
}

bool
detached_any(const struct scope *s)
{
	const struct pend *p;

	TAILQ_FOREACH (p, &s->pends, place)
		if (is_detached(p))
			return true;
	return false;
}

/* The detached ones, or all. */
static void
detached_list(const struct scope *s, bool all, struct buf *b)
{
	const struct pend *p;
	const char *comma = "";

	TAILQ_FOREACH (p, &s->pends, place)
		if (all || is_detached(p)) {
			buf_printf(
			    b, "%s%s at %s:%d", comma, pend_what(p), p->file, p->line);
			comma = ", ";
		}
}

mrb_value
detached_error(struct engine *e, struct scope *s)
{
	buf_reset(&e->why);
	buf_add_str(
	    &e->why, "the handler ended while deferreds that it made were pending: ");
	detached_list(s, false, &e->why);
	return error_make(&e->vm, e->vm.cls.detached, buf_cstr(&e->why));
}

char *
detached_late_text(const struct scope *s)
{
	struct buf b;

	buf_init(&b, 2048);
	if (s->phase == SCOPE_LINGERING && detached_any(s)) {
		buf_add_str(&b,
		    "the handler returned, but what it left behind did not end "
		    "in its time: ");
		detached_list(s, false, &b);
	} else if (s->phase == SCOPE_ENDED) {
		buf_add_str(&b, "what the handler left behind did not end in its time");
	} else {
		buf_add_str(&b, "the handler did not finish in its time");
	}
	char *text = xstrdup(buf_cstr(&b));
	buf_fini(&b);
	return text;
}

void
detached_say_late(struct engine *e, const struct scope *s)
{
	struct msg_log m = {
	    .task = task_span(s->task),
	    .attempt = s->task->attempt,
	    .worker = e->worker,
	    .level = LOG_LEVEL_WARN,
	};

	if (TAILQ_EMPTY(&s->pends))
		return;
	buf_reset(&e->text);
	buf_printf(&e->text,
	    "what %s \"%s\" left to run on has not ended by its timeout and is "
	    "cancelled: ",
	    kind_name(s->handler->kind), s->handler->name);
	detached_list(s, true, &e->text);
	m.text = buf_span(&e->text);
	if (m.text.n > LATE_TEXT_BYTES)
		m.text.n = LATE_TEXT_BYTES;
	outbox_put(&e->out, MSG_LOG, &m);
}

static mrb_value
detached_settle(mrb_state *mrb, void *arg)
{
	struct engine *e = engine_of(mrb);
	struct pend *p = arg;
	mrb_value d = pin_get(&e->vm, p->deferred);

	mrb_iv_set(mrb, d, e->vm.sym.iv_handled, mrb_true_value());
	deferred_settle(
	    e, d, false, error_cancelled(&e->vm, "it is not needed any more"));
	return mrb_nil_value();
}

/* Settling frees it. */
static void
detached_cancel(struct engine *e, struct scope *s, struct pend *p)
{
	mrb_value out;

	pend_cancel(e, p);
	burst_begin(e, s);
	(void)!gate_call(&e->vm, detached_settle, p, &out);
	burst_end(e);
}

void
detached_cancel_losers(struct engine *e, struct scope *s)
{
	struct pend *p, *next;

	deferred_mark_held(e, s);
	for (p = TAILQ_FIRST(&s->pends); p; p = next) {
		next = TAILQ_NEXT(p, place);
		if (p->adopted && !p->detached && !p->held)
			detached_cancel(e, s, p);
	}
}

void
detached_cancel_all(struct engine *e, struct scope *s)
{
	struct pend *p;
	struct fiber *f;

	while ((p = TAILQ_FIRST(&s->pends)))
		detached_cancel(e, s, p);
	TAILQ_FOREACH (f, &s->fibers, place)
		fiber_interrupt(e, f, error_cancelled(&e->vm, "the task has failed"));
}

static bool
is_unhandled(struct vm *vm, const struct scope *s, mrb_value d)
{
	mrb_value reason = mrb_iv_get(vm->mrb, d, vm->sym.iv_value);

	if (mrb_test(mrb_iv_get(vm->mrb, d, vm->sym.iv_handled)) ||
	    mrb_obj_is_kind_of(vm->mrb, reason, vm->cls.cancelled))
		return false;
	return !s->cut || !mrb_obj_is_kind_of(vm->mrb, reason, vm->cls.timeout);
}

static void
unhandled_say(struct engine *e, struct scope *s, mrb_value d, uint64_t count)
{
	struct vm *vm = &e->vm;
	struct error_text text;
	char place[512];

	error_text_init(&text);
	error_describe(vm, mrb_iv_get(vm->mrb, d, vm->sym.iv_value), &text);
	error_place(vm, mrb_iv_get(vm->mrb, d, vm->sym.iv_place), place, sizeof place);
	if (text.place[0] && strcmp(text.place, place) != 0)
		buf_printf(&text.message, " (raised at %s)", text.place);
	struct msg_unhandled m = {
	    .task = task_span(s->task),
	    .attempt = s->task->attempt,
	    .worker = e->worker,
	    .class = buf_span(&text.class),
	    .message = buf_span(&text.message),
	    .place = span_str(place),
	    .kind = s->handler->kind,
	    .name = span_str(s->handler->name),
	    .count = count,
	};
	outbox_put(&e->out, MSG_UNHANDLED, &m);
	error_text_fini(&text);
}

/* The first ones each, the others as one. */
void
detached_report_unhandled(struct engine *e, struct scope *s)
{
	mrb_value more = mrb_nil_value();
	uint64_t said = 0, left = 0;

	if (!s->unhandled)
		return;
	mrb_value list = pin_take(&e->vm, &s->unhandled);
	for (mrb_int i = 0; i < RARRAY_LEN(list); i++) {
		mrb_value d = RARRAY_PTR(list)[i];
		if (!is_unhandled(&e->vm, s, d))
			continue;
		if (said < UNHANDLED_MAX) {
			said++;
			unhandled_say(e, s, d, 1);
		} else {
			more = d;
			left++;
		}
	}
	if (left)
		unhandled_say(e, s, more, left);
}

/* trace.c: see trace.h. */
#include "trace.h"
#include "../common/clock.h"
#include "deferred.h"
#include "text.h"
#include <mruby/array.h>
#include <mruby/variable.h>
#include <stdlib.h>

#define CHUNK_SPANS 4
#define FIRST_SPANS (TRACE_SPANS_MAX / 2)
#define SPARE_CHUNKS_MAX 1024

struct trace_span {
	uint32_t number; /* from 1, in the order in which they began */
	uint32_t work;   /* of an await: the number of the work; 0: none or several */
	uint32_t fiber;
	uint32_t sources; /* of an await: so many deferreds that one was made of */
	int line;
	uint8_t kind, flags, depth;
	bool owned; /* what is */
	const char *file, *what;
	const char *of;                   /* the handler that is called; or NULL */
	int64_t from_ns, ready_ns, to_ns; /* 0: not yet */
};

struct trace_chunk {
	struct trace_chunk *next;
	struct trace_span span[CHUNK_SPANS];
};

/* --- the record --- */

static struct trace_chunk *
trace_take_chunk(struct engine *e)
{
	struct trace_chunk *c = e->trace_spare;

	if (!c)
		return xcalloc(1, sizeof *c);
	e->trace_spare = c->next;
	e->trace_spares--;
	c->next = NULL;
	return c;
}

static void
trace_drop_what(struct trace_span *s)
{
	if (s->owned)
		free((char *)(uintptr_t)s->what);
	s->owned = false;
}

static void
trace_give_chunk(struct engine *e, struct trace_chunk *c)
{
	for (int i = 0; i < CHUNK_SPANS; i++)
		trace_drop_what(&c->span[i]);
	if (e->trace_spares >= SPARE_CHUNKS_MAX) {
		free(c);
		return;
	}
	memset(c->span, 0, sizeof c->span);
	c->next = e->trace_spare;
	e->trace_spare = c;
	e->trace_spares++;
}

/* Where the span of that number stands, or stood. */
static uint32_t
trace_place(uint32_t number)
{
	uint32_t at = number - 1;

	return at < FIRST_SPANS
		   ? at
		   : FIRST_SPANS + (at - FIRST_SPANS) % (TRACE_SPANS_MAX - FIRST_SPANS);
}

static struct trace_span *
trace_at(const struct trace *tr, uint32_t number)
{
	uint32_t at = trace_place(number);
	struct trace_chunk *c = tr->first;

	for (; at >= CHUNK_SPANS; at -= CHUNK_SPANS)
		c = c->next;
	return &c->span[at];
}

/* NULL: it had to make place for a later one, or there is none. */
static struct trace_span *
trace_find(const struct task *t, uint32_t number)
{
	struct trace_span *s = number ? trace_at(&t->trace, number) : NULL;

	return s && s->number == number ? s : NULL;
}

static struct trace_span *
trace_add(struct engine *e, struct task *t, enum trace_kind kind, int64_t from_ns)
{
	struct trace *tr = &t->trace;

	if (tr->n < TRACE_SPANS_MAX && tr->n % CHUNK_SPANS == 0) {
		struct trace_chunk *c = trace_take_chunk(e);
		if (tr->last)
			tr->last->next = c;
		else
			tr->first = c;
		tr->last = c;
	}
	struct trace_span *s = trace_at(tr, ++tr->n);
	trace_drop_what(s);
	*s = (struct trace_span){
	    .number = tr->n, .kind = (uint8_t)kind, .from_ns = from_ns};
	return s;
}

/* The task is one of more than one burst. */
static void
trace_open(struct engine *e, struct task *t)
{
	if (!t->trace.n && t->burst_from_ns)
		trace_add(e, t, TRACE_BURST, t->burst_from_ns)->to_ns = t->burst_to_ns;
}

void
trace_free(struct engine *e, struct task *t)
{
	struct trace_chunk *c;

	while ((c = t->trace.first)) {
		t->trace.first = c->next;
		trace_give_chunk(e, c);
	}
}

void
trace_close(struct engine *e)
{
	struct trace_chunk *c;

	while ((c = e->trace_spare)) {
		e->trace_spare = c->next;
		free(c);
	}
}

/* --- what happens --- */

void
trace_burst(struct engine *e, const struct fiber *f, int64_t from_ns)
{
	const struct scope *scope = f->scope;
	struct task *t = scope->task;

	if (!t->trace.n && !t->burst_from_ns) {
		t->burst_from_ns = from_ns;
		t->burst_to_ns = e->now_ns;
		return;
	}
	trace_open(e, t);
	struct trace_span *s = trace_add(e, t, TRACE_BURST, from_ns);
	s->to_ns = e->now_ns;
	s->fiber = (uint32_t)f->run;
	s->depth = (uint8_t)scope->depth;
	s->what = scope->depth ? scope->handler->name : NULL;
}

void
trace_await(struct engine *e, struct fiber *f, mrb_value deferred, const char *file,
    int line, int64_t now_ns)
{
	struct task *t = f->scope->task;
	const struct pend *p = deferred_pend(e, deferred);
	mrb_value source = IV(e->vm.mrb, deferred, source);

	trace_open(e, t);
	struct trace_span *s = trace_add(e, t, TRACE_AWAIT, now_ns);
	s->fiber = (uint32_t)f->run;
	s->depth = (uint8_t)f->scope->depth;
	s->file = file;
	s->line = line;
	s->work = p ? p->span : 0;
	s->sources = mrb_array_p(source) ? (uint32_t)RARRAY_LEN(source) : 0;
	f->span = s->number;
}

void
trace_wake(struct engine *e, const struct fiber *f)
{
	struct trace_span *s = trace_find(f->scope->task, f->span);

	if (s && !s->ready_ns)
		s->ready_ns = e->clock_ns(e->clock_arg);
}

void
trace_resume(struct engine *e, struct fiber *f)
{
	struct trace_span *s = trace_find(f->scope->task, f->span);

	f->span = 0;
	if (s)
		s->to_ns = e->now_ns;
}

void
trace_work(struct engine *e, struct pend *p)
{
	struct task *t = p->scope->task;

	trace_open(e, t);
	struct trace_span *s = trace_add(e, t, TRACE_WORK, e->clock_ns(e->clock_arg));
	s->fiber = (uint32_t)p->run;
	s->depth = (uint8_t)p->scope->depth;
	s->file = p->file;
	s->line = p->line;
	s->what = pend_what(p);
	p->span = s->number;
}

void
trace_name(struct engine *e UNUSED, const struct pend *p, const char *what)
{
	struct trace_span *s = trace_find(p->scope->task, p->span);
	char *copy = s ? strdup(what) : NULL;

	if (!copy)
		return;
	trace_drop_what(s);
	s->what = copy;
	s->owned = true;
}

void
trace_callee(struct engine *e UNUSED, const struct pend *p, const struct handler *h)
{
	struct trace_span *s = trace_find(p->scope->task, p->span);

	if (s)
		s->of = h->name;
}

/* A timer's work ends when it is due, not when the loop comes to it. */
void
trace_work_end(struct engine *e, struct pend *p, bool ok)
{
	struct trace_span *s = trace_find(p->scope->task, p->span);

	if (!s || s->to_ns)
		return;
	s->to_ns = p->done_ns ? p->done_ns : e->clock_ns(e->clock_arg);
	if (s->to_ns < s->from_ns)
		s->to_ns = s->from_ns;
	s->flags |= ok ? TRACE_OK : 0;
}

/* --- telling --- */

static uint64_t
trace_since(const struct task *t, int64_t ns)
{
	return ns > t->began_ns ? (uint64_t)(ns - t->began_ns) : 0;
}

static void
trace_pack_text(
    struct engine *e, msgpack_packer *pk, const char *text, const char *of, size_t room)
{
	buf_reset(&e->text);
	text_add_clean(&e->text, span_str(text), of ? room / 2 : room);
	if (of) {
		buf_add_byte(&e->text, ' ');
		text_add_clean(&e->text, span_str(of), room / 2 - 1);
	}
	msgpack_pack_str(pk, e->text.n);
	buf_add_span(pk->data, buf_span(&e->text));
}

/* "3 deferreds" */
static void
trace_pack_what(struct engine *e, msgpack_packer *pk, const struct trace_span *s)
{
	char text[32];

	snprintf(text, sizeof text, "%u deferreds", s->sources);
	trace_pack_text(e, pk, s->sources ? text : s->what, s->of, TRACE_WHAT_BYTES);
}

static void
trace_pack_span(struct engine *e, msgpack_packer *pk, const struct task *t,
    const struct trace_span *s, uint32_t work)
{
	int64_t to_ns = s->to_ns ? s->to_ns : e->now_ns;
	int64_t ready_ns = s->ready_ns && s->ready_ns < to_ns ? s->ready_ns : to_ns;

	msgpack_pack_array(pk, TRACE_FIELDS);
	msgpack_pack_uint8(pk, s->kind);
	msgpack_pack_uint32(pk, s->fiber);
	msgpack_pack_uint8(pk, s->depth);
	msgpack_pack_uint64(pk, trace_since(t, s->from_ns));
	msgpack_pack_uint64(pk, trace_since(t, ready_ns));
	msgpack_pack_uint64(pk, trace_since(t, to_ns));
	msgpack_pack_uint32(pk, work);
	msgpack_pack_uint8(pk, s->flags | (s->to_ns ? 0 : TRACE_OPEN));
	msgpack_pack_uint32(pk, s->line > 0 ? (uint32_t)s->line : 0);
	trace_pack_text(e, pk, s->file, NULL, TRACE_FILE_BYTES);
	trace_pack_what(e, pk, s);
}

/* The numbers of the spans that are left, in order: their count. */
static uint32_t
trace_numbers(const struct trace *tr, uint32_t number[TRACE_SPANS_MAX])
{
	uint32_t n = 0;

	for (uint32_t i = 1; i <= tr->n; i++)
		if (trace_at(tr, i)->number == i)
			number[n++] = i;
	return n;
}

/* The place, from 1, of the work among what is sent; 0: it is not there. */
static uint32_t
trace_sent_work(const uint32_t number[], uint32_t n, uint32_t work)
{
	for (uint32_t i = 0; work && i < n; i++)
		if (number[i] == work)
			return i + 1;
	return 0;
}

static uint32_t
trace_pack(struct engine *e, const struct task *t, struct buf *out)
{
	const struct trace *tr = &t->trace;
	uint32_t number[TRACE_SPANS_MAX], n = trace_numbers(tr, number);
	msgpack_packer pk = mp_packer(out);

	if (tr->n == 0) {
		struct trace_span only = {.kind = TRACE_BURST,
		    .from_ns = t->burst_from_ns,
		    .to_ns = t->burst_to_ns};
		msgpack_pack_array(&pk, t->burst_from_ns ? 1 : 0);
		if (t->burst_from_ns)
			trace_pack_span(e, &pk, t, &only, 0);
		return 0;
	}
	msgpack_pack_array(&pk, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct trace_span *s = trace_at(tr, number[i]);
		trace_pack_span(e, &pk, t, s, trace_sent_work(number, n, s->work));
	}
	return tr->n - n;
}

void
trace_send(struct engine *e, const struct task *t, bool failed)
{
	int64_t ran_ms = (e->now_ns - t->began_ns) / NS_PER_MS;
	struct buf spans;

	if (!failed && (t->trace_ms == TRACE_FAILED_ONLY || ran_ms < t->trace_ms))
		return;
	buf_init(&spans, 0);
	uint32_t dropped = trace_pack(e, t, &spans);
	struct msg_trace m = {
	    .task = span_of(t->id.b, TASKID_BYTES),
	    .attempt = t->attempt,
	    .worker = e->worker,
	    .began_ns = (uint64_t)t->began_ns,
	    .ran_ns = trace_since(t, e->now_ns),
	    .failed = failed,
	    .dropped = dropped,
	    .spans = buf_span(&spans),
	};
	if (!spans.failed)
		outbox_put(&e->out, MSG_TRACE, &m);
	buf_fini(&spans);
}

/* task.c: a task from RUN to DONE or FAILED: see engine.h. */
#include "engine.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "conv.h"
#include "error.h"
#include "request.h"
#include "step.h"
#include "text.h"
#include "trace.h"
#include <mruby/class.h>
#include <mruby/hash.h>
#include <mruby/variable.h>
#include <stdlib.h>

static struct task *
task_new(struct engine *e, const struct msg_run *run)
{
	struct task *t = xcalloc(1, sizeof *t);

	memcpy(t->id.b, run->task.p, TASKID_BYTES);
	t->attempt = (uint32_t)run->attempt;
	t->lane = run->lane < LANE_COUNT ? (unsigned)run->lane : LANE_MAIN;
	t->trace_ms = run->trace_ms < TRACE_FAILED_ONLY ? (uint32_t)run->trace_ms
							: TRACE_FAILED_ONLY;
	t->began_ns = e->clock_ns(e->clock_arg);
	buf_init(&t->steps, 0);
	TAILQ_INIT(&t->scopes);
	TAILQ_INSERT_TAIL(&e->tasks, t, place);
	e->task_n++;
	return t;
}

void
task_free(struct engine *e, struct task *t)
{
	scope_close(e, t);
	trace_free(e, t);
	TAILQ_REMOVE(&e->tasks, t, place);
	e->task_n--;
	buf_fini(&t->steps);
	free(t);
}

struct task *
task_find(struct engine *e, struct span id, uint64_t attempt)
{
	struct task *t;

	TAILQ_FOREACH (t, &e->tasks, place)
		if (!t->ended && t->attempt == attempt && id.n == TASKID_BYTES &&
		    memcmp(t->id.b, id.p, TASKID_BYTES) == 0)
			return t;
	return NULL;
}

static uint64_t
task_run_us(struct engine *e, const struct task *t)
{
	return (uint64_t)(e->now_ns - t->began_ns) / 1000;
}

static void
task_send_failed(struct engine *e, const struct task *t, struct msg_failed *m)
{
	trace_send(e, t, true);
	m->task = span_of(t->id.b, TASKID_BYTES);
	m->attempt = t->attempt;
	m->worker = e->worker;
	m->run_us = task_run_us(e, t);
	m->burst_us = (uint64_t)t->burst_ns / 1000;
	outbox_put(&e->out, MSG_FAILED, m);
}

void
task_failed(struct engine *e, struct task *t, enum cause cause, mrb_value reason,
    const char *override)
{
	struct vm *vm = &e->vm;
	struct msg_failed m = {.cause = cause};
	struct error_text text;

	error_text_init(&text);
	error_describe(vm, reason, &text);
	m.class = buf_span(&text.class);
	m.message = override ? span_str(override) : buf_span(&text.message);
	m.code = buf_span(&text.code);
	m.backtrace = buf_span(&text.backtrace);
	m.status = text.status;
	m.again = text.again;
	m.again_ms = text.again_ms;
	if (!cause)
		m.cause = text.cloud_error ? CAUSE_CLOUD_ERROR : CAUSE_RAISED;
	if (!cause && mrb_obj_is_kind_of(vm->mrb, reason, vm->cls.detached))
		m.cause = CAUSE_DETACHED;
	task_send_failed(e, t, &m);
	error_text_fini(&text);
}

/* --- results --- */

struct task_result {
	struct engine *e;
	mrb_value value;
	unsigned status;
	size_t headers_bytes; /* the headers stand first in e->scratch */
	bool has_headers;
	int r;
};

static mrb_value
task_write_response(mrb_state *mrb, struct task_result *t)
{
	struct engine *e = t->e;
	struct vm_syms *sym = &e->vm.sym;
	mrb_value status = mrb_iv_get(mrb, t->value, sym->iv_status);
	mrb_value headers = mrb_iv_get(mrb, t->value, sym->iv_headers);

	t->status = mrb_integer_p(status) ? (unsigned)mrb_integer(status) : 200;
	if (mrb_hash_p(headers) && mrb_hash_size(mrb, headers) > 0) {
		t->r = conv_write(&e->vm, headers, "headers", e->conf.result_bytes,
		    &e->scratch, &e->why);
		t->headers_bytes = e->scratch.n;
	}
	return mrb_iv_get(mrb, t->value, sym->iv_body);
}

static mrb_value
task_write_result(mrb_state *mrb, void *arg)
{
	struct task_result *t = arg;
	struct engine *e = t->e;
	mrb_value v = t->value;

	if (mrb_type(v) == MRB_TT_OBJECT &&
	    mrb_obj_is_kind_of(mrb, v, e->vm.cls.response))
		v = task_write_response(mrb, t);
	if (t->r == 0)
		t->r = conv_write(&e->vm, v, "result",
		    e->conf.result_bytes - t->headers_bytes, &e->scratch, &e->why);
	return mrb_nil_value();
}

void
task_done(struct engine *e, struct task *t, mrb_value result)
{
	struct task_result res = {.e = e, .value = result};
	mrb_value exc;

	buf_reset(&e->scratch);
	if (!gate_call(&e->vm, task_write_result, &res, &exc)) {
		task_failed(e, t, 0, exc, NULL);
		return;
	}
	if (res.r != 0) {
		struct msg_failed bad = {.cause = CAUSE_BAD_RESULT,
		    .class = span_str("TypeError"),
		    .message = buf_span(&e->why)};
		task_send_failed(e, t, &bad);
		return;
	}
	struct msg_done m = {
	    .task = span_of(t->id.b, TASKID_BYTES),
	    .attempt = t->attempt,
	    .worker = e->worker,
	    .run_us = task_run_us(e, t),
	    .burst_us = (uint64_t)t->burst_ns / 1000,
	    .status = res.status,
	    .headers = span_of(e->scratch.p, res.headers_bytes),
	    .result = span_of(
		e->scratch.p + res.headers_bytes, e->scratch.n - res.headers_bytes),
	};
	trace_send(e, t, false);
	if (outbox_put(&e->out, MSG_DONE, &m))
		return;
	struct msg_failed lost = {.cause = CAUSE_NO_MEMORY,
	    .class = span_str("NoMemoryError"),
	    .message = span_str("the worker has no memory to send the result")};
	task_send_failed(e, t, &lost);
	e->retire = "out of memory";
}

/* --- messages --- */

struct task_request {
	struct engine *e;
	struct task *task;
	const struct handler *handler;
	struct span envelope;
};

static mrb_value
task_make_request(mrb_state *mrb UNUSED, void *arg)
{
	struct task_request *r = arg;

	return request_new(r->e, r->task, r->handler, r->envelope);
}

static void
task_refuse(struct engine *e, struct task *t, const char *why)
{
	struct msg_failed m = {.cause = CAUSE_RAISED,
	    .class = span_str("RuntimeError"),
	    .message = span_str(why)};
	char id[TASKID_TEXT_BYTES];
	struct log_about about = {
	    .task = taskid_text(&t->id, id), .attempt = t->attempt};

	log_about(LOG_LEVEL_ERROR, &about, "it cannot be run: %s", why);
	task_send_failed(e, t, &m);
	t->ended = true;
	task_free(e, t);
}

void
engine_run(struct engine *e, const struct msg_run *run)
{
	mrb_value request;

	if (run->task.n != TASKID_BYTES) {
		log_error("RUN without a task id: dropped");
		return;
	}
	e->now_ns = e->clock_ns(e->clock_arg);
	struct task *t = task_new(e, run);
	if (run->handler >= e->catalog.n) {
		task_refuse(e, t, "it names a handler that this worker does not have");
		return;
	}
	if (!step_load(t, run->steps)) {
		task_refuse(e, t, "no memory for its finished steps");
		return;
	}
	struct task_request r = {e, t, e->catalog.item[run->handler], run->envelope};
	int64_t deadline_ns =
	    run->timeout_ms ? e->now_ns + (int64_t)run->timeout_ms * NS_PER_MS : 0;
	int mark = gate_mark(&e->vm);
	if (!gate_call(&e->vm, task_make_request, &r, &request))
		task_refuse(e, t, "its envelope is malformed");
	else if (!scope_new(e, t, NULL, r.handler, request, deadline_ns))
		task_refuse(e, t, "too many handlers run in this worker");
	gate_release(&e->vm, mark);
}

void
engine_cancel(struct engine *e, const struct msg_cancel *m)
{
	struct task *t = task_find(e, m->task, m->attempt);

	if (!t)
		return;
	buf_reset(&e->text);
	text_add_clean(&e->text, m->reason, 500);
	e->now_ns = e->clock_ns(e->clock_arg);
	int mark = gate_mark(&e->vm);
	scope_cut(e, TAILQ_FIRST(&t->scopes),
	    m->cause == CAUSE_TIMEOUT ? CAUSE_TIMEOUT : CAUSE_CANCELLED,
	    e->text.n ? buf_cstr(&e->text) : NULL);
	gate_release(&e->vm, mark);
}

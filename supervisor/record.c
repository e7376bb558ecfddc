/*
 * record.c: see record.h. Packing takes the task as it is; reading believes nothing: a
 * record that passes its checksum may still be of another version.
 */
#include "record.h"
#include "../common/err.h"
#include "../common/mp.h"
#include "app.h"
#include "timer.h"

#define RECORD_VERSION 1
#define RECORD_TASK_FIELDS 13
#define RECORD_MARK_FIELDS 6
#define RECORD_END_FIELDS 19
#define RECORD_STEP_FIELDS 4
#define RECORD_TIMER_FIELDS 6
#define RECORD_WALL_MAX_MS (253402300800LL * 1000) /* the year 10000 */

/* --- packing --- */

static void
record_pack_task(
    msgpack_packer *pk, const struct task *t, int64_t due_wall_ms, bool payload)
{
	const struct task_key *key = keys_of(t);

	msgpack_pack_array(pk, RECORD_TASK_FIELDS);
	msgpack_pack_int(pk, RECORD_VERSION);
	mp_put_bin(pk, span_of(t->id.b, TASKID_BYTES));
	mp_put_cstr(pk, t->app->conf->id);
	msgpack_pack_int(pk, t->handler->kind);
	mp_put_cstr(pk, t->handler->name);
	msgpack_pack_int(pk, t->execution);
	msgpack_pack_int64(pk, t->accepted_wall_ms);
	msgpack_pack_int64(pk, due_wall_ms);
	msgpack_pack_uint32(pk, t->timeout_ms);
	msgpack_pack_int(pk, t->attempts_max);
	mp_put_str(pk, key ? span_of(key->text, key->n) : SPAN_NONE);
	msgpack_pack_int(pk, key ? key->sort : KEYS_KEY);
	mp_put_bin(pk, payload ? span_of(t->payload, t->payload_bytes) : SPAN_NONE);
}

void
record_pack(struct buf *out, const struct task *t, int64_t due_wall_ms)
{
	msgpack_packer pk = mp_packer(out);

	record_pack_task(&pk, t, due_wall_ms, true);
}

void
record_pack_mark(struct buf *out, const struct task *t, int64_t due_wall_ms)
{
	msgpack_packer pk = mp_packer(out);

	msgpack_pack_array(&pk, RECORD_MARK_FIELDS);
	msgpack_pack_int(&pk, RECORD_VERSION);
	msgpack_pack_int(&pk, t->attempt);
	msgpack_pack_int(&pk, t->failures);
	msgpack_pack_int(&pk, t->deaths);
	msgpack_pack_int(&pk, t->reruns);
	msgpack_pack_int64(&pk, due_wall_ms);
}

static void
record_pack_note(msgpack_packer *pk, const struct task_note *n)
{
	static const struct task_note none = {.fraction = -1};

	if (!n)
		n = &none;
	mp_put_cstr(pk, n->class);
	mp_put_cstr(pk, n->message);
	mp_put_bin(pk, span_of(n->backtrace, n->backtrace_bytes));
	mp_put_bin(pk, span_of(n->headers, n->headers_bytes));
	mp_put_cstr(pk, n->progress);
	msgpack_pack_double(pk, n->fraction);
	msgpack_pack_int64(pk, n->code);
	msgpack_pack_int(pk, n->has_code);
	msgpack_pack_int(pk, n->status);
}

void
record_pack_end(struct buf *out, const struct task *t)
{
	msgpack_packer pk = mp_packer(out);

	msgpack_pack_array(&pk, RECORD_END_FIELDS);
	msgpack_pack_int(&pk, RECORD_VERSION);
	record_pack_task(&pk, t, 0, t->state == TASK_DEAD);
	msgpack_pack_int(&pk, t->state);
	msgpack_pack_int(&pk, t->fault);
	msgpack_pack_int(&pk, t->attempt);
	msgpack_pack_int64(&pk, t->started_ms ? task_wall_ms(t, t->started_ms) : 0);
	msgpack_pack_int64(&pk, task_wall_ms(t, t->ended_ms));
	msgpack_pack_uint32(&pk, t->run_us);
	msgpack_pack_uint32(&pk, t->burst_us);
	mp_put_bin(&pk, span_of(t->result, t->result_bytes));
	record_pack_note(&pk, t->note);
}

void
record_pack_step(struct buf *out, uint64_t task_key, const struct step *s)
{
	msgpack_packer pk = mp_packer(out);

	msgpack_pack_array(&pk, RECORD_STEP_FIELDS);
	msgpack_pack_int(&pk, RECORD_VERSION);
	msgpack_pack_uint64(&pk, task_key);
	mp_put_str(&pk, step_name(s));
	mp_put_bin(&pk, step_value(s));
}

void
record_pack_timer(struct buf *out, const struct handler *h, int64_t done_wall_ms)
{
	msgpack_packer pk = mp_packer(out);

	msgpack_pack_array(&pk, RECORD_TIMER_FIELDS);
	msgpack_pack_int(&pk, RECORD_VERSION);
	mp_put_cstr(&pk, h->app->conf->id);
	mp_put_cstr(&pk, h->name);
	msgpack_pack_int64(&pk, done_wall_ms);
	msgpack_pack_int64(&pk, h->timer->last_ms);
	msgpack_pack_uint32(&pk, h->timer->owed);
}

/* --- reading --- */

/* A cursor that remembers the first thing that was wrong. */
struct record_read {
	struct mp in;
	int e;
};

static void
read_array(struct record_read *r, uint32_t want)
{
	uint32_t n = 0;

	if (r->e == 0)
		r->e = mp_array(&r->in, &n);
	if (r->e == 0 && n != want)
		r->e = -ERR_MALFORMED;
}

static int64_t
read_int(struct record_read *r, int64_t least, int64_t most)
{
	int64_t v = 0;

	if (r->e == 0)
		r->e = mp_sint(&r->in, &v);
	if (r->e == 0 && (v < least || v > most))
		r->e = -ERR_MALFORMED;
	return r->e == 0 ? v : least;
}

static struct span
read_bytes(struct record_read *r, int (*get)(struct mp *, struct span *))
{
	struct span s = SPAN_NONE;

	if (r->e == 0)
		r->e = get(&r->in, &s);
	return s;
}

static void
read_task(struct record_read *r, struct record *t)
{
	struct span id;

	read_array(r, RECORD_TASK_FIELDS);
	read_int(r, RECORD_VERSION, RECORD_VERSION);
	id = read_bytes(r, mp_bin);
	if (r->e == 0 && id.n != TASKID_BYTES)
		r->e = -ERR_MALFORMED;
	if (r->e == 0)
		memcpy(t->id.b, id.p, TASKID_BYTES);
	t->app = read_bytes(r, mp_str);
	t->kind = (enum kind)read_int(r, 1, KIND_END - 1);
	t->name = read_bytes(r, mp_str);
	t->execution = (enum execution)read_int(r, EXEC_SYNC, EXEC_LOW);
	t->accepted_wall_ms = read_int(r, 0, INT64_MAX);
	t->due_wall_ms = read_int(r, 0, INT64_MAX);
	t->timeout_ms = (uint32_t)read_int(r, 0, UINT32_MAX);
	t->attempts_max = (uint8_t)read_int(r, 1, UINT8_MAX);
	t->key = read_bytes(r, mp_str);
	t->key_sort = (enum keys_sort)read_int(r, KEYS_KEY, KEYS_UNIQUE);
	t->payload = read_bytes(r, mp_bin);
}

static int
read_end(struct record_read *r)
{
	return r->e == 0 && mp_at_end(&r->in) ? 0 : -ERR_MALFORMED;
}

int
record_parse(struct span bytes, struct record *out)
{
	struct record_read r = {.in = mp_over(bytes)};

	memset(out, 0, sizeof *out);
	read_task(&r, out);
	return read_end(&r);
}

int
record_parse_mark(struct span bytes, struct record_mark *out)
{
	struct record_read r = {.in = mp_over(bytes)};

	memset(out, 0, sizeof *out);
	read_array(&r, RECORD_MARK_FIELDS);
	read_int(&r, RECORD_VERSION, RECORD_VERSION);
	out->attempt = (uint8_t)read_int(&r, 0, UINT8_MAX);
	out->failures = (uint8_t)read_int(&r, 0, UINT8_MAX);
	out->deaths = (uint8_t)read_int(&r, 0, UINT8_MAX);
	out->reruns = (uint8_t)read_int(&r, 0, UINT8_MAX);
	out->due_wall_ms = read_int(&r, 0, INT64_MAX);
	return read_end(&r);
}

static void
read_note(struct record_read *r, struct record_end *out)
{
	out->class = read_bytes(r, mp_str);
	out->message = read_bytes(r, mp_str);
	out->backtrace = read_bytes(r, mp_bin);
	out->headers = read_bytes(r, mp_bin);
	out->progress = read_bytes(r, mp_str);
	if (r->e == 0)
		r->e = mp_real(&r->in, &out->fraction);
	out->code = read_int(r, INT64_MIN, INT64_MAX);
	out->has_code = read_int(r, 0, 1);
	out->status = (int)read_int(r, 0, 999);
}

int
record_parse_end(struct span bytes, struct record_end *out)
{
	struct record_read r = {.in = mp_over(bytes)};

	memset(out, 0, sizeof *out);
	read_array(&r, RECORD_END_FIELDS);
	read_int(&r, RECORD_VERSION, RECORD_VERSION);
	read_task(&r, &out->task);
	out->state = (enum task_state)read_int(&r, TASK_DONE, TASK_STATE_COUNT - 1);
	out->fault = (enum fault)read_int(&r, 0, FAULT_COUNT - 1);
	out->attempt = (uint8_t)read_int(&r, 0, UINT8_MAX);
	out->started_wall_ms = read_int(&r, 0, INT64_MAX);
	out->ended_wall_ms = read_int(&r, 0, INT64_MAX);
	out->run_us = (uint32_t)read_int(&r, 0, UINT32_MAX);
	out->burst_us = (uint32_t)read_int(&r, 0, UINT32_MAX);
	out->result = read_bytes(&r, mp_bin);
	read_note(&r, out);
	return read_end(&r);
}

int
record_parse_step(struct span bytes, struct record_step *out)
{
	struct record_read r = {.in = mp_over(bytes)};

	memset(out, 0, sizeof *out);
	read_array(&r, RECORD_STEP_FIELDS);
	read_int(&r, RECORD_VERSION, RECORD_VERSION);
	out->task_key = (uint64_t)read_int(&r, 1, INT64_MAX);
	out->name = read_bytes(&r, mp_str);
	out->value = read_bytes(&r, mp_bin);
	return read_end(&r);
}

int
record_parse_timer(struct span bytes, struct record_timer *out)
{
	struct record_read r = {.in = mp_over(bytes)};

	memset(out, 0, sizeof *out);
	read_array(&r, RECORD_TIMER_FIELDS);
	read_int(&r, RECORD_VERSION, RECORD_VERSION);
	out->app = read_bytes(&r, mp_str);
	out->name = read_bytes(&r, mp_str);
	out->done_wall_ms = read_int(&r, 0, RECORD_WALL_MAX_MS);
	out->last_wall_ms = read_int(&r, 0, RECORD_WALL_MAX_MS);
	out->owed = (uint32_t)read_int(&r, 0, TIMER_OWED_MAX);
	return read_end(&r);
}

/* trace_t.c: see trace_t.h. */
#include "trace_t.h"

struct trace tr;
struct buf raw;

void
begin(unsigned n)
{
	msgpack_packer pk = mp_packer(&raw);

	buf_reset(&raw);
	msgpack_pack_array(&pk, n);
}

void
put(enum trace_kind kind, unsigned fiber, int from_ms, int ready_ms, int to_ms,
    unsigned work, unsigned flags, unsigned line, const char *what)
{
	msgpack_packer pk = mp_packer(&raw);
	uint64_t v[] = {kind, fiber, 0, (uint64_t)from_ms * MS, (uint64_t)ready_ms * MS,
	    (uint64_t)to_ms * MS, work, flags, line};

	msgpack_pack_array(&pk, TRACE_FIELDS);
	for (size_t i = 0; i < COUNT_OF(v); i++)
		msgpack_pack_uint64(&pk, v[i]);
	mp_put_cstr(&pk, line ? "a.rb" : "");
	mp_put_cstr(&pk, what);
}

void
put_await(unsigned fiber, int from_ms, int to_ms, unsigned number, unsigned flags,
    unsigned line)
{
	put(TRACE_WORK, fiber, from_ms, to_ms, to_ms, 0, flags, line, "Deferred.delay");
	put(TRACE_AWAIT, fiber, from_ms, to_ms, to_ms, number, 0, line, "");
}

int
read_it(int ran_ms)
{
	memset(&tr, 0, sizeof tr);
	tr.app = "demo";
	tr.kind = "function";
	tr.handler = "slow";
	tr.state = "done";
	tr.why = "slow";
	tr.attempt = 1;
	tr.accepted_wall_ms = 1700000000000;
	tr.wait_ns = 10 * MS;
	tr.link_ns = 1 * MS;
	tr.ran_ns = (int64_t)ran_ms * MS;
	tr.raw = buf_span(&raw);
	return trace_read(&tr);
}

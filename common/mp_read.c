/*
 * mp_read.c: typed reading over the cursor of mp.c, the timestamp's packing, and the
 * check of strings.
 */
#include "mp.h"
#include "err.h"
#include "utf8.h"

/* One token of that type; the cursor stays where it was otherwise. */
static int
mp_want(struct mp *c, enum mp_type type, struct mp_tok *t)
{
	struct mp at = *c;
	int r = mp_next(&at, t);

	if (r == 0 && t->type != type)
		r = -ERR_TYPE;
	if (r == 0)
		*c = at;
	return r;
}

int
mp_uint(struct mp *c, uint64_t *out)
{
	struct mp_tok t;
	int r = mp_want(c, MP_UINT, &t);

	if (r == 0)
		*out = t.uint;
	return r;
}

int
mp_sint(struct mp *c, int64_t *out)
{
	struct mp at = *c;
	struct mp_tok t;
	int r = mp_next(&at, &t);

	if (r)
		return r;
	if (t.type != MP_SINT && (t.type != MP_UINT || t.uint > INT64_MAX))
		return -ERR_TYPE;
	*out = t.sint;
	*c = at;
	return 0;
}

int
mp_real(struct mp *c, double *out)
{
	struct mp at = *c;
	struct mp_tok t;
	int r = mp_next(&at, &t);

	if (r)
		return r;
	switch (t.type) {
	case MP_REAL: *out = t.real; break;
	case MP_UINT: *out = (double)t.uint; break;
	case MP_SINT: *out = (double)t.sint; break;
	default: return -ERR_TYPE;
	}
	*c = at;
	return 0;
}

int
mp_bool(struct mp *c, bool *out)
{
	struct mp_tok t;
	int r = mp_want(c, MP_BOOL, &t);

	if (r == 0)
		*out = t.boolean;
	return r;
}

int
mp_str(struct mp *c, struct span *out)
{
	struct mp_tok t;
	int r = mp_want(c, MP_STR, &t);

	if (r == 0)
		*out = t.bytes;
	return r;
}

int
mp_bin(struct mp *c, struct span *out)
{
	struct mp_tok t;
	int r = mp_want(c, MP_BIN, &t);

	if (r == 0)
		*out = t.bytes;
	return r;
}

int
mp_array(struct mp *c, uint32_t *count)
{
	struct mp_tok t;
	int r = mp_want(c, MP_ARRAY, &t);

	if (r == 0)
		*count = t.count;
	return r;
}

int
mp_map(struct mp *c, uint32_t *pairs)
{
	struct mp_tok t;
	int r = mp_want(c, MP_MAP, &t);

	if (r == 0)
		*pairs = t.count;
	return r;
}

int
mp_peek(const struct mp *c)
{
	struct mp at = *c;
	struct mp_tok t;

	return mp_next(&at, &t) == 0 ? (int)t.type : -1;
}

int
mp_map_find(struct span v, const char *key, struct span *out)
{
	struct mp c = mp_over(v);
	struct span found, value;
	uint32_t pairs;
	int r = mp_map(&c, &pairs);

	for (; r == 0 && pairs > 0; pairs--) {
		bool is_str = mp_peek(&c) == MP_STR;
		r = is_str ? mp_str(&c, &found) : mp_skip(&c, NULL);
		if (r == 0)
			r = mp_skip(&c, &value);
		if (r == 0 && is_str && span_is(found, key)) {
			*out = value;
			return 0;
		}
	}
	return r ? r : -ERR_UNKNOWN;
}

static void
mp_store_big_endian(uint8_t *p, uint64_t v, size_t n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

void
mp_put_time(msgpack_packer *pk, int64_t s, uint32_t ns)
{
	uint8_t body[12];
	size_t n;

	ASSERT(ns < 1000000000u);
	if (s < 0 || s >= 1LL << 34) {
		n = 12;
		mp_store_big_endian(body, ns, 4);
		mp_store_big_endian(body + 4, (uint64_t)s, 8);
	} else if (ns || s > UINT32_MAX) {
		n = 8;
		mp_store_big_endian(body, (uint64_t)ns << 34 | (uint64_t)s, 8);
	} else {
		n = 4;
		mp_store_big_endian(body, (uint64_t)s, 4);
	}
	msgpack_pack_ext(pk, n, -1);
	msgpack_pack_ext_body(pk, body, n);
}

bool
mp_utf8_valid(struct span s, size_t *bad_at)
{
	const uint8_t *p = s.p, *end = s.p + s.n;

	while (p < end) {
		p += utf8_ascii_bytes(p, end);
		if (p == end)
			break;
		size_t n = utf8_char_bytes(p, end);
		if (n == 0) {
			if (bad_at)
				*bad_at = (size_t)(p - s.p);
			return false;
		}
		p += n;
	}
	return true;
}

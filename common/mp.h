/*
 * mp.h: msgpack. Packing is msgpack-c's, into a buf. Reading is a bounded cursor of
 * our own: msgpack-c 4.0 fails at depth 33 and reserves gigabytes for a 6-byte message
 * that announces a huge array, so untrusted bytes never go through it.
 *
 * The cursor allocates nothing and never reads past its end. A container's announced
 * count is checked against the bytes that are left (every element needs one at least).
 */
#ifndef DEFERD_MP_H
#define DEFERD_MP_H

#include "buf.h"
#include <msgpack/pack.h>

#define MP_DEPTH_MAX 32

enum mp_type { MP_NIL, MP_BOOL, MP_UINT, MP_SINT, MP_REAL, MP_STR, MP_BIN, MP_ARRAY, MP_MAP, MP_TIME };

struct mp_tok {
	enum mp_type type;
	union {
		bool boolean;
		uint64_t uint; /* MP_UINT: >= 0 */
		int64_t sint;  /* MP_SINT: < 0 */
		double real;
		struct span bytes; /* MP_STR, MP_BIN: borrowed from the input */
		uint32_t count;	   /* MP_ARRAY: elements; MP_MAP: pairs */
		struct {
			int64_t s;   /* seconds since 1970 */
			uint32_t ns; /* 0..999999999 */
		} time;		     /* ext type -1, the three standard lengths */
	};
};

struct mp {
	const uint8_t *p, *end;
};

static inline struct mp
mp_over(struct span s)
{
	return (struct mp){s.p, s.p + s.n};
}
static inline bool
mp_at_end(const struct mp *c)
{
	return c->p == c->end;
}

/* Reads one token; a container's elements follow as tokens of their own. 0,
 * -ERR_TRUNCATED, or -ERR_MALFORMED (0xc1, another ext type). */
int mp_next(struct mp *, struct mp_tok *) MUST_USE;
/* Steps over one whole value, iteratively; *out (may be NULL) is where it lies. Also
 * -ERR_TOO_DEEP over MP_DEPTH_MAX nested containers. */
int mp_skip(struct mp *, struct span *out) MUST_USE;
/* The same with another depth, at most MP_DEPTH_MAX + 1: an envelope holds values that
 * may themselves be MP_DEPTH_MAX deep. */
int mp_skip_within(struct mp *, struct span *out, int depth_max) MUST_USE;
/* One token of the wanted type, else -ERR_TYPE (the cursor does not move then).
 * mp_sint also takes an MP_UINT that fits; mp_real also takes integers. */
int mp_uint(struct mp *, uint64_t *) MUST_USE;
int mp_sint(struct mp *, int64_t *) MUST_USE;
int mp_real(struct mp *, double *) MUST_USE;
int mp_bool(struct mp *, bool *) MUST_USE;
int mp_str(struct mp *, struct span *) MUST_USE;
int mp_bin(struct mp *, struct span *) MUST_USE;
int mp_array(struct mp *, uint32_t *count) MUST_USE;
int mp_map(struct mp *, uint32_t *pairs) MUST_USE;
/* Looks at the next token's type without moving; -1 at the end or on 0xc1. */
int mp_peek(const struct mp *);
/* Finds a string key in the map value v; *out is that value's bytes. 0, -ERR_UNKNOWN,
 * or what reading said. */
int mp_map_find(struct span v, const char *key, struct span *out) MUST_USE;

/* A packer that appends to b; check b->failed at the end. */
static inline int
mp_buf_write(void *b, const char *p, size_t n)
{
	return buf_add(b, p, n);
}
static inline msgpack_packer
mp_packer(struct buf *b)
{
	msgpack_packer pk;
	msgpack_packer_init(&pk, b, mp_buf_write);
	return pk;
}
static inline void
mp_put_str(msgpack_packer *pk, struct span s)
{
	msgpack_pack_str(pk, s.n);
	msgpack_pack_str_body(pk, s.p, s.n);
}
static inline void
mp_put_bin(msgpack_packer *pk, struct span s)
{
	msgpack_pack_bin(pk, s.n);
	msgpack_pack_bin_body(pk, s.p, s.n);
}
static inline void
mp_put_cstr(msgpack_packer *pk, const char *s)
{
	mp_put_str(pk, span_str(s));
}
/* msgpack's timestamp (ext -1), in the shortest of its three forms. */
void mp_put_time(msgpack_packer *, int64_t s, uint32_t ns);
/* True when s is well-formed UTF-8 (no surrogates, no overlong forms); *bad_at is
 * the first bad byte's offset otherwise. */
bool mp_utf8_valid(struct span s, size_t *bad_at);

#endif

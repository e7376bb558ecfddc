/*
 * mp.c: the bounded msgpack cursor. It trusts no byte, follows no pointer and keeps no
 * more state than 32 counters.
 */
#include "mp.h"
#include "err.h"

#define MP_NS_MAX 999999999u
#define MP_EXT_TIME 0xff /* -1 */

static uint64_t
mp_big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* What a first byte from 0xc0 to 0xdf announces: a number of that width, or a length
 * of that width and then as many bytes or elements. */
enum mp_form {
	MP_F_BAD,
	MP_F_NIL,
	MP_F_BOOL,
	MP_F_UINT,
	MP_F_SINT,
	MP_F_FLOAT,
	MP_F_DOUBLE,
	MP_F_STR,
	MP_F_BIN,
	MP_F_ARRAY,
	MP_F_MAP,
	MP_F_EXT,
	MP_F_FIXEXT
};

static const struct mp_lead {
	uint8_t form, width;
} mp_leads[32] = {
    {MP_F_NIL, 0}, {MP_F_BAD, 0}, {MP_F_BOOL, 0}, {MP_F_BOOL, 0},           /* c0 */
    {MP_F_BIN, 1}, {MP_F_BIN, 2}, {MP_F_BIN, 4}, {MP_F_EXT, 1},             /* c4 */
    {MP_F_EXT, 2}, {MP_F_EXT, 4}, {MP_F_FLOAT, 4}, {MP_F_DOUBLE, 8},        /* c8 */
    {MP_F_UINT, 1}, {MP_F_UINT, 2}, {MP_F_UINT, 4}, {MP_F_UINT, 8},         /* cc */
    {MP_F_SINT, 1}, {MP_F_SINT, 2}, {MP_F_SINT, 4}, {MP_F_SINT, 8},         /* d0 */
    {MP_F_FIXEXT, 1}, {MP_F_FIXEXT, 2}, {MP_F_FIXEXT, 4}, {MP_F_FIXEXT, 8}, /* d4 */
    {MP_F_FIXEXT, 16}, {MP_F_STR, 1}, {MP_F_STR, 2}, {MP_F_STR, 4},         /* d8 */
    {MP_F_ARRAY, 2}, {MP_F_ARRAY, 4}, {MP_F_MAP, 2}, {MP_F_MAP, 4},         /* dc */
};

static int
mp_take_bytes(const uint8_t **p, const uint8_t *end, uint64_t n, struct span *out)
{
	if (n > (uint64_t)(end - *p))
		return -ERR_TRUNCATED;
	*out = span_of(*p, n);
	*p += n;
	return 0;
}

/* Every element needs a byte at least, so a count above what is left is a lie. */
static int
mp_take_count(const uint8_t *p, const uint8_t *end, enum mp_type type, uint64_t count,
    struct mp_tok *t)
{
	uint64_t left = (uint64_t)(end - p);

	if (count > (type == MP_MAP ? left / 2 : left))
		return -ERR_TRUNCATED;
	t->type = type;
	t->count = (uint32_t)count;
	return 0;
}

static void
mp_set_sint(struct mp_tok *t, uint64_t raw, size_t width)
{
	unsigned shift = 64 - 8 * (unsigned)width;
	int64_t v = (int64_t)(raw << shift) >> shift;

	t->type = v < 0 ? MP_SINT : MP_UINT;
	t->uint = (uint64_t)v;
}

static void
mp_set_real(struct mp_tok *t, uint64_t raw, size_t width)
{
	t->type = MP_REAL;
	if (width == 4) {
		uint32_t half = (uint32_t)raw;
		float f;
		memcpy(&f, &half, sizeof f);
		t->real = (double)f;
	} else {
		memcpy(&t->real, &raw, sizeof t->real);
	}
}

/* The only extension is the timestamp, in its three lengths. */
static int
mp_take_time(const uint8_t **p, const uint8_t *end, uint64_t n, struct mp_tok *t)
{
	struct span s;
	uint64_t ns = 0;

	if (mp_take_bytes(p, end, n + 1, &s) != 0)
		return -ERR_TRUNCATED;
	if (s.p[0] != MP_EXT_TIME)
		return -ERR_MALFORMED;
	t->type = MP_TIME;
	switch (n) {
	case 4: t->time.s = (int64_t)mp_big_endian(s.p + 1, 4); break;
	case 8:
		ns = mp_big_endian(s.p + 1, 8);
		t->time.s = (int64_t)(ns & 0x3ffffffffULL);
		ns >>= 34;
		break;
	case 12:
		ns = mp_big_endian(s.p + 1, 4);
		t->time.s = (int64_t)mp_big_endian(s.p + 5, 8);
		break;
	default: return -ERR_MALFORMED;
	}
	t->time.ns = (uint32_t)ns;
	return ns <= MP_NS_MAX ? 0 : -ERR_MALFORMED;
}

/* A token whose first byte, already read, is one of 0xc0 to 0xdf. */
static int
mp_take_lead(uint8_t lead, const uint8_t **p, const uint8_t *end, struct mp_tok *t)
{
	const struct mp_lead *l = &mp_leads[lead - 0xc0];
	uint64_t v = 0;

	if (l->form != MP_F_FIXEXT) {
		if (end - *p < l->width)
			return -ERR_TRUNCATED;
		v = mp_big_endian(*p, l->width);
		*p += l->width;
	}
	switch ((enum mp_form)l->form) {
	case MP_F_BAD: break;
	case MP_F_NIL: t->type = MP_NIL; return 0;
	case MP_F_BOOL:
		t->type = MP_BOOL;
		t->boolean = lead == 0xc3;
		return 0;
	case MP_F_UINT:
		t->type = MP_UINT;
		t->uint = v;
		return 0;
	case MP_F_SINT: mp_set_sint(t, v, l->width); return 0;
	case MP_F_FLOAT:
	case MP_F_DOUBLE: mp_set_real(t, v, l->width); return 0;
	case MP_F_STR:
	case MP_F_BIN:
		t->type = l->form == MP_F_STR ? MP_STR : MP_BIN;
		return mp_take_bytes(p, end, v, &t->bytes);
	case MP_F_ARRAY: return mp_take_count(*p, end, MP_ARRAY, v, t);
	case MP_F_MAP: return mp_take_count(*p, end, MP_MAP, v, t);
	case MP_F_EXT: return mp_take_time(p, end, v, t);
	case MP_F_FIXEXT: return mp_take_time(p, end, l->width, t);
	}
	return -ERR_MALFORMED;
}

int
mp_next(struct mp *c, struct mp_tok *t)
{
	const uint8_t *p = c->p;
	int r = 0;

	if (p == c->end)
		return -ERR_TRUNCATED;
	uint8_t lead = *p++;
	if (lead < 0x80) {
		t->type = MP_UINT;
		t->uint = lead;
	} else if (lead >= 0xe0) {
		t->type = MP_SINT;
		t->sint = (int8_t)lead;
	} else if (lead >= 0xc0) {
		r = mp_take_lead(lead, &p, c->end, t);
	} else if (lead >= 0xa0) {
		t->type = MP_STR;
		r = mp_take_bytes(&p, c->end, lead & 0x1f, &t->bytes);
	} else {
		r = mp_take_count(
		    p, c->end, lead < 0x90 ? MP_MAP : MP_ARRAY, lead & 0x0f, t);
	}
	if (r == 0)
		c->p = p;
	return r;
}

int
mp_skip_within(struct mp *c, struct span *out, int depth_max)
{
	uint64_t left[MP_DEPTH_MAX + 2]; /* values still to come, per open container */
	struct mp at = *c;
	struct mp_tok t;
	int depth = 0;

	ASSERT(depth_max <= MP_DEPTH_MAX + 1);
	left[0] = 1;
	while (depth >= 0) {
		if (left[depth] == 0) {
			depth--;
			continue;
		}
		left[depth]--;
		int r = mp_next(&at, &t);
		if (r)
			return r;
		if (t.type != MP_ARRAY && t.type != MP_MAP)
			continue;
		if (++depth > depth_max)
			return -ERR_TOO_DEEP;
		left[depth] = t.type == MP_MAP ? 2 * (uint64_t)t.count : t.count;
	}
	if (out)
		*out = span_of(c->p, (size_t)(at.p - c->p));
	c->p = at.p;
	return 0;
}

int
mp_skip(struct mp *c, struct span *out)
{
	return mp_skip_within(c, out, MP_DEPTH_MAX);
}

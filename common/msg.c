/*
 * msg.c: the codec of the typed messages, driven by a table made from msg.def. It
 * knows the fields' types and order and nothing of what they mean.
 */
#include "msg.h"
#include "err.h"

enum msg_type {
	MSG_T_uint = 1,
	MSG_T_sint,
	MSG_T_real,
	MSG_T_str,
	MSG_T_bin,
	MSG_T_raw
};

/* A zero ends each list. */
#define F(type, name) MSG_T_##type,
#define MSG(number, NAME, name, dir, fields, sentence)                                 \
	static const uint8_t msg_types_##name[] = {fields 0};
#include "msg.def"
#undef MSG
#undef F

/* Offsets follow from the types only while there is no padding. */
#define F(type, name) +sizeof(msg_c_##type)
#define MSG(number, NAME, name, dir, fields, sentence)                                 \
	_Static_assert(sizeof(struct msg_##name) == 0 fields, #name " is padded");     \
	_Static_assert((number) < 128, #name "'s number does not fit the index");
#include "msg.def"
#undef MSG
#undef F

enum msg_row {
#define F(type, name)
#define MSG(number, NAME, name, dir, fields, sentence) MSG_ROW_##NAME,
#include "msg.def"
#undef MSG
	MSG_ROWS
};

static const uint8_t *const msg_types[MSG_ROWS] = {
#define MSG(number, NAME, name, dir, fields, sentence) msg_types_##name,
#include "msg.def"
#undef MSG
};

static const uint8_t msg_arity[MSG_ROWS] = {
#define MSG(number, NAME, name, dir, fields, sentence) sizeof msg_types_##name - 1,
#include "msg.def"
#undef MSG
};

/* number -> row + 1 */
static const uint8_t msg_index[128] = {
#define MSG(number, NAME, name, dir, fields, sentence) [number] = MSG_ROW_##NAME + 1,
#include "msg.def"
#undef MSG
#undef F
};

const struct msg_info msg_table[] = {
#define F(type, name) ", " #type " " #name
#define MSG(number, NAME, name, dir, fields, sentence)                                 \
	{number, #NAME, MSG_##dir, sizeof("" fields) > 2 ? &("  " fields)[4] : "",     \
	    sentence},
#include "msg.def"
#undef MSG
#undef F
};
const size_t msg_table_count = COUNT_OF(msg_table);

/* The row of a number, or -1. */
static int
msg_row(uint64_t number)
{
	return number < COUNT_OF(msg_index) ? msg_index[number] - 1 : -1;
}

const char *
msg_name(unsigned number)
{
	int row = msg_row(number);

	return row < 0 ? "?" : msg_table[row].name;
}

static size_t
msg_size(enum msg_type type)
{
	return type >= MSG_T_str ? sizeof(struct span) : sizeof(uint64_t);
}

static int
msg_pack_span(msgpack_packer *pk, enum msg_type type, struct span s)
{
	int r;

	if (type == MSG_T_raw)
		return s.n ? buf_add(pk->data, s.p, s.n) : msgpack_pack_nil(pk);
	if (s.n > UINT32_MAX)
		return -ERR_TOO_LARGE;
	r = type == MSG_T_str ? msgpack_pack_str(pk, s.n) : msgpack_pack_bin(pk, s.n);
	return r ? r : buf_add(pk->data, s.p, s.n);
}

static int
msg_pack_field(msgpack_packer *pk, enum msg_type type, const void *field)
{
	switch (type) {
	case MSG_T_uint: return msgpack_pack_uint64(pk, *(const uint64_t *)field);
	case MSG_T_sint: return msgpack_pack_int64(pk, *(const int64_t *)field);
	case MSG_T_real: return msgpack_pack_double(pk, *(const double *)field);
	case MSG_T_str:
	case MSG_T_bin:
	case MSG_T_raw: return msg_pack_span(pk, type, *(const struct span *)field);
	}
	NEVER("a field type without a packer");
}

int
msg_pack(struct buf *b, enum msg_number number, const void *fields)
{
	int row = msg_row(number), r;
	msgpack_packer pk = mp_packer(b);
	size_t before = b->n;
	bool failed = b->failed;
	const uint8_t *field = fields;

	ASSERT(row >= 0);
	r = msgpack_pack_array(&pk, 1u + msg_arity[row]);
	if (r == 0)
		r = msgpack_pack_uint8(&pk, (uint8_t)number);
	for (const uint8_t *type = msg_types[row]; *type && r == 0; type++) {
		r = msg_pack_field(&pk, *type, field);
		field += msg_size(*type);
	}
	if (r) {
		b->n = before;
		b->failed = failed; /* what was in b before is whole */
	}
	return r;
}

static int
msg_parse_str(struct mp *c, struct span *out)
{
	int r = mp_str(c, out);

	return r == 0 && !mp_utf8_valid(*out, NULL) ? -ERR_MALFORMED : r;
}

static int
msg_parse_field(struct mp *c, enum msg_type type, void *field)
{
	switch (type) {
	case MSG_T_uint: return mp_uint(c, field);
	case MSG_T_sint: return mp_sint(c, field);
	case MSG_T_real: return mp_real(c, field);
	case MSG_T_str: return msg_parse_str(c, field);
	case MSG_T_bin: return mp_bin(c, field);
	case MSG_T_raw: return mp_skip_within(c, field, MP_DEPTH_MAX + 1);
	}
	NEVER("a field type without a parser");
}

int
msg_parse(struct mp *c, enum msg_dir dir, struct msg *out)
{
	uint32_t count;
	uint64_t number;
	int r = mp_array(c, &count);

	if (r == 0)
		r = mp_uint(c, &number);
	if (r)
		return r;
	int row = msg_row(number);
	if (row < 0 || msg_table[row].dir != dir)
		return -ERR_UNKNOWN;
	if (count != 1u + msg_arity[row])
		return -ERR_MALFORMED;
	out->number = (enum msg_number)number;
	uint8_t *field = (uint8_t *)out + offsetof(struct msg, hello);
	for (const uint8_t *type = msg_types[row]; *type && r == 0; type++) {
		r = msg_parse_field(c, *type, field);
		field += msg_size(*type);
	}
	return r;
}

/*
 * json.c: values between JSON text and msgpack. It knows no dialect but the way that
 * one of them writes times and bytes.
 */
#include "json.h"
#include "../common/clock.h"
#include "../common/err.h"
#include <inttypes.h>
#include <stdio.h>

/* --- reading --- */

static bool
json_fits(const json_t *v, int depth)
{
	const char *key;
	json_t *item;
	size_t i;

	if (!json_is_object(v) && !json_is_array(v))
		return true;
	if (depth == MP_DEPTH_MAX)
		return false;
	if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, key, item)
		{
			if (!json_fits(item, depth + 1))
				return false;
		}
		return true;
	}
	json_array_foreach(v, i, item)
	{
		if (!json_fits(item, depth + 1))
			return false;
	}
	return true;
}

static void
json_explain(const json_error_t *e, char why[JSON_WHY_BYTES])
{
	enum json_error_code code = json_error_code(e);
	char text[120];
	size_t n = 0;

	if (code == json_error_numeric_overflow) {
		snprintf(why, JSON_WHY_BYTES,
		    "line %d, column %d: the number is too large: integers are signed "
		    "64-bit ones, floats doubles",
		    e->line, e->column);
		return;
	}
	/* jansson quotes the input: only what can stand in any reply */
	for (; e->text[n] && n < sizeof text - 1; n++)
		text[n] = e->text[n] >= ' ' && e->text[n] < 127 ? e->text[n] : '?';
	text[n] = '\0';
	snprintf(
	    why, JSON_WHY_BYTES, "line %d, column %d: %s", e->line, e->column, text);
}

json_t *
json_read(struct span text, char why[JSON_WHY_BYTES])
{
	json_error_t e;
	json_t *v = json_loadb(
	    (const char *)text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);

	if (!v) {
		json_explain(&e, why);
		return NULL;
	}
	if (!json_fits(v, 0)) {
		snprintf(
		    why, JSON_WHY_BYTES, "nested deeper than %d levels", MP_DEPTH_MAX);
		json_decref(v);
		return NULL;
	}
	return v;
}

/* --- to msgpack --- */

/* A {"__type": "Date"} as a time; false: it is none. */
static bool
json_pack_date(msgpack_packer *pk, const json_t *object)
{
	const char *type = json_string_value(json_object_get(object, "__type"));
	const json_t *iso = json_object_get(object, "iso");
	int64_t ms, s;

	if (!type || strcmp(type, "Date") != 0 || !json_is_string(iso) ||
	    clock_parse_wall(json_string_value(iso), json_string_length(iso), &ms) != 0)
		return false;
	s = ms / MS_PER_S - (ms % MS_PER_S < 0);
	mp_put_time(pk, s, (uint32_t)(ms - s * MS_PER_S) * NS_PER_MS);
	return true;
}

void
json_pack_pairs(msgpack_packer *pk, const json_t *object, bool typed)
{
	json_t *o = (json_t *)(uintptr_t)object; /* iterating does not change it */

	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
		mp_put_str(pk,
		    span_of(json_object_iter_key(it), json_object_iter_key_len(it)));
		json_pack_value(pk, json_object_iter_value(it), typed);
	}
}

static void
json_pack_array(msgpack_packer *pk, const json_t *array, bool typed)
{
	size_t n = json_array_size(array);

	msgpack_pack_array(pk, n);
	for (size_t i = 0; i < n; i++)
		json_pack_value(pk, json_array_get(array, i), typed);
}

void
json_pack_value(msgpack_packer *pk, const json_t *v, bool typed)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		if (typed && json_pack_date(pk, v))
			break;
		msgpack_pack_map(pk, json_object_size(v));
		json_pack_pairs(pk, v, typed);
		break;
	case JSON_ARRAY: json_pack_array(pk, v, typed); break;
	case JSON_STRING:
		mp_put_str(pk, span_of(json_string_value(v), json_string_length(v)));
		break;
	case JSON_INTEGER: msgpack_pack_int64(pk, json_integer_value(v)); break;
	case JSON_REAL: msgpack_pack_double(pk, json_real_value(v)); break;
	case JSON_TRUE: msgpack_pack_true(pk); break;
	case JSON_FALSE: msgpack_pack_false(pk); break;
	case JSON_NULL: msgpack_pack_nil(pk); break;
	}
}

/* --- to text --- */

static void
json_write_base64(struct jsonw *w, struct span s)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t *p = buf_room(w->out, (s.n + 2) / 3 * 4 + 2), *start = p;

	if (!p)
		return;
	*p++ = '"';
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16 |
			     (left > 1 ? (uint32_t)s.p[i + 1] << 8 : 0) |
			     (left > 2 ? s.p[i + 2] : 0);
		*p++ = (uint8_t)digits[v >> 18];
		*p++ = (uint8_t)digits[v >> 12 & 63];
		*p++ = left > 1 ? (uint8_t)digits[v >> 6 & 63] : '=';
		*p++ = left > 2 ? (uint8_t)digits[v & 63] : '=';
	}
	*p++ = '"';
	buf_grew(w->out, (size_t)(p - start));
}

static void
json_write_bin(struct jsonw *w, struct span s, enum json_style style)
{
	if (style == JSON_TYPED) {
		jsonw_object(w);
		jsonw_kstr(w, "__type", "Bytes");
		jsonw_key(w, "base64");
	}
	jsonw_raw(w, SPAN_NONE); /* the comma, if one is due */
	json_write_base64(w, s);
	if (style == JSON_TYPED)
		jsonw_end_object(w);
}

static void
json_write_time(struct jsonw *w, const struct mp_tok *t, enum json_style style)
{
	/* clock_format_wall knows the years 0 to 9999 */
	const int64_t first_s = -62167219200LL, last_s = 253402300799LL;
	int64_t s = t->time.s < first_s  ? first_s
		    : t->time.s > last_s ? last_s
					 : t->time.s;
	char text[32];

	clock_format_wall(s * MS_PER_S + t->time.ns / NS_PER_MS, text, sizeof text);
	if (style == JSON_TYPED) {
		jsonw_object(w);
		jsonw_kstr(w, "__type", "Date");
		jsonw_kstr(w, "iso", text);
		jsonw_end_object(w);
	} else {
		jsonw_str(w, text);
	}
}

static int json_write_at(struct jsonw *, struct mp *, enum json_style, int depth);

/* Keys are strings; a number or nil from elsewhere is written as its text. */
static int
json_write_key(struct jsonw *w, struct mp *c)
{
	struct mp_tok t;
	char text[32];
	int r = mp_next(c, &t);

	if (r != 0)
		return r;
	switch (t.type) {
	case MP_STR:
	case MP_BIN: jsonw_key_span(w, t.bytes); return 0;
	case MP_UINT: snprintf(text, sizeof text, "%" PRIu64, t.uint); break;
	case MP_SINT: snprintf(text, sizeof text, "%" PRId64, t.sint); break;
	case MP_BOOL:
		snprintf(text, sizeof text, "%s", t.boolean ? "true" : "false");
		break;
	case MP_NIL: text[0] = '\0'; break;
	default: return -ERR_TYPE;
	}
	jsonw_key(w, text);
	return 0;
}

static int
json_write_map(
    struct jsonw *w, struct mp *c, uint32_t pairs, enum json_style style, int depth)
{
	int r = 0;

	jsonw_object(w);
	for (; r == 0 && pairs > 0; pairs--) {
		r = json_write_key(w, c);
		if (r == 0)
			r = json_write_at(w, c, style, depth);
	}
	if (r == 0)
		jsonw_end_object(w);
	return r;
}

static int
json_write_array(
    struct jsonw *w, struct mp *c, uint32_t count, enum json_style style, int depth)
{
	int r = 0;

	jsonw_array(w);
	for (; r == 0 && count > 0; count--)
		r = json_write_at(w, c, style, depth);
	if (r == 0)
		jsonw_end_array(w);
	return r;
}

static int
json_write_at(struct jsonw *w, struct mp *c, enum json_style style, int depth)
{
	struct mp_tok t;
	int r = mp_next(c, &t);

	if (r != 0)
		return r;
	switch (t.type) {
	case MP_NIL: jsonw_null(w); break;
	case MP_BOOL: jsonw_bool(w, t.boolean); break;
	case MP_UINT: jsonw_uint(w, t.uint); break;
	case MP_SINT: jsonw_int(w, t.sint); break;
	case MP_REAL: jsonw_real(w, t.real); break;
	case MP_STR: jsonw_span(w, t.bytes); break;
	case MP_BIN: json_write_bin(w, t.bytes, style); break;
	case MP_TIME: json_write_time(w, &t, style); break;
	case MP_ARRAY:
		return depth < MP_DEPTH_MAX
			   ? json_write_array(w, c, t.count, style, depth + 1)
			   : -ERR_TOO_DEEP;
	case MP_MAP:
		return depth < MP_DEPTH_MAX
			   ? json_write_map(w, c, t.count, style, depth + 1)
			   : -ERR_TOO_DEEP;
	}
	return 0;
}

int
json_write_value(struct jsonw *w, struct mp *c, enum json_style style)
{
	return json_write_at(w, c, style, 0);
}

void
json_write_whole(struct jsonw *w, struct span value, enum json_style style)
{
	struct mp c = mp_over(value);
	struct jsonw before = *w;
	size_t n = w->out->n;

	if (value.n && json_write_value(w, &c, style) == 0)
		return;
	/* A worker's values were checked when they came: this one was not whole. */
	if (n < w->out->n)
		w->out->n = n;
	*w = before;
	jsonw_null(w);
}

/*
 * Values between JSON and msgpack: exact integers, floats that stay floats, UTF-8,
 * depth, times and bytes.
 */
#include "t.h"
#include "../../supervisor/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char why[JSON_WHY_BYTES];

/* Text -> DOM -> msgpack -> text. */
static const char *
round_trip(struct span text, bool typed, enum json_style style)
{
	static struct buf packed, out;
	struct jsonw w;

	buf_reset(&packed);
	buf_reset(&out);
	msgpack_packer pk = mp_packer(&packed);
	json_t *v = json_read(text, why);
	if (!v)
		return NULL;
	json_pack_value(&pk, v, typed);
	json_decref(v);
	struct mp c = mp_over(buf_span(&packed));
	jsonw_init(&w, &out);
	if (json_write_value(&w, &c, style) != 0 || !mp_at_end(&c))
		return NULL;
	return buf_cstr(&out);
}

#define SAME(text) EQ_STR(round_trip(span_str(text), false, JSON_PLAIN), text)
#define BECOMES(text, want) EQ_STR(round_trip(span_str(text), false, JSON_PLAIN), want)
#define REFUSED(text) OK(!round_trip(span_str(text), false, JSON_PLAIN))

static void
t_values_survive(void)
{
	SAME("null");
	SAME("true");
	SAME("\"\"");
	SAME("[]");
	SAME("{}");
	SAME("{\"b\":1,\"a\":[1,2.5,\"x\",null,false,{\"c\":{}}]}");
	SAME("\"\xc3\xa9\xf0\x9f\x98\x80\"");
	BECOMES(" [ 1 , 2 ] ", "[1,2]");
	BECOMES("\"\\u0041\\n\"", "\"A\\n\"");
	BECOMES("\"a\\u0000b\"", "\"a\\u0000b\"");
	BECOMES("{\"a\":1,\"a\":2}", "{\"a\":2}");
}

static void
t_integers_are_exact(void)
{
	SAME("9223372036854775807");
	SAME("-9223372036854775808");
	SAME("9007199254740993");
	SAME("0");
	REFUSED("9223372036854775808");
	OK(strstr(why, "64-bit") != NULL);
	REFUSED("-9223372036854775809");
	REFUSED("{\"a\":[1,123456789012345678901234567890]}");
	OK(strstr(why, "line 1") != NULL);
}

static void
t_floats_stay_floats(void)
{
	SAME("2.0");
	SAME("0.1");
	SAME("-0.0");
	SAME("1e+100");
	BECOMES("1E2", "100.0");
	REFUSED("1e400");
	REFUSED("NaN");
}

static void
t_bad_text_is_refused_with_its_place(void)
{
	REFUSED("");
	REFUSED("{");
	REFUSED("{\"a\":1,}");
	REFUSED("1 2");
	REFUSED("[1]\n]");
	OK(strstr(why, "line 2") != NULL);
	REFUSED("'a'");
	REFUSED("\"\xff\"");
	REFUSED("\"\xed\xa0\x80\"");
	REFUSED("\"\\ud800\"");
	REFUSED("\"\x01\"");
	OK(!round_trip(span_of("\"a\0b\"", 5), false, JSON_PLAIN));
	for (const char *p = why; *p; p++)
		OK(*p >= ' ' && *p < 127);
}

static const char *
nested(int depth, const char *open, const char *close)
{
	static struct buf b;

	buf_reset(&b);
	for (int i = 0; i < depth; i++)
		buf_add_str(&b, open);
	buf_add_str(&b, "1");
	for (int i = 0; i < depth; i++)
		buf_add_str(&b, close);
	return buf_cstr(&b);
}

static void
t_depth_is_bounded(void)
{
	SAME(nested(32, "[", "]"));
	SAME(nested(32, "{\"a\":", "}"));
	REFUSED(nested(33, "[", "]"));
	OK(strstr(why, "32 levels") != NULL);
	REFUSED(nested(33, "{\"a\":", "}"));
	REFUSED(nested(100000, "[", "]"));
}

static void
t_typed_dates_become_times(void)
{
	static const char date[] =
	    "{\"d\":[{\"__type\":\"Date\",\"iso\":\"1969-12-31T23:59:59.250Z\"}]}";
	static const char pointer[] =
	    "{\"__type\":\"Pointer\",\"className\":\"A\",\"objectId\":\"x\"}";

	EQ_STR(round_trip(span_str(date), true, JSON_TYPED), date);
	EQ_STR(round_trip(span_str(date), true, JSON_PLAIN),
	    "{\"d\":[\"1969-12-31T23:59:59.250Z\"]}");
	SAME(date);
	EQ_STR(round_trip(span_str(pointer), true, JSON_TYPED), pointer);
	EQ_STR(round_trip(span_str("{\"__type\":\"Date\",\"iso\":\"soon\"}"), true,
		   JSON_TYPED),
	    "{\"__type\":\"Date\",\"iso\":\"soon\"}");
	EQ_STR(round_trip(span_str("{\"__type\":\"Date\"}"), true, JSON_TYPED),
	    "{\"__type\":\"Date\"}");
}

static const char *
write_packed(struct buf *packed, enum json_style style)
{
	static struct buf out;
	struct jsonw w;

	buf_reset(&out);
	jsonw_init(&w, &out);
	json_write_whole(&w, buf_span(packed), style);
	buf_fini(packed);
	return buf_cstr(&out);
}

static void
t_bytes_and_odd_values_are_written(void)
{
	struct buf b;
	msgpack_packer pk;

	buf_init(&b, 0);
	pk = mp_packer(&b);
	msgpack_pack_array(&pk, 5);
	mp_put_bin(&pk, SPAN_NONE);
	mp_put_bin(&pk, span_of("\x00", 1));
	mp_put_bin(&pk, span_of("\x00\xff", 2));
	mp_put_bin(&pk, span_of("\x00\xff\x10", 3));
	msgpack_pack_double(&pk, NAN);
	EQ_STR(write_packed(&b, JSON_PLAIN), "[\"\",\"AA==\",\"AP8=\",\"AP8Q\",null]");
	buf_init(&b, 0);
	pk = mp_packer(&b);
	mp_put_bin(&pk, span_str("hi"));
	EQ_STR(
	    write_packed(&b, JSON_TYPED), "{\"__type\":\"Bytes\",\"base64\":\"aGk=\"}");
	buf_init(&b, 0);
	pk = mp_packer(&b);
	msgpack_pack_map(&pk, 2);
	msgpack_pack_int(&pk, -3);
	msgpack_pack_uint64(&pk, UINT64_MAX);
	msgpack_pack_true(&pk);
	mp_put_time(&pk, 1LL << 60, 5);
	EQ_STR(write_packed(&b, JSON_PLAIN),
	    "{\"-3\":18446744073709551615,\"true\":\"9999-12-31T23:59:59.000Z\"}");
}

static void
t_what_is_no_value_is_null(void)
{
	struct buf b;

	buf_init(&b, 0);
	EQ_STR(write_packed(&b, JSON_PLAIN), "null");
	buf_init(&b, 0);
	buf_add(&b, "\x93\x01\x02", 3); /* an array that lacks its last element */
	EQ_STR(write_packed(&b, JSON_PLAIN), "null");
	buf_init(&b, 0);
	for (int i = 0; i < 40; i++)
		buf_add(&b, "\x91", 1);
	buf_add(&b, "\x01", 1);
	EQ_STR(write_packed(&b, JSON_PLAIN), "null");
}

TESTS(TEST(values_survive), TEST(integers_are_exact), TEST(floats_stay_floats),
    TEST(bad_text_is_refused_with_its_place), TEST(depth_is_bounded),
    TEST(typed_dates_become_times), TEST(bytes_and_odd_values_are_written),
    TEST(what_is_no_value_is_null))

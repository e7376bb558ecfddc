#include "t.h"
#include "../../common/jsonw.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

static struct buf out;

static const char *
quoted(const char *p, size_t n)
{
	struct jsonw w;

	buf_reset(&out);
	jsonw_init(&w, &out);
	jsonw_span(&w, span_of(p, n));
	return buf_cstr(&out);
}

static void
t_nests(void)
{
	struct jsonw w;

	buf_reset(&out);
	jsonw_init(&w, &out);
	jsonw_object(&w);
	jsonw_kstr(&w, "a", "b");
	jsonw_key(&w, "list");
	jsonw_array(&w);
	jsonw_object(&w);
	jsonw_end_object(&w);
	jsonw_array(&w);
	jsonw_end_array(&w);
	jsonw_int(&w, -1);
	jsonw_null(&w);
	jsonw_raw(&w, span_str("{\"raw\":1}"));
	jsonw_end_array(&w);
	jsonw_kbool(&w, "t", true);
	jsonw_kstr(&w, "none", NULL);
	jsonw_kint(&w, "n", INT64_MIN);
	jsonw_kreal(&w, "r", 2.0);
	jsonw_kspan(&w, "s", SPAN_NONE);
	jsonw_key_span(&w, span_str("k\"\n"));
	jsonw_uint(&w, UINT64_MAX);
	jsonw_end_object(&w);
	EQ_STR(buf_cstr(&out), "{\"a\":\"b\",\"list\":[{},[],-1,null,{\"raw\":1}],"
			       "\"t\":true,\"none\":null,"
			       "\"n\":-9223372036854775808,\"r\":2.0,\"s\":\"\","
			       "\"k\\\"\\n\":18446744073709551615}");
	EQ_INT(w.depth, 0);
}

static void
t_nests_deep(void)
{
	struct jsonw w;

	buf_reset(&out);
	jsonw_init(&w, &out);
	for (int i = 0; i < 60; i++) {
		jsonw_array(&w);
		jsonw_int(&w, i);
	}
	for (int i = 0; i < 60; i++)
		jsonw_end_array(&w);
	EQ_INT(out.n, 60 * 2 + 59 + 10 + 50 * 2);
	OK(strncmp(buf_cstr(&out), "[0,[1,[2,", 9) == 0);
}

static void
t_escapes(void)
{
	EQ_STR(quoted("", 0), "\"\"");
	EQ_STR(quoted("\"\\/\b\f\n\r\t", 8), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	EQ_STR(quoted("\0\x01\x1f\x7f", 4), "\"\\u0000\\u0001\\u001f\x7f\"");
	EQ_STR(quoted("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 12),
	    "\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
	EQ_STR(quoted("a\xff\xc3(\xed\xa0\x80z", 8),
	    "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
	EQ_STR(quoted("\xe2\x82", 2), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* Each byte at each place of a long text: the fast path looks at eight at once. */
static void
t_escapes_at_every_place(void)
{
	char text[27], want[64];

	for (int c = 0; c < 0x80; c++) {
		for (size_t at = 0; at < 26; at++) {
			size_t n = at + 1;
			memset(text, 'x', sizeof text);
			text[at] = (char)c;
			memset(want, 'x', sizeof want);
			want[0] = '"';
			if (c < 0x20 || c == '"' || c == '\\') {
				const char *got = quoted(text, 26);
				EQ_INT(got[n], '\\');
				EQ_INT(got[n - 1], at ? 'x' : '"');
				OK(out.n == 29 || out.n == 33);
				EQ_INT(got[out.n - 1], '"');
				OK(at == 25 || got[out.n - 2] == 'x');
			} else {
				want[n] = (char)c;
				memcpy(want + 27, "\"", 2);
				EQ_STR(quoted(text, 26), want);
			}
		}
	}
}

static void
t_writes_reals(void)
{
	static const struct {
		double d;
		const char *text;
	} rows[] = {{0.0, "0.0"}, {-0.0, "-0.0"}, {2.0, "2.0"}, {-17.0, "-17.0"},
	    {0.1, "0.1"}, {0.1 + 0.2, "0.30000000000000004"}, {1e100, "1e+100"},
	    {1e15, "1e+15"}, {123456789012345.0, "123456789012345.0"},
	    {1.5e-7, "1.5e-07"}, {1.0 / 3, "0.3333333333333333"}, {5e-324, "5e-324"},
	    {DBL_MAX, "1.797693134862316e+308"}, {DBL_MIN, "2.2250738585072014e-308"},
	    {9007199254740993.0, "9007199254740992.0"}, {100.0, "100.0"}};
	char text[32];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *got = real_format(rows[i].d, text);
		t_note("%s", got);
		OK(strtod(got, NULL) == rows[i].d);
		if (rows[i].d != DBL_MAX)
			EQ_STR(got, rows[i].text);
	}
	struct jsonw w;
	buf_reset(&out);
	jsonw_init(&w, &out);
	jsonw_array(&w);
	jsonw_real(&w, (double)NAN);
	jsonw_real(&w, (double)INFINITY);
	jsonw_real(&w, -0.5);
	jsonw_end_array(&w);
	EQ_STR(buf_cstr(&out), "[null,null,-0.5]");
}

static void
t_reals_come_back(void)
{
	uint64_t state = t_seed();

	for (int i = 0; i < 100000; i++) {
		uint64_t bits = t_random(&state);
		double d, back;
		char text[32];
		if (i % 4 == 0)
			bits &= 0x800fffffffffffffULL; /* subnormal */
		memcpy(&d, &bits, sizeof d);
		if (i % 4 == 1)
			d = (double)(int64_t)bits / 1000;
		if (!isfinite(d))
			continue;
		real_format(d, text);
		back = strtod(text, NULL);
		OK(memcmp(&back, &d, sizeof d) == 0);
		OK(strpbrk(text, ".e") != NULL && strlen(text) < 32);
	}
}

static void
t_keeps_to_the_cap(void)
{
	struct buf small;
	struct jsonw w;

	buf_init(&small, 8);
	jsonw_init(&w, &small);
	jsonw_array(&w);
	for (int i = 0; i < 100; i++)
		jsonw_str(&w, "text");
	jsonw_end_array(&w);
	OK(small.failed && small.n <= 8);
	buf_fini(&small);
	buf_fini(&out);
}

TESTS(TEST(nests), TEST(nests_deep), TEST(escapes), TEST(escapes_at_every_place),
    TEST(writes_reals), TEST(reals_come_back), TEST(keeps_to_the_cap))

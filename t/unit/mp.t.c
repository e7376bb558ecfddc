#include "t.h"
#include "../../common/err.h"
#include "../../common/mp.h"

#define BYTES(...)                                                                     \
	span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void
check_token(struct span in, enum mp_type type, uint64_t value)
{
	struct mp c = mp_over(in);
	struct mp_tok t = {0};

	EQ_INT(mp_peek(&c), type);
	EQ_INT(mp_next(&c, &t), 0);
	OK(mp_at_end(&c));
	EQ_INT(t.type, type);
	OK(t.uint == value);
	/* cut anywhere, it ends in the middle */
	for (size_t n = 0; n < in.n; n++) {
		c = mp_over(span_of(in.p, n));
		EQ_INT(mp_next(&c, &t), -ERR_TRUNCATED);
		OK(c.p == in.p);
		EQ_INT(mp_peek(&c), -1);
	}
}

static void
t_reads_integers(void)
{
	check_token(BYTES(0x00), MP_UINT, 0);
	check_token(BYTES(0x7f), MP_UINT, 127);
	check_token(BYTES(0xcc, 0xff), MP_UINT, 255);
	check_token(BYTES(0xcd, 1, 0), MP_UINT, 256);
	check_token(BYTES(0xce, 0xff, 0xff, 0xff, 0xff), MP_UINT, UINT32_MAX);
	check_token(
	    BYTES(0xcf, 255, 255, 255, 255, 255, 255, 255, 255), MP_UINT, UINT64_MAX);
	check_token(BYTES(0xe0), MP_SINT, (uint64_t)-32);
	check_token(BYTES(0xff), MP_SINT, (uint64_t)-1);
	check_token(BYTES(0xd0, 0x80), MP_SINT, (uint64_t)-128);
	check_token(BYTES(0xd1, 0x80, 0), MP_SINT, (uint64_t)INT16_MIN);
	check_token(BYTES(0xd2, 0x80, 0, 0, 0), MP_SINT, (uint64_t)INT32_MIN);
	check_token(
	    BYTES(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0), MP_SINT, (uint64_t)INT64_MIN);
	/* a signed form may hold what is not negative */
	check_token(BYTES(0xd0, 5), MP_UINT, 5);
	check_token(
	    BYTES(0xd3, 0x7f, 255, 255, 255, 255, 255, 255, 255), MP_UINT, INT64_MAX);
}

static void
t_reads_the_other_scalars(void)
{
	struct mp c = mp_over(BYTES(0xc0, 0xc2, 0xc3, 0xca, 0x3f, 0x80, 0, 0, 0xcb,
	    0x3f, 0xf8, 0, 0, 0, 0, 0, 0));
	struct mp_tok t;
	bool b;
	double d;

	EQ_INT(mp_next(&c, &t), 0);
	EQ_INT(t.type, MP_NIL);
	EQ_INT(mp_bool(&c, &b), 0);
	OK(!b);
	EQ_INT(mp_bool(&c, &b), 0);
	OK(b);
	EQ_INT(mp_real(&c, &d), 0);
	OK(d == 1.0);
	EQ_INT(mp_real(&c, &d), 0);
	OK(d == 1.5);
	OK(mp_at_end(&c));
	EQ_INT(mp_next(&c, &t), -ERR_TRUNCATED);
	c = mp_over(BYTES(0xc1));
	EQ_INT(mp_next(&c, &t), -ERR_MALFORMED);
	EQ_INT(mp_peek(&c), -1);
	EQ_INT(mp_skip(&c, NULL), -ERR_MALFORMED);
}

static void
t_refuses_counts_that_cannot_be(void)
{
	static const uint8_t lies[][8] = {{6, 0xdd, 0xff, 0xff, 0xff, 0xff, 1},
	    {6, 0xdf, 0x80, 0, 0, 0, 1}, {6, 0xdb, 0xff, 0xff, 0xff, 0xff, 'a'},
	    {6, 0xc6, 0xff, 0xff, 0xff, 0xff, 'a'}, {2, 0x92, 0}, {3, 0x82, 0, 0},
	    {4, 0xdc, 0, 2, 0}, {4, 0xde, 0, 1, 0}, {3, 0xa3, 'a', 'b'},
	    {3, 0xd9, 2, 'a'}, {3, 0xc4, 2, 'a'}};

	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		struct mp c = mp_over(span_of(lies[i] + 1, lies[i][0]));
		struct mp_tok t;
		EQ_INT(mp_next(&c, &t), -ERR_TRUNCATED);
		EQ_INT(mp_skip(&c, NULL), -ERR_TRUNCATED);
		OK(c.p == lies[i] + 1);
	}
}

static void
check_time(int64_t s, uint32_t ns, size_t bytes)
{
	struct buf b;
	struct mp_tok t;

	buf_init(&b, 0);
	msgpack_packer pk = mp_packer(&b);
	mp_put_time(&pk, s, ns);
	EQ_INT(b.n, bytes);
	struct mp c = mp_over(buf_span(&b));
	EQ_INT(mp_next(&c, &t), 0);
	EQ_INT(t.type, MP_TIME);
	EQ_INT(t.time.s, s);
	EQ_INT(t.time.ns, ns);
	for (size_t n = 0; n < b.n; n++) {
		c = mp_over(span_of(b.p, n));
		EQ_INT(mp_next(&c, &t), -ERR_TRUNCATED);
	}
	buf_fini(&b);
}

static void
t_times_have_three_sizes(void)
{
	check_time(0, 0, 6);
	check_time(UINT32_MAX, 0, 6);
	check_time((int64_t)UINT32_MAX + 1, 0, 10);
	check_time(0, 1, 10);
	check_time((1LL << 34) - 1, 999999999, 10);
	check_time(1LL << 34, 0, 15);
	check_time(-1, 999999999, 15);
	check_time(INT64_MIN, 0, 15);
	check_time(INT64_MAX, 999999999, 15);
}

static void
t_refuses_other_extensions(void)
{
	static const uint8_t bad[][20] = {{6, 0xd6, 1, 0, 0, 0, 0}, {3, 0xd4, 0xff, 0},
	    {4, 0xd5, 0xff, 0, 0}, {18, 0xd8, 0xff}, {3, 0xc7, 0, 0xff},
	    {4, 0xc7, 1, 0xff, 0}, {10, 0xd7, 0xff, 0xff, 0xff, 0xff, 0xfc},
	    {15, 0xc7, 12, 0xff, 0x3b, 0x9a, 0xca, 0}, {16, 0xc8, 0, 12, 1},
	    {8, 0xc9, 0, 0, 0, 2, 0xff}};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct mp c = mp_over(span_of(bad[i] + 1, bad[i][0]));
		struct mp_tok t;
		EQ_INT(mp_next(&c, &t), -ERR_MALFORMED);
	}
}

static int
skip_depth(int depth, uint8_t open)
{
	uint8_t bytes[256];
	size_t n = 0;
	struct span whole = SPAN_NONE;

	for (int i = 0; i < depth; i++) {
		bytes[n++] = open;
		if (open == 0x81)
			bytes[n++] = 0xc0;
	}
	bytes[n++] = 0xc3;
	struct mp c = mp_over(span_of(bytes, n));
	int r = mp_skip(&c, &whole);
	if (r == 0) {
		OK(mp_at_end(&c));
		EQ_INT(whole.n, n);
	} else {
		OK(c.p == bytes);
	}
	return r;
}

static void
t_skips_32_levels(void)
{
	EQ_INT(skip_depth(0, 0x91), 0);
	EQ_INT(skip_depth(32, 0x91), 0);
	EQ_INT(skip_depth(33, 0x91), -ERR_TOO_DEEP);
	EQ_INT(skip_depth(32, 0x81), 0);
	EQ_INT(skip_depth(33, 0x81), -ERR_TOO_DEEP);
	EQ_INT(skip_depth(100, 0x81), -ERR_TOO_DEEP);
	/* an empty container is a level too, and one that is closed counts no more */
	struct span s = BYTES(0x93, 0x90, 0x91, 0x90, 0x80, 0x2a);
	struct mp c = mp_over(s);
	EQ_INT(mp_skip(&c, &s), 0);
	EQ_INT(s.n, 5);
	EQ_INT(*c.p, 0x2a);
}

static void
t_skips_no_part_of_a_value(void)
{
	struct span s = BYTES(0x82, 0xa1, 'a', 0x93, 1, 0xc0, 0xcb, 0, 0, 0, 0, 0, 0, 0,
	    0, 0xa1, 'b', 0xd6, 0xff, 0, 0, 0, 0);

	for (size_t n = 0; n < s.n; n++) {
		struct mp c = mp_over(span_of(s.p, n));
		EQ_INT(mp_skip(&c, NULL), -ERR_TRUNCATED);
		OK(c.p == s.p);
	}
	struct mp c = mp_over(s);
	EQ_INT(mp_skip(&c, NULL), 0);
	OK(mp_at_end(&c));
}

static void
t_wants_a_type(void)
{
	struct span in = BYTES(0xa1, 'x'), s;
	struct mp c = mp_over(in);
	uint64_t u;
	int64_t i;
	uint32_t n;
	bool b;
	double d;

	EQ_INT(mp_uint(&c, &u), -ERR_TYPE);
	EQ_INT(mp_sint(&c, &i), -ERR_TYPE);
	EQ_INT(mp_real(&c, &d), -ERR_TYPE);
	EQ_INT(mp_bool(&c, &b), -ERR_TYPE);
	EQ_INT(mp_bin(&c, &s), -ERR_TYPE);
	EQ_INT(mp_array(&c, &n), -ERR_TYPE);
	EQ_INT(mp_map(&c, &n), -ERR_TYPE);
	OK(c.p == in.p);
	EQ_INT(mp_str(&c, &s), 0);
	OK(span_is(s, "x"));
	EQ_INT(mp_str(&c, &s), -ERR_TRUNCATED);
}

static void
t_integers_fit_or_do_not(void)
{
	struct mp c = mp_over(BYTES(0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0));
	int64_t i;
	uint64_t u;
	double d;

	EQ_INT(mp_sint(&c, &i), -ERR_TYPE);
	EQ_INT(mp_real(&c, &d), 0);
	OK(d == 9223372036854775808.0);
	c = mp_over(BYTES(0x05, 0xff));
	EQ_INT(mp_sint(&c, &i), 0);
	EQ_INT(i, 5);
	EQ_INT(mp_uint(&c, &u), -ERR_TYPE);
	EQ_INT(mp_sint(&c, &i), 0);
	EQ_INT(i, -1);
}

static void
t_finds_keys(void)
{
	struct span map = BYTES(0x86, 0xa1, 'a', 1, 7, 0xa1, 'k', 0x91, 0xc0, 0xc0,
			0xa1, 'k', 2, 0xa2, 'k', 'k', 0x90, 0xa0, 0xc3),
		    v;

	EQ_INT(mp_map_find(map, "k", &v), 0);
	EQ_INT(v.n, 1);
	EQ_INT(*v.p, 2);
	EQ_INT(mp_map_find(map, "kk", &v), 0);
	EQ_INT(*v.p, 0x90);
	EQ_INT(mp_map_find(map, "", &v), 0);
	EQ_INT(mp_map_find(map, "z", &v), -ERR_UNKNOWN);
	EQ_INT(mp_map_find(BYTES(0x80), "z", &v), -ERR_UNKNOWN);
	EQ_INT(mp_map_find(BYTES(0x90), "z", &v), -ERR_TYPE);
	EQ_INT(mp_map_find(SPAN_NONE, "z", &v), -ERR_TRUNCATED);
	EQ_INT(mp_map_find(BYTES(0x82, 0xa1, 'k', 1, 0xc1), "z", &v), -ERR_MALFORMED);
	EQ_INT(mp_map_find(BYTES(0x81, 0xa1, 'z', 0xc1), "z", &v), -ERR_MALFORMED);
}

static void
t_knows_utf_8(void)
{
	static const struct {
		const char *text;
		int bad_at; /* -1: valid */
	} rows[] = {{"", -1}, {"plain ascii, more than eight bytes", -1}, {"\x7f", -1},
	    {"\xc2\x80", -1}, {"\xdf\xbf", -1}, {"\xe0\xa0\x80", -1},
	    {"\xed\x9f\xbf", -1}, {"\xee\x80\x80", -1}, {"\xef\xbf\xbf", -1},
	    {"\xf0\x90\x80\x80", -1}, {"\xf4\x8f\xbf\xbf", -1},
	    {"12345678\xc3\xa9", -1}, {"\x80", 0}, {"a\xbf", 1}, {"\xc0\x80", 0},
	    {"\xc1\xbf", 0}, {"\xe0\x9f\xbf", 0}, {"\xed\xa0\x80", 0},
	    {"\xed\xbf\xbf", 0}, {"\xf0\x8f\xbf\xbf", 0}, {"\xf4\x90\x80\x80", 0},
	    {"\xf5\x80\x80\x80", 0}, {"\xff", 0}, {"\xfe", 0}, {"12345678\xc3", 8},
	    {"123456789\xe2\x82", 9}, {"\xe2\x28\xa1", 0}, {"\xe2\x82\x28", 0},
	    {"\xf0\x9f\x98\x28", 0}, {"\xc3\xa9\xc3\x28", 2},
	    {"\xf8\x88\x80\x80\x80", 0}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t at = 99;
		bool ok = mp_utf8_valid(span_str(rows[i].text), &at);
		t_note("row %zu", i);
		EQ_INT(ok, rows[i].bad_at < 0);
		OK(ok || at == (size_t)rows[i].bad_at);
		EQ_INT(mp_utf8_valid(span_str(rows[i].text), NULL), ok);
	}
	OK(mp_utf8_valid(span_of("a\0b", 3), NULL));
	OK(mp_utf8_valid(SPAN_NONE, NULL));
}

/* Every code point, written by hand. */
static void
t_knows_every_character(void)
{
	for (uint32_t c = 0x80; c < 0x120000; c++) {
		uint8_t p[4];
		size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (size_t i = n - 1; i > 0; i--)
			p[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
		p[0] = (uint8_t)((0xf00 >> n) | c >> 6 * (n - 1));
		bool want = (c < 0xd800 || c > 0xdfff) && c < 0x110000;
		if (mp_utf8_valid(span_of(p, n), NULL) != want)
			t_fail(__FILE__, __LINE__, "U+%04X", c);
	}
}

TESTS(TEST(reads_integers), TEST(reads_the_other_scalars),
    TEST(refuses_counts_that_cannot_be), TEST(times_have_three_sizes),
    TEST(refuses_other_extensions), TEST(skips_32_levels),
    TEST(skips_no_part_of_a_value), TEST(wants_a_type), TEST(integers_fit_or_do_not),
    TEST(finds_keys), TEST(knows_utf_8), TEST(knows_every_character))

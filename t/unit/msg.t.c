#include "t.h"
#include "../../common/err.h"
#include "../../common/msg.h"

/* A message's fields as the codec sees them: 8 or 16 bytes each, by their type. */
static const char *
next_field(const char *field)
{
	field += strcspn(field, ",");
	return field + strspn(field, ", ");
}

static void
fill(const struct msg_info *info, struct msg *m, uint64_t *state)
{
	static const uint8_t raw[] = {
	    0x92, 0xa1, 'x', 0x81, 0xa1, 'k', 0xcb, 0, 0, 0, 0, 0, 0, 0, 0};
	static const char *const texts[] = {
	    "", "a", "h\xc3\xa9llo", "a longer text than 31 bytes, to be sure"};
	uint8_t *at = (uint8_t *)&m->hello;

	memset(m, 0, sizeof *m);
	m->number = (enum msg_number)info->number;
	for (const char *f = info->fields; *f; f = next_field(f)) {
		struct span s = span_str(texts[t_below(state, COUNT_OF(texts))]);
		uint64_t u = t_random(state) >> t_below(state, 64);
		double d = (double)u / 7;
		if (strncmp(f, "raw", 3) == 0)
			s = span_of(raw, sizeof raw);
		if (strncmp(f, "uint", 4) == 0 || strncmp(f, "sint", 4) == 0)
			memcpy(at, &u, 8), at += 8;
		else if (strncmp(f, "real", 4) == 0)
			memcpy(at, &d, 8), at += 8;
		else
			memcpy(at, &s, sizeof s), at += sizeof s;
	}
}

static void
compare(const struct msg_info *info, const struct msg *a, const struct msg *b)
{
	const uint8_t *x = (const uint8_t *)&a->hello, *y = (const uint8_t *)&b->hello;

	EQ_INT(a->number, b->number);
	for (const char *f = info->fields; *f; f = next_field(f)) {
		bool wide = !strncmp(f, "str", 3) || !strncmp(f, "bin", 3) ||
			    !strncmp(f, "raw", 3);
		struct span s, t;
		if (wide) {
			memcpy(&s, x, sizeof s);
			memcpy(&t, y, sizeof t);
			OK(span_eq(s, t));
		} else {
			OK(memcmp(x, y, 8) == 0);
		}
		x += wide ? 16 : 8;
		y += wide ? 16 : 8;
	}
}

static void
check_row(const struct msg_info *info, uint64_t *state)
{
	struct msg m, got;
	struct buf b;

	buf_init(&b, 0);
	fill(info, &m, state);
	EQ_INT(msg_pack(&b, m.number, &m.hello), 0);
	for (enum msg_dir dir = MSG_DOWN; dir <= MSG_FUP; dir++) {
		struct mp c = mp_over(buf_span(&b));
		EQ_INT(msg_parse(&c, dir, &got), dir == info->dir ? 0 : -ERR_UNKNOWN);
		if (dir == info->dir) {
			OK(mp_at_end(&c));
			compare(info, &m, &got);
		}
	}
	for (size_t n = 0; n < b.n; n++) {
		struct mp c = mp_over(span_of(b.p, n));
		EQ_INT(msg_parse(&c, info->dir, &got), -ERR_TRUNCATED);
	}
	/* one field too many, one too few */
	b.p[0]++;
	buf_add_byte(&b, 0xc0);
	struct mp c = mp_over(buf_span(&b));
	EQ_INT(msg_parse(&c, info->dir, &got),
	    b.p[0] == 0xa0 ? -ERR_TYPE : -ERR_MALFORMED);
	b.p[0] -= 2;
	c = mp_over(buf_span(&b));
	EQ_INT(msg_parse(&c, info->dir, &got),
	    b.p[0] == 0x90 ? -ERR_UNKNOWN : -ERR_MALFORMED);
	buf_fini(&b);
}

static void
t_every_message_comes_back(void)
{
	uint64_t state = t_seed();

	OK(msg_table_count >= 23);
	for (size_t i = 0; i < msg_table_count; i++) {
		t_note("%s", msg_table[i].name);
		for (int k = 0; k < 20 && *msg_table[i].fields; k++) {
			/* messages of 16 elements and more have a wider header: checked
			 * below */
			struct msg m;
			struct buf b;
			buf_init(&b, 0);
			fill(&msg_table[i], &m, &state);
			EQ_INT(msg_pack(&b, m.number, &m.hello), 0);
			bool narrow = b.p[0] != 0xdc;
			buf_fini(&b);
			if (narrow)
				check_row(&msg_table[i], &state);
		}
	}
}

static void
t_long_messages_come_back(void)
{
	struct msg m = {.number = MSG_CONFIG,
		       .config = {.version = 1,
			   .app = span_str("demo"),
			   .user = span_str("nobody")}},
		   got;
	struct buf b;

	buf_init(&b, 0);
	EQ_INT(msg_pack(&b, MSG_CONFIG, &m.config), 0);
	EQ_INT(b.p[0], 0xdc);
	struct mp c = mp_over(buf_span(&b));
	EQ_INT(msg_parse(&c, MSG_FDOWN, &got), 0);
	OK(mp_at_end(&c) && span_is(got.config.app, "demo") &&
	    span_is(got.config.user, "nobody"));
	for (size_t n = 0; n < b.n; n++) {
		c = mp_over(span_of(b.p, n));
		EQ_INT(msg_parse(&c, MSG_FDOWN, &got), -ERR_TRUNCATED);
	}
	buf_fini(&b);
}

static void
t_a_batch_is_read_one_by_one(void)
{
	struct msg_welcome w = {.worker = 70000};
	struct msg_retire r = {.reason = span_str("maxTasks")};
	struct msg got;
	struct buf b;

	buf_init(&b, 0);
	EQ_INT(msg_pack(&b, MSG_WELCOME, &w), 0);
	EQ_INT(msg_pack(&b, MSG_BYE_ACK, NULL), 0);
	EQ_INT(msg_pack(&b, MSG_RETIRE, &r), 0);
	struct mp c = mp_over(buf_span(&b));
	EQ_INT(msg_parse(&c, MSG_DOWN, &got), 0);
	EQ_INT(got.welcome.worker, 70000);
	EQ_INT(msg_parse(&c, MSG_DOWN, &got), 0);
	EQ_INT(got.number, MSG_BYE_ACK);
	EQ_INT(msg_parse(&c, MSG_DOWN, &got), 0);
	OK(span_is(got.retire.reason, "maxTasks"));
	OK(mp_at_end(&c));
	buf_fini(&b);
}

static void
t_an_empty_raw_is_nil(void)
{
	struct msg_done d = {.task = span_of("0123456789abcdef", 16)};
	struct msg got;
	struct buf b;

	buf_init(&b, 0);
	EQ_INT(msg_pack(&b, MSG_DONE, &d), 0);
	struct mp c = mp_over(buf_span(&b));
	EQ_INT(msg_parse(&c, MSG_UP, &got), 0);
	EQ_INT(got.done.result.n, 1);
	EQ_INT(*got.done.result.p, 0xc0);
	buf_fini(&b);
}

/* At every cap: all of it, or nothing of it. */
static void
t_packs_whole_or_not_at_all(void)
{
	struct msg_retire r = {.reason = span_str("12345")};

	for (size_t cap = 4; cap < 20; cap++) {
		struct buf b;
		buf_init(&b, cap);
		EQ_INT(buf_add_str(&b, "head"), 0);
		int e = msg_pack(&b, MSG_RETIRE, &r);
		EQ_INT(e, cap >= 12 ? 0 : -ERR_TOO_LARGE);
		EQ_INT(b.n, cap >= 12 ? 12 : 4);
		OK(!b.failed);
		buf_fini(&b);
	}
}

static void
t_refuses_strangers(void)
{
	static const struct {
		uint8_t n, bytes[8];
		int want;
	} rows[] = {{0, {0}, -ERR_TRUNCATED}, {1, {0xc0}, -ERR_TYPE},
	    {1, {0x90}, -ERR_TRUNCATED}, {2, {0x91, 0xa0}, -ERR_TYPE},
	    {2, {0x91, 0xff}, -ERR_TYPE}, {2, {0x91, 0}, -ERR_UNKNOWN},
	    {2, {0x91, 19}, -ERR_UNKNOWN}, {2, {0x91, 127}, -ERR_UNKNOWN},
	    {3, {0x91, 0xcc, 255}, -ERR_UNKNOWN}, {4, {0x91, 0xcd, 1, 6}, -ERR_UNKNOWN},
	    {3, {0x92, 2, 0xc0}, -ERR_TYPE}, {3, {0x92, 2, 0xff}, -ERR_TYPE},
	    {3, {0x92, 2, 0xc1}, -ERR_MALFORMED}, {2, {0x91, 2}, -ERR_MALFORMED},
	    {5, {0x92, 4, 0xa2, 'a', 0xff}, -ERR_MALFORMED},
	    {5, {0x92, 4, 0xc4, 1, 'a'}, -ERR_TYPE},
	    {6, {0xdd, 255, 255, 255, 255, 2}, -ERR_TRUNCATED}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct mp c = mp_over(span_of(rows[i].bytes, rows[i].n));
		struct msg got;
		t_note("row %zu", i);
		EQ_INT(msg_parse(&c, MSG_DOWN, &got), rows[i].want);
	}
}

static void
t_the_table_is_sound(void)
{
	bool seen[256] = {false};

	for (size_t i = 0; i < msg_table_count; i++) {
		const struct msg_info *info = &msg_table[i];
		OK(info->number > 0 && info->number < 128 && !seen[info->number]);
		seen[info->number] = true;
		EQ_STR(msg_name(info->number), info->name);
		OK(info->sentence[strlen(info->sentence) - 1] == '.');
	}
	EQ_STR(msg_name(0), "?");
	EQ_STR(msg_name(127), "?");
	EQ_STR(msg_name(100000), "?");
}

TESTS(TEST(every_message_comes_back), TEST(long_messages_come_back),
    TEST(a_batch_is_read_one_by_one), TEST(an_empty_raw_is_nil),
    TEST(packs_whole_or_not_at_all), TEST(refuses_strangers), TEST(the_table_is_sound))

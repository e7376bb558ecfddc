/*
 * msg.c: the fuzz target of the message parser and of the cursor below it. What parses
 * must pack again, and parse once more.
 */
#include "fuzz.h"
#include "../../common/err.h"
#include "../../common/msg.h"

static const struct span words[] = {FUZZ_WORD("\xc0"), FUZZ_WORD("\xc1"),
    FUZZ_WORD("\x90"), FUZZ_WORD("\xdd\xff\xff\xff\xff"),
    FUZZ_WORD("\xdf\x7f\xff\xff\xff"), FUZZ_WORD("\xdb\xff\xff\xff\xff"),
    FUZZ_WORD("\xc6\xff\xff\xff\xff"), FUZZ_WORD("\xd6\xff\x00\x00\x00\x00"),
    FUZZ_WORD("\xc7\x0c\xff"), FUZZ_WORD("\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    FUZZ_WORD("\x81\xa1k"), FUZZ_WORD("\x91\x91\x91\x91\x91\x91\x91\x91"),
    FUZZ_WORD("\xcf"), FUZZ_WORD("\xcb"), FUZZ_WORD("\xd3\x80"), FUZZ_WORD("\x80"),
    FUZZ_WORD("\x92\x02"), FUZZ_WORD("\x98\x14"), FUZZ_WORD("\x99\x28"),
    FUZZ_WORD("\x91\x06")};

/* Reads every value of the input, as tokens and as wholes. */
static void
read_all(struct span input)
{
	struct mp c = mp_over(input);
	struct mp_tok t;
	struct span value, found;

	while (mp_next(&c, &t) == 0)
		OK(c.p > input.p && c.p <= c.end);
	c = mp_over(input);
	while (mp_skip(&c, &value) == 0) {
		OK(value.n > 0 && value.p + value.n == c.p);
		int r = mp_map_find(value, "k", &found);
		OK(r == 0 || r == -ERR_UNKNOWN || r == -ERR_TYPE);
	}
}

static void
parse_all(struct span input, enum msg_dir dir)
{
	struct mp c = mp_over(input), second;
	struct msg m, again;
	struct buf b;

	buf_init(&b, 0);
	while (msg_parse(&c, dir, &m) == 0) {
		buf_reset(&b);
		EQ_INT(msg_pack(&b, m.number, &m.hello), 0);
		second = mp_over(buf_span(&b));
		EQ_INT(msg_parse(&second, dir, &again), 0);
		OK(mp_at_end(&second));
		EQ_INT(again.number, m.number);
	}
	buf_fini(&b);
}

static void
target(struct span input)
{
	read_all(input);
	for (enum msg_dir dir = MSG_DOWN; dir <= MSG_FUP; dir++)
		parse_all(input, dir);
}

static void
pack_sample(msgpack_packer *pk, const char *type)
{
	static const uint8_t nested[] = {0x82, 0xa1, 'k', 0x92, 0xcb, 0x40, 0, 0, 0, 0,
	    0, 0, 0, 0xc3, 0xa1, 'l', 0xd6, 0xff, 0x65, 0, 0, 0};

	switch (*type) {
	case 'u': msgpack_pack_uint64(pk, 70000); break;
	case 's':
		if (type[1] == 't')
			mp_put_cstr(pk, "h\xc3\xa9llo.rb:12");
		else
			msgpack_pack_int64(pk, -70000);
		break;
	case 'b': mp_put_bin(pk, span_of("0123456789abcdef", 16)); break;
	case 'r':
		if (type[1] == 'e')
			msgpack_pack_double(pk, 0.5);
		else
			buf_add(pk->data, nested, sizeof nested);
		break;
	default: NEVER("a field type without a sample");
	}
}

/* Every message of the table, so that a new one is fuzzed from its first day. */
static void
more_seeds(void)
{
	for (size_t i = 0; i < msg_table_count; i++) {
		struct buf b;
		const char *field = msg_table[i].fields;
		uint32_t arity = 1 + (*field != '\0');
		for (const char *p = field; *p; p++)
			arity += *p == ',';
		buf_init(&b, 0);
		msgpack_packer pk = mp_packer(&b);
		msgpack_pack_array(&pk, arity);
		msgpack_pack_uint64(&pk, msg_table[i].number);
		while (*field) {
			pack_sample(&pk, field);
			field += strcspn(field, ",");
			field += strspn(field, ", ");
		}
		fuzz_add_seed(buf_span(&b));
		buf_fini(&b);
	}
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "msg",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words),
	    .more_seeds = more_seeds};

	return fuzz_main(argc, argv, &f);
}

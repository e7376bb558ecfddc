/*
 * json.c: the fuzz target of values: JSON text to msgpack and back must give the same
 * value; the same bytes taken as msgpack must give JSON whatever they are.
 */
#include "fuzz.h"
#include "../../supervisor/json.h"

static const struct span words[] = {FUZZ_WORD("{\"a\":"), FUZZ_WORD("[["),
    FUZZ_WORD("]]"), FUZZ_WORD("\\u0000"), FUZZ_WORD("\\ud83d\\ude00"),
    FUZZ_WORD("\\ud800"), FUZZ_WORD("9223372036854775807"),
    FUZZ_WORD("-9223372036854775808"), FUZZ_WORD("1e308"), FUZZ_WORD("-0.0"),
    FUZZ_WORD("5e-324"), FUZZ_WORD("null"), FUZZ_WORD("\"__type\":\"Date\",\"iso\":\""),
    FUZZ_WORD("2026-11-21T10:00:00.123Z"), FUZZ_WORD("\xc3\xa9"),
    FUZZ_WORD("\xdf\xff\xff\xff\xff"), FUZZ_WORD("\x91\x91\x91"), FUZZ_WORD("\xd7\xff"),
    FUZZ_WORD("\xc7\x0c\xff"), FUZZ_WORD("\xca\x7f\xc0\x00\x00")};

static char why[JSON_WHY_BYTES];

static void
pack(const json_t *v, bool typed, struct buf *out)
{
	msgpack_packer pk = mp_packer(out);

	json_pack_value(&pk, v, typed);
	OK(!out->failed);
}

static void
write_text(struct span packed, enum json_style style, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	json_write_whole(&w, packed, style);
	OK(!out->failed && out->n > 0);
}

static void
check_text(struct span text)
{
	struct buf packed, out;
	json_t *v = json_read(text, why), *again;

	if (!v) {
		OK(why[0] != '\0');
		return;
	}
	buf_init(&packed, 0);
	buf_init(&out, 0);
	pack(v, false, &packed);
	write_text(buf_span(&packed), JSON_PLAIN, &out);
	again = json_read(buf_span(&out), why);
	OK(again && json_equal(v, again));
	json_decref(again);
	buf_reset(&packed);
	buf_reset(&out);
	pack(v, true, &packed);
	write_text(buf_span(&packed), JSON_TYPED, &out);
	again = json_read(buf_span(&out), why);
	OK(again != NULL);
	json_decref(again);
	json_decref(v);
	buf_fini(&packed);
	buf_fini(&out);
}

/* Whatever the bytes are, what is written is JSON: keys may repeat, depth may be 33
 * where a typed time or bytes is at the bottom, integers may be unsigned. */
static void
check_msgpack(struct span bytes)
{
	struct buf out;

	buf_init(&out, 0);
	write_text(bytes, JSON_PLAIN, &out);
	json_t *v = json_loadb((const char *)out.p, out.n,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (!v &&
	    !memmem(out.p, out.n, "\\u0000", 6)) /* jansson takes no NUL in a key */
		t_fail(__FILE__, __LINE__, "not JSON: %s", buf_cstr(&out));
	json_decref(v);
	buf_reset(&out);
	write_text(bytes, JSON_TYPED, &out);
	buf_fini(&out);
}

static void
target(struct span input)
{
	check_text(input);
	check_msgpack(input);
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "json",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words)};

	return fuzz_main(argc, argv, &f);
}

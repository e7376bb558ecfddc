#include "t.h"
#include "../../common/ctlproto.h"
#include "../../common/err.h"
#include <stdlib.h>

static void
t_splits_words(void)
{
	static const struct {
		const char *line;
		const char *words; /* joined with | */
	} rows[] = {{"", ""}, {"   \t ", ""}, {"show", "show"},
	    {" show  tasks\t-j ", "show|tasks|-j"}, {"''", ""}, {"a '' b", "a||b"},
	    {"'a b'", "a b"}, {"\"a b\"", "a b"}, {"a\\ b", "a b"},
	    {"a'b'\"c\"d", "abcd"}, {"'it'\\''s'", "it's"},
	    {"\"q \\\" \\\\ \\n\"", "q \" \\ \\n"}, {"'\\'", "\\"},
	    {"\"it's\"", "it's"}, {"\\'", "'"}, {"'a\tb'", "a\tb"},
	    {"h\xc3\xa9", "h\xc3\xa9"}, {"\"\\$x \\`\"", "$x `"}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ctl_words w;
		struct buf b;
		t_note("row %zu", i);
		EQ_INT(ctl_split(span_str(rows[i].line), &w), 0);
		buf_init(&b, 0);
		for (size_t k = 0; k < w.n; k++)
			buf_printf(&b, "%s%s", k ? "|" : "", w.word[k]);
		EQ_STR(buf_cstr(&b), rows[i].words);
		buf_fini(&b);
		ctl_words_fini(&w);
	}
}

static void
t_refuses_broken_lines(void)
{
	static const char *const bad[] = {"'", "a 'b", "\"", "\"a\\\"", "\\", "a\\",
	    "a\x01", "'\x1b'", "a\rb", "\x7f", "a\n"};
	struct ctl_words w;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		t_note("row %zu", i);
		EQ_INT(ctl_split(span_str(bad[i]), &w), -ERR_MALFORMED);
		OK(w.n == 0 && w.text == NULL);
	}
	EQ_INT(ctl_split(span_of("a\0b", 3), &w), -ERR_MALFORMED);
}

static void
t_has_limits(void)
{
	static char line[CTL_LINE_BYTES + 1];
	struct ctl_words w;

	memset(line, 'a', sizeof line);
	EQ_INT(ctl_split(span_of(line, CTL_LINE_BYTES - 1), &w), 0);
	EQ_INT(strlen(w.word[0]), CTL_LINE_BYTES - 1);
	ctl_words_fini(&w);
	EQ_INT(ctl_split(span_of(line, CTL_LINE_BYTES), &w), -ERR_TOO_LARGE);
	for (size_t i = 1; i < sizeof line; i += 2)
		line[i] = ' ';
	EQ_INT(ctl_split(span_of(line, 2 * CTL_WORDS_MAX), &w), 0);
	EQ_INT(w.n, CTL_WORDS_MAX);
	ctl_words_fini(&w);
	EQ_INT(ctl_split(span_of(line, 2 * CTL_WORDS_MAX + 1), &w), -ERR_TOO_LARGE);
}

/* main's argv is what ctl_join is made for, and that is not const. */
static int
join(struct buf *b, const char *const *words, size_t n)
{
	return ctl_join(b, (char *const *)(uintptr_t)words, n);
}

static void
t_joins_what_splits_again(void)
{
	static const char *const words[] = {"plain-1.2:3/x", "", "two words", "it's",
	    "\"", "\\", "$HOME", "*", "tab\there", "h\xc3\xa9", "''", "a'b'c"};
	struct ctl_words w;
	struct buf b;

	buf_init(&b, 0);
	EQ_INT(join(&b, words, COUNT_OF(words)), 0);
	EQ_INT(b.p[b.n - 1], '\n');
	EQ_INT(ctl_split(span_of(b.p, b.n - 1), &w), 0);
	EQ_INT(w.n, COUNT_OF(words));
	for (size_t i = 0; i < w.n; i++)
		EQ_STR(w.word[i], words[i]);
	ctl_words_fini(&w);
	buf_reset(&b);
	EQ_INT(join(&b, (const char *[]){"show", "a\nb"}, 2), -ERR_MALFORMED);
	EQ_INT(b.n, 0);
	EQ_INT(join(&b, (const char *[]){"show", "tasks"}, 2), 0);
	EQ_STR(buf_cstr(&b), "show tasks\n");
	buf_fini(&b);
}

static void
t_joins_no_line_too_long(void)
{
	static char word[CTL_LINE_BYTES + 1];
	char *words[1] = {word};
	struct buf b;

	buf_init(&b, 0);
	memset(word, 'a', CTL_LINE_BYTES - 1);
	EQ_INT(ctl_join(&b, words, 1), 0);
	buf_reset(&b);
	word[CTL_LINE_BYTES - 1] = 'a';
	EQ_INT(ctl_join(&b, words, 1), -ERR_TOO_LARGE);
	EQ_INT(b.n, 0);
	EQ_INT(ctl_join(&b, words, CTL_WORDS_MAX + 1), -ERR_TOO_LARGE);
	buf_fini(&b);
}

static void
t_frames_end_in_a_newline(void)
{
	struct buf b;

	buf_init(&b, 0);
	EQ_INT(ctl_frame(&b, 200, span_str("hello")), 0);
	EQ_INT(ctl_frame(&b, 404, span_str("no\n")), 0);
	EQ_INT(ctl_frame(&b, 204, SPAN_NONE), 0);
	EQ_STR(buf_cstr(&b), "200 6\nhello\n404 3\nno\n204 1\n\n");
	buf_fini(&b);
	buf_init(&b, 20);
	buf_add_str(&b, "before");
	EQ_INT(ctl_frame(&b, 200, span_str("too long a body")), -ERR_TOO_LARGE);
	EQ_STR(buf_cstr(&b), "before");
	buf_fini(&b);
}

/* The three frames above, in pieces of every size. */
static void
t_frames_come_in_pieces(void)
{
	const char *all = "200 6\nhello\n404 3\nno\n204 1\n\n";
	const struct {
		int code;
		const char *body;
	} want[] = {{200, "hello\n"}, {404, "no\n"}, {204, "\n"}};

	for (size_t piece = 1; piece <= strlen(all); piece++) {
		struct ctl_reader r;
		struct span body;
		size_t got = 0;
		int code, e = 0;
		ctl_reader_init(&r, 6);
		for (size_t at = 0; at < strlen(all); at += piece) {
			size_t n = strlen(all) - at < piece ? strlen(all) - at : piece;
			EQ_INT(ctl_reader_feed(&r, span_of(all + at, n)), 0);
			while ((e = ctl_reader_next(&r, &code, &body)) == 1) {
				OK(got < COUNT_OF(want));
				EQ_INT(code, want[got].code);
				OK(span_is(body, want[got].body));
				got++;
			}
			EQ_INT(e, 0);
		}
		EQ_INT(got, COUNT_OF(want));
		ctl_reader_fini(&r);
	}
}

static void
t_refuses_broken_frames(void)
{
	static const struct {
		const char *in;
		int want;
	} rows[] = {{"", 0}, {"200", 0}, {"200 5\nhell", 0},
	    {"20 1\n\n", -ERR_MALFORMED}, {"2000 1\n\n", -ERR_MALFORMED},
	    {"007 1\n\n", -ERR_MALFORMED}, {"200 0\n", -ERR_MALFORMED},
	    {"200\n", -ERR_MALFORMED}, {"200 \n", -ERR_MALFORMED},
	    {"200 -1\n", -ERR_MALFORMED}, {"200 1 \n\n", -ERR_MALFORMED},
	    {"\n", -ERR_MALFORMED}, {"200 5\nhello", -ERR_MALFORMED},
	    {"200 101\n", -ERR_TOO_LARGE},
	    {"200 99999999999999999999999\n", -ERR_TOO_LARGE},
	    {"HTTP/1.1 200\n", -ERR_MALFORMED},
	    {"200 00000000000000000000000000001\n\n", -ERR_MALFORMED}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ctl_reader r;
		struct span body;
		int code;
		t_note("row %zu", i);
		ctl_reader_init(&r, 100);
		EQ_INT(ctl_reader_feed(&r, span_str(rows[i].in)), 0);
		EQ_INT(ctl_reader_next(&r, &code, &body), rows[i].want);
		ctl_reader_fini(&r);
	}
}

static void
t_holds_no_more_than_a_frame(void)
{
	struct ctl_reader r;
	char bytes[200];

	memset(bytes, 'x', sizeof bytes);
	ctl_reader_init(&r, 100);
	EQ_INT(ctl_reader_feed(&r, span_of(bytes, sizeof bytes)), 0);
	EQ_INT(ctl_reader_feed(&r, span_of(bytes, 1)), -ERR_TOO_LARGE);
	ctl_reader_fini(&r);
}

TESTS(TEST(splits_words), TEST(refuses_broken_lines), TEST(has_limits),
    TEST(joins_what_splits_again), TEST(joins_no_line_too_long),
    TEST(frames_end_in_a_newline), TEST(frames_come_in_pieces),
    TEST(refuses_broken_frames), TEST(holds_no_more_than_a_frame))

/*
 * ctl.c: the fuzz target of the control socket: a line into words and back, frames in
 * whole and byte by byte.
 */
#include "fuzz.h"
#include "../../common/ctlproto.h"

static const struct span words[] = {FUZZ_WORD("'"), FUZZ_WORD("\""), FUZZ_WORD("\\"),
    FUZZ_WORD(" "), FUZZ_WORD("\t"), FUZZ_WORD("''"), FUZZ_WORD("200 "),
    FUZZ_WORD("404 0\n"), FUZZ_WORD("200 1\n\n"), FUZZ_WORD("\n"),
    FUZZ_WORD("show tasks"), FUZZ_WORD("-j "), FUZZ_WORD("18446744073709551615"),
    FUZZ_WORD("\xc3\xa9"),
    FUZZ_WORD("a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a ")};

/* What splits, joins, and splits into the same words again. */
static void
split(struct span line)
{
	struct ctl_words w, again;
	struct buf b;

	if (ctl_split(line, &w) != 0)
		return;
	buf_init(&b, 0);
	if (ctl_join(&b, w.word, w.n) == 0) {
		EQ_INT(ctl_split(span_of(b.p, b.n - 1), &again), 0);
		EQ_INT(again.n, w.n);
		for (size_t i = 0; i < w.n; i++)
			EQ_STR(again.word[i], w.word[i]);
		ctl_words_fini(&again);
	}
	buf_fini(&b);
	ctl_words_fini(&w);
}

/* How many frames come out when the input comes in pieces of that size; -1: refused. */
static int
frames(struct span input, size_t piece)
{
	struct ctl_reader r;
	struct span body;
	int code, got = 1, count = 0;

	ctl_reader_init(&r, 4096);
	for (size_t at = 0; at < input.n && got >= 0; at += piece) {
		size_t n = input.n - at < piece ? input.n - at : piece;
		got = ctl_reader_feed(&r, span_of(input.p + at, n));
		while (got >= 0 && (got = ctl_reader_next(&r, &code, &body)) == 1) {
			OK(code >= 100 && code <= 999 && body.n > 0);
			EQ_INT(body.p[body.n - 1], '\n');
			count++;
		}
	}
	ctl_reader_fini(&r);
	return got < 0 ? -1 : count;
}

static void
target(struct span input)
{
	split(input);
	EQ_INT(frames(input, 1), frames(input, input.n ? input.n : 1));
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "ctl",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words)};

	return fuzz_main(argc, argv, &f);
}

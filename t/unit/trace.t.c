/*
 * trace.t.c: the picture of a task's time: reading what a worker tells, sums, hints.
 */
#include "trace_t.h"
#include "../../common/err.h"

static size_t
hints(void)
{
	struct trace_hint h;
	size_t at = 0, n = 0;

	while (trace_hint(&tr, &at, &h))
		n++;
	return n;
}

static const char *
hint_text(void)
{
	static struct buf text;
	struct trace_hint h;
	size_t at = 0;

	buf_reset(&text);
	if (trace_hint(&tr, &at, &h))
		trace_hint_text(&h, &text);
	return buf_cstr(&text);
}

static void
t_hint_says_what_two_awaits_took(void)
{
	begin(4);
	put_await(1, 0, 41, 1, TRACE_OK, 3);
	put_await(1, 41, 79, 3, TRACE_OK, 4);
	EQ_INT(read_it(80), 0);
	EQ_STR(hint_text(),
	    "these 2 awaits ran one after the other, 41ms + 38ms; Deferred.all would "
	    "take "
	    "41ms, if none needs the value of one before it: a.rb:3, a.rb:4");
	EQ_INT(hints(), 1);
}

static void
t_hint_of_a_long_row_names_the_first(void)
{
	begin(14);
	for (int i = 0; i < 7; i++)
		put_await(1, 10 * i, 10 * i + 10, (unsigned)(2 * i + 1), TRACE_OK, 5);
	EQ_INT(read_it(100), 0);
	EQ_STR(hint_text(),
	    "these 7 awaits ran one after the other, 10ms + 10ms + 10ms + 10ms and so "
	    "on, "
	    "70ms in all; Deferred.all would take 10ms, if none needs the value of one "
	    "before it: a.rb:5");
	EQ_INT(hints(), 1);
}

/* Each row: two awaits and why nothing may be said of them. */
static void
t_no_hint_where_it_would_not_be_true(void)
{
	static const struct {
		const char *why;
		unsigned fiber2;
		int from2_ms, to2_ms,
		    await2_ms; /* -1: the await begins with the work */
		unsigned flags1, flags2, work2;
		size_t hints;
	} rows[] = {
	    {"they do follow each other", 1, 40, 70, -1, TRACE_OK, TRACE_OK, 3, 1},
	    {"the second work began before the first was awaited", 1, 0, 70, 40,
		TRACE_OK, TRACE_OK, 3, 0},
	    {"... or a moment before the first await was over", 1, 39, 70, 40, TRACE_OK,
		TRACE_OK, 3, 0},
	    {"other fibers", 2, 40, 70, -1, TRACE_OK, TRACE_OK, 3, 0},
	    {"the first failed: the second may be there for that", 1, 40, 70, -1, 0,
		TRACE_OK, 3, 0},
	    {"the second failed", 1, 40, 70, -1, TRACE_OK, 0, 3, 0},
	    {"the second is open", 1, 40, 70, -1, TRACE_OK, TRACE_OPEN, 3, 0},
	    {"the second awaits nothing that is known", 1, 40, 70, -1, TRACE_OK,
		TRACE_OK, 0, 0},
	    {"both await the same", 1, 40, 70, -1, TRACE_OK, TRACE_OK, 1, 0},
	    {"nothing would be saved", 1, 40, 40, -1, TRACE_OK, TRACE_OK, 3, 0},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int await_ms =
		    rows[i].await2_ms < 0 ? rows[i].from2_ms : rows[i].await2_ms;
		begin(4);
		put_await(1, 0, 40, 1, rows[i].flags1, 3);
		put(TRACE_WORK, rows[i].fiber2, rows[i].from2_ms, rows[i].to2_ms,
		    rows[i].to2_ms, 0, rows[i].flags2, 4, "x");
		put(TRACE_AWAIT, rows[i].fiber2, await_ms, rows[i].to2_ms,
		    rows[i].to2_ms, rows[i].work2, 0, 4, "");
		EQ_INT(read_it(100), 0);
		if (hints() != rows[i].hints)
			t_note("%s", rows[i].why);
		EQ_INT(hints(), rows[i].hints);
	}
}

/* Work that is begun at once and awaited in turn, as Deferred.all would have it. */
static void
t_no_hint_for_parallel_work(void)
{
	begin(4);
	put(TRACE_WORK, 1, 0, 40, 40, 0, TRACE_OK, 3, "x");
	put(TRACE_WORK, 1, 0, 30, 30, 0, TRACE_OK, 4, "y");
	put(TRACE_AWAIT, 1, 0, 40, 40, 1, 0, 5, "");
	put(TRACE_AWAIT, 1, 40, 41, 41, 2, 0, 6, "");
	EQ_INT(read_it(50), 0);
	EQ_INT(hints(), 0);
}

/* Awaits between which others were left out are in no row. */
static void
t_no_hint_over_what_is_left_out(void)
{
	begin(TRACE_SPANS_MAX);
	for (int i = 0; i < TRACE_SPANS_MAX / 2; i++)
		put_await(1, 10 * i, 10 * i + 10, (unsigned)(2 * i + 1), TRACE_OK, 5);
	EQ_INT(read_it(1000), 0);
	EQ_INT(hints(), 1);
	tr.dropped = 100;
	EQ_INT(hints(), 2);
}

static void
t_an_await_is_over_when_its_timer_is_due(void)
{
	struct trace_sums sums;

	begin(3);
	put(TRACE_WORK, 1, 0, 20, 20, 0, TRACE_OK, 3, "Deferred.delay");
	put(TRACE_AWAIT, 1, 0, 29, 30, 1, 0, 3, "");
	put(TRACE_BURST, 1, 30, 32, 32, 0, 0, 0, "");
	EQ_INT(read_it(32), 0);
	trace_sum(&tr, &sums);
	EQ_INT(sums.gap_ns, 10 * MS);
	EQ_INT(sums.ruby_ns, 2 * MS);
	EQ_INT(sums.longest_ns, 2 * MS);
	EQ_INT(sums.bursts, 1);
	EQ_INT(sums.awaits, 1);
	EQ_INT(trace_total_ns(&tr), 43 * MS);
}

static void
t_times_are_put_within_the_run(void)
{
	begin(1);
	put(TRACE_BURST, 1, 500, 3, 900, 0, 0, 0, "");
	EQ_INT(read_it(100), 0);
	EQ_INT(tr.span[0].from_ns, 100 * MS);
	EQ_INT(tr.span[0].ready_ns, 100 * MS);
	EQ_INT(tr.span[0].to_ns, 100 * MS);
}

static void
t_what_makes_no_sense_is_refused(void)
{
	char text[TRACE_WHAT_BYTES + 2];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	begin(1);
	put((enum trace_kind)0, 1, 0, 0, 1, 0, 0, 0, "");
	EQ_INT(read_it(10), -ERR_MALFORMED);
	begin(1);
	put((enum trace_kind)4, 1, 0, 0, 1, 0, 0, 0, "");
	EQ_INT(read_it(10), -ERR_MALFORMED);
	begin(1);
	put(TRACE_AWAIT, 1, 0, 0, 1, 2, 0, 0, ""); /* there is no second */
	EQ_INT(read_it(10), -ERR_MALFORMED);
	begin(1);
	put(TRACE_AWAIT, 1, 0, 0, 1, 1, 0, 0, ""); /* that is itself */
	EQ_INT(read_it(10), -ERR_MALFORMED);
	begin(1);
	put(TRACE_WORK, 1, 0, 0, 1, 0, 0, 0, text);
	EQ_INT(read_it(10), -ERR_MALFORMED);
	begin(1);
	put(TRACE_WORK, 1, 0, 0, 1, 0, 0, 0, "\xff");
	EQ_INT(read_it(10), -ERR_MALFORMED);
	begin(1);
	put(TRACE_WORK, 1, 0, 0, 1, 0, 256, 0, "");
	EQ_INT(read_it(10), -ERR_MALFORMED);
	begin(TRACE_SPANS_MAX + 1);
	OK(read_it(10) != 0);
	begin(0);
	buf_add_byte(&raw, 0xc0); /* one value too many */
	EQ_INT(read_it(10), -ERR_MALFORMED);
	EQ_INT(tr.n, 0);
}

/* Whatever it is cut to, or has in place of a byte, it is read or refused. */
static void
t_broken_bytes_are_read_or_refused(void)
{
	begin(3);
	put_await(1, 0, 41, 1, TRACE_OK, 3);
	put(TRACE_BURST, 1, 41, 42, 42, 0, 0, 0, "inner");
	for (size_t n = 1; n < raw.n; n++) {
		EQ_INT(read_it(50), 0);
		tr.raw.n = n;
		OK(trace_read(&tr) != 0);
		EQ_INT(tr.n, 0);
	}
	for (size_t i = 0; i < raw.n; i++)
		for (int v = 0; v < 256; v += 5) {
			uint8_t was = raw.p[i];
			raw.p[i] = (uint8_t)v;
			if (read_it(50) == 0)
				(void)hints();
			raw.p[i] = was;
		}
	EQ_INT(read_it(50), 0);
}

TESTS(TEST(hint_says_what_two_awaits_took), TEST(hint_of_a_long_row_names_the_first),
    TEST(no_hint_where_it_would_not_be_true), TEST(no_hint_for_parallel_work),
    TEST(no_hint_over_what_is_left_out), TEST(an_await_is_over_when_its_timer_is_due),
    TEST(times_are_put_within_the_run), TEST(what_makes_no_sense_is_refused),
    TEST(broken_bytes_are_read_or_refused))

/* trace_draw.c: a trace as a picture of characters, 80 columns wide. */
#include "trace.h"
#include "../common/human.h"
#include "sheet.h"
#include <stdio.h>
#include <stdlib.h>

#define LABEL 32
#define BAR (TRACE_COLUMNS - LABEL - 11)

static const char *
draw_ms(int64_t ns, char out[HUMAN_BYTES])
{
	return human_us(ns / 1000, out);
}

/* Cells of the bar from one time to another, at least one. */
static void
draw_fill(
    char bar[BAR + 1], int64_t total_ns, int64_t from_ns, int64_t to_ns, char with)
{
	double cell = total_ns > 0 ? (double)total_ns / BAR : 1;
	int from = (int)((double)from_ns / cell);
	int to = (int)((double)to_ns / cell + 0.999);

	if (from >= BAR)
		from = BAR - 1;
	if (to <= from)
		to = from + 1;
	for (int i = from; i < to && i < BAR; i++)
		bar[i] = with;
}

/* A long wait is not drawn in full: where the picture begins. */
static int64_t
draw_begin(const struct trace *t)
{
	int64_t rest_ns = t->link_ns + t->ran_ns;

	return rest_ns > 0 && t->wait_ns > 9 * rest_ns ? t->wait_ns - rest_ns : 0;
}

struct draw_row {
	char label[LABEL * 4 + 1];
	int64_t from_ns, ready_ns, to_ns;
	char with;
};

static void
draw_row(const struct trace *t, struct sheet *s, const struct draw_row *r)
{
	int64_t at = draw_begin(t), total = trace_total_ns(t) - at;
	int64_t from_ns = r->from_ns > at ? r->from_ns - at : 0;
	char bar[BAR + 1], ms[HUMAN_BYTES];

	memset(bar, ' ', BAR);
	bar[BAR] = '\0';
	draw_fill(bar, total, from_ns, r->to_ns - at, r->with);
	if (r->ready_ns < r->to_ns)
		draw_fill(bar, total, r->ready_ns - at, r->to_ns - at, '.');
	sheet_line(s, "%s %7s |%s|", r->label, draw_ms(r->to_ns - r->from_ns, ms), bar);
}

static size_t
draw_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* The first so many characters, with blanks up to there. */
static void
draw_pad(char *out, size_t room, const char *text, size_t columns)
{
	size_t at = 0;

	for (; *text && (columns > 0 || (*text & 0xc0) == 0x80) && at + 1 < room;
	     text++) {
		columns -= (*text & 0xc0) != 0x80;
		out[at++] = (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text;
	}
	for (; columns > 0 && at + 1 < room; columns--)
		out[at++] = ' ';
	out[at] = '\0';
}

/* "await Deferred.delay   main.rb:3": the place is kept whole as long as that leaves
 * something of the rest. */
static void
draw_label(struct draw_row *r, const char *text, const char *place)
{
	size_t room = draw_columns(place);

	room = room + 10 > LABEL ? LABEL : LABEL - room - (room > 0);
	draw_pad(r->label, sizeof r->label, text, room);
	if (room < LABEL) {
		size_t n = strlen(r->label);
		snprintf(r->label + n, sizeof r->label - n, " %s", place);
	}
}

static const char *const draw_words[] = {
    [TRACE_BURST] = "Ruby", [TRACE_AWAIT] = "await", [TRACE_WORK] = ""};
static const char draw_with[] = {
    [TRACE_BURST] = '#', [TRACE_AWAIT] = '=', [TRACE_WORK] = '-'};

static void
draw_span(const struct trace *t, struct sheet *s, const struct trace_span *x)
{
	int64_t at = t->wait_ns + t->link_ns;
	struct draw_row r = {
	    .from_ns = at + x->from_ns,
	    .ready_ns = at + (x->kind == TRACE_AWAIT ? x->ready_ns : x->to_ns),
	    .to_ns = at + x->to_ns,
	    .with = draw_with[x->kind],
	};
	struct span what = trace_what(x);
	char text[TRACE_WHAT_BYTES + 64], place[TRACE_PLACE_BYTES];
	const char *word = draw_words[x->kind];

	if (x->kind == TRACE_WORK && trace_is_told(t, x))
		return;
	snprintf(text, sizeof text, "%*s%s%s%.*s%s", x->depth > 8 ? 8 : (int)x->depth,
	    "", word, *word && what.n ? " " : "", SPAN_FMT(what),
	    x->flags & TRACE_OPEN ? " (open)" : "");
	draw_label(&r, text, trace_place(x, place));
	draw_row(t, s, &r);
}

static void
draw_own(const struct trace *t, struct sheet *s, const char *label, int64_t from_ns,
    int64_t ns, char with)
{
	struct draw_row r = {.from_ns = from_ns,
	    .ready_ns = from_ns + ns,
	    .to_ns = from_ns + ns,
	    .with = with};

	draw_label(&r, label, "");
	draw_row(t, s, &r);
}

/* Lines of at most 80 columns, broken at blanks, the later ones indented. */
static void
draw_wrapped(struct sheet *s, const char *text)
{
	size_t indent = 0;

	while (*text) {
		size_t room = TRACE_COLUMNS - indent, n = strlen(text);
		if (n > room)
			for (n = room; n > 0 && text[n] != ' '; n--)
				;
		if (n == 0)
			n = strcspn(text, " ");
		sheet_line(s, "%*s%.*s", (int)indent, "", (int)n, text);
		text += n + (text[n] == ' ');
		indent = 2;
	}
}

static void
draw_head(const struct trace *t, struct sheet *s)
{
	char id[TASKID_TEXT_BYTES], a[HUMAN_BYTES], b[HUMAN_BYTES], c[HUMAN_BYTES];
	struct trace_sums sums;
	struct buf line;

	trace_sum(t, &sums);
	sheet_line(
	    s, "%s, attempt %u: %s", taskid_text(&t->id, id), t->attempt, t->state);
	buf_init(&line, 0);
	buf_printf(&line, "%s %s of app %s", t->kind, t->handler, t->app);
	draw_wrapped(s, buf_cstr(&line));
	buf_reset(&line);
	buf_printf(&line, "%s from acceptance to end: waited %s, ran %s",
	    draw_ms(trace_total_ns(t), a), draw_ms(t->wait_ns, b),
	    draw_ms(t->ran_ns, c));
	if (t->why)
		buf_printf(&line, "; Ruby %s in %u burst%s, the longest %s",
		    draw_ms(sums.ruby_ns, a), sums.bursts, sums.bursts == 1 ? "" : "s",
		    draw_ms(sums.longest_ns, b));
	if (sums.gap_ns > 0)
		buf_printf(
		    &line, "; after awaits the loop took %s", draw_ms(sums.gap_ns, a));
	draw_wrapped(s, buf_cstr(&line));
	buf_fini(&line);
}

static void
draw_hints(const struct trace *t, struct sheet *s)
{
	struct trace_hint h;
	struct buf text;
	size_t at = 0;

	buf_init(&text, 0);
	while (trace_hint(t, &at, &h)) {
		buf_reset(&text);
		buf_add_str(&text, "hint: ");
		trace_hint_text(&h, &text);
		sheet_gap(s);
		draw_wrapped(s, buf_cstr(&text));
	}
	buf_fini(&text);
}

static void
draw_rows(const struct trace *t, struct sheet *s)
{
	char from[HUMAN_BYTES] = "0", to[HUMAN_BYTES];
	int64_t at = draw_begin(t);

	if (at > 0)
		draw_ms(at, from);
	draw_ms(trace_total_ns(t), to);
	sheet_line(s, "%*s%s%*s", LABEL + 10, "", from, BAR - (int)strlen(from), to);
	draw_own(
	    t, s, t->attempt > 1 ? "until this attempt" : "queue", 0, t->wait_ns, '~');
	if (t->why)
		draw_own(t, s, "to the worker", t->wait_ns, t->link_ns, '~');
	else if (t->ran_ns > 0)
		draw_own(t, s, "worker", t->wait_ns, t->ran_ns, '?');
	for (size_t i = 0; i < t->n; i++)
		draw_span(t, s, t->order[i]);
}

void
trace_draw(const struct trace *t, struct sheet *s)
{
	draw_head(t, s);
	sheet_gap(s);
	draw_rows(t, s);
	sheet_gap(s);
	if (t->why)
		sheet_line(s,
		    "~ waits  # Ruby runs  = awaits  . its await is over, the loop "
		    "not there yet");
	else
		draw_wrapped(s,
		    "Its bursts and awaits are not known: it was not traced, "
		    "its worker died, or the trace has made way for others "
		    "(trace in deferd.yaml(5)).");
	if (t->dropped)
		sheet_line(s, "%llu more, in the middle, are left out.",
		    (unsigned long long)t->dropped);
	draw_hints(t, s);
}

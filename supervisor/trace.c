/* trace.c: see trace.h: reading, sums, hints. */
#include "trace.h"
#include "../common/err.h"
#include "../common/human.h"
#include "../common/mp.h"
#include <stdio.h>
#include <stdlib.h>

#define TOLD_NS 50000 /* begun and awaited: so near that it is one thing */

/* --- reading --- */

static int
trace_read_text(struct mp *c, struct span *out, size_t most)
{
	int r = mp_str(c, out);

	if (r == 0 && (out->n > most || !mp_utf8_valid(*out, NULL)))
		return -ERR_MALFORMED;
	return r;
}

enum {
	AT_KIND,
	AT_FIBER,
	AT_DEPTH,
	AT_FROM,
	AT_READY,
	AT_TO,
	AT_WORK,
	AT_FLAGS,
	AT_LINE
};
#define NUMBERS (AT_LINE + 1)

static int64_t
trace_within(uint64_t v, int64_t least, int64_t most)
{
	return v < (uint64_t)least ? least : v > (uint64_t)most ? most : (int64_t)v;
}

static int
trace_read_span(struct mp *c, struct trace *t, struct trace_span *s, uint64_t *work)
{
	uint64_t v[NUMBERS];
	uint32_t fields;
	int r = mp_array(c, &fields);

	if (r == 0 && fields != TRACE_FIELDS)
		return -ERR_MALFORMED;
	for (int i = 0; i < NUMBERS && r == 0; i++)
		r = mp_uint(c, &v[i]);
	if (r == 0)
		r = trace_read_text(c, &s->file, TRACE_FILE_BYTES);
	if (r == 0)
		r = trace_read_text(c, &s->what, TRACE_WHAT_BYTES);
	if (r)
		return r;
	if (v[AT_KIND] < TRACE_BURST || v[AT_KIND] > TRACE_WORK ||
	    v[AT_FIBER] > UINT32_MAX || v[AT_DEPTH] > UINT8_MAX ||
	    v[AT_FLAGS] > UINT8_MAX || v[AT_LINE] > UINT32_MAX)
		return -ERR_MALFORMED;
	s->kind = (enum trace_kind)v[AT_KIND];
	s->fiber = (uint32_t)v[AT_FIBER];
	s->depth = (unsigned)v[AT_DEPTH];
	s->flags = (unsigned)v[AT_FLAGS];
	s->line = (uint32_t)v[AT_LINE];
	s->from_ns = trace_within(v[AT_FROM], 0, t->ran_ns);
	s->to_ns = trace_within(v[AT_TO], s->from_ns, t->ran_ns);
	s->ready_ns = trace_within(v[AT_READY], s->from_ns, s->to_ns);
	*work = v[AT_WORK];
	return 0;
}

/* A timer is over when it is due, before its fiber is told. */
static int
trace_link(struct trace *t, const uint64_t work[])
{
	for (size_t i = 0; i < t->n; i++) {
		struct trace_span *s = &t->span[i];
		if (work[i] == 0)
			continue;
		if (work[i] > t->n || s->kind != TRACE_AWAIT ||
		    t->span[work[i] - 1].kind != TRACE_WORK)
			return -ERR_MALFORMED;
		s->work = &t->span[work[i] - 1];
		if (!(s->work->flags & TRACE_OPEN) && s->work->to_ns < s->ready_ns)
			s->ready_ns =
			    s->work->to_ns > s->from_ns ? s->work->to_ns : s->from_ns;
	}
	return 0;
}

/* Of two that begin at once the longer one comes first. */
static int
trace_compare(const void *a, const void *b)
{
	const struct trace_span *x = *(struct trace_span *const *)a;
	const struct trace_span *y = *(struct trace_span *const *)b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	if (x->to_ns != y->to_ns)
		return x->to_ns > y->to_ns ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int
trace_read_all(struct trace *t)
{
	uint64_t work[TRACE_SPANS_MAX];
	struct mp c = mp_over(t->raw);
	uint32_t n;
	int r = mp_array(&c, &n);

	if (r == 0 && n > TRACE_SPANS_MAX)
		return -ERR_TOO_LARGE;
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = trace_read_span(&c, t, &t->span[t->n++], &work[i]);
	if (r)
		return r;
	return mp_at_end(&c) ? trace_link(t, work) : -ERR_MALFORMED;
}

int
trace_read(struct trace *t)
{
	memset(t->span, 0, sizeof t->span);
	t->n = 0;
	int r = t->raw.n ? trace_read_all(t) : 0;
	if (r)
		t->n = 0;
	for (size_t i = 0; i < t->n; i++)
		t->order[i] = &t->span[i];
	qsort(t->order, t->n, sizeof t->order[0], trace_compare);
	return r;
}

/* --- sums --- */

int64_t
trace_total_ns(const struct trace *t)
{
	return t->wait_ns + t->link_ns + t->ran_ns;
}

void
trace_sum(const struct trace *t, struct trace_sums *sums)
{
	*sums = (struct trace_sums){0};
	for (size_t i = 0; i < t->n; i++) {
		const struct trace_span *s = &t->span[i];
		int64_t ns = s->to_ns - s->from_ns;
		if (s->kind == TRACE_BURST) {
			sums->bursts++;
			sums->ruby_ns += ns;
			sums->longest_ns =
			    ns > sums->longest_ns ? ns : sums->longest_ns;
		} else if (s->kind == TRACE_AWAIT) {
			sums->awaits++;
			sums->gap_ns += s->to_ns - s->ready_ns;
		}
	}
}

/* --- hints --- */

/* The await that the fiber did next; NULL: none, or something between them is not
 * known. The spans stand in the order in which the worker noted them. */
static const struct trace_span *
trace_next_await(const struct trace *t, const struct trace_span *a)
{
	const struct trace_span *half = &t->span[TRACE_SPANS_MAX / 2];

	for (const struct trace_span *s = a + 1; s < &t->span[t->n]; s++)
		if (s->kind == TRACE_AWAIT && s->fiber == a->fiber)
			return t->dropped && a < half && s >= half ? NULL : s;
	return NULL;
}

static bool
trace_may_hint(const struct trace_span *a)
{
	const struct trace_span *w = a->work;

	return w && (w->flags & (TRACE_OK | TRACE_OPEN)) == TRACE_OK &&
	       !(a->flags & TRACE_OPEN) && w->fiber == a->fiber;
}

static void
trace_hint_add(struct trace_hint *h, const struct trace_span *w)
{
	int64_t ns = w->to_ns - w->from_ns;

	h->work[h->n++] = w;
	h->sum_ns += ns;
	h->longest_ns = ns > h->longest_ns ? ns : h->longest_ns;
}

/* Only the first await of a row begins one. */
static bool
trace_follows(const struct trace_span *before, const struct trace_span *a)
{
	return trace_may_hint(before) && trace_may_hint(a) && a->work != before->work &&
	       a->work->from_ns >= before->to_ns;
}

static bool
trace_begins_row(const struct trace *t, const struct trace_span *a)
{
	const struct trace_span *before = NULL;

	for (const struct trace_span *s = t->span; s < a; s++)
		if (s->kind == TRACE_AWAIT && s->fiber == a->fiber)
			before = s;
	return !before || trace_next_await(t, before) != a || !trace_follows(before, a);
}

bool
trace_hint(const struct trace *t, size_t *from, struct trace_hint *h)
{
	for (; *from < t->n; ++*from) {
		const struct trace_span *a = &t->span[*from], *next;
		if (a->kind != TRACE_AWAIT || !trace_may_hint(a) ||
		    !trace_begins_row(t, a))
			continue;
		*h = (struct trace_hint){0};
		trace_hint_add(h, a->work);
		for (; (next = trace_next_await(t, a)) && trace_follows(a, next);
		     a = next)
			trace_hint_add(h, next->work);
		if (h->n > 1 && h->sum_ns - h->longest_ns >= TRACE_HINT_NS) {
			++*from;
			return true;
		}
	}
	return false;
}

/* A loop. */
static bool
trace_hint_has_one_place(const struct trace_hint *h)
{
	for (size_t i = 1; i < h->n; i++)
		if (h->work[i]->line != h->work[0]->line ||
		    !span_eq(h->work[i]->file, h->work[0]->file))
			return false;
	return true;
}

#define HINT_NAMED 4 /* of a longer row the first ones */

void
trace_hint_text(const struct trace_hint *h, struct buf *out)
{
	char ms[HUMAN_BYTES], place[TRACE_PLACE_BYTES];
	size_t named = h->n <= HINT_NAMED + 1 ? h->n : HINT_NAMED;

	buf_printf(out, "these %zu awaits ran one after the other, ", h->n);
	for (size_t i = 0; i < named; i++)
		buf_printf(out, "%s%s", i ? " + " : "",
		    human_us((h->work[i]->to_ns - h->work[i]->from_ns) / 1000, ms));
	if (named < h->n)
		buf_printf(
		    out, " and so on, %s in all", human_us(h->sum_ns / 1000, ms));
	buf_printf(out,
	    "; Deferred.all would take %s, if none needs the value of one before it: ",
	    human_us(h->longest_ns / 1000, ms));
	if (trace_hint_has_one_place(h)) {
		buf_add_str(out, trace_place(h->work[0], place));
		return;
	}
	for (size_t i = 0; i < named; i++)
		buf_printf(out, "%s%s", i ? ", " : "", trace_place(h->work[i], place));
	if (named < h->n)
		buf_add_str(out, ", ...");
}

/* --- words --- */

struct span
trace_what(const struct trace_span *s)
{
	if (s->kind == TRACE_BURST)
		return s->what;
	if (s->kind == TRACE_AWAIT && s->work)
		return s->work->what;
	return s->what.n ? s->what : span_str("a Deferred");
}

const char *
trace_place(const struct trace_span *s, char out[TRACE_PLACE_BYTES])
{
	out[0] = '\0';
	if (s->file.n)
		snprintf(out, TRACE_PLACE_BYTES, "%.*s:%u", SPAN_FMT(s->file), s->line);
	return out;
}

bool
trace_is_told(const struct trace *t, const struct trace_span *work)
{
	int64_t near_ns = trace_total_ns(t) / 100;

	for (size_t i = 0; i < t->n; i++) {
		const struct trace_span *a = &t->span[i];
		if (a->work == work)
			return span_eq(a->file, work->file) && a->line == work->line &&
			       a->from_ns - work->from_ns <=
				   (near_ns > TOLD_NS ? near_ns : TOLD_NS);
	}
	return false;
}

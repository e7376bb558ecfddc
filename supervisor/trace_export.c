/* trace_export.c: a trace as JSON: our own, Chrome's trace events, OpenTelemetry's. */
#include "trace.h"
#include "../common/clock.h"
#include <stdio.h>

static const char *const export_kinds[] = {
#define X(sym, number, name) [number] = name,
    TRACE_TABLE(X)
#undef X
};

static double
export_ms(int64_t ns)
{
	return (double)(ns / 1000) / 1000;
}

/* --- our own --- */

static void
export_span(const struct trace *t, struct jsonw *w, const struct trace_span *s)
{
	char place[TRACE_PLACE_BYTES];

	jsonw_object(w);
	jsonw_kstr(w, "kind", export_kinds[s->kind]);
	jsonw_kspan(w, "what", trace_what(s));
	jsonw_kstr(w, "place", s->file.n ? trace_place(s, place) : NULL);
	jsonw_kint(w, "fiber", s->fiber);
	jsonw_kint(w, "depth", s->depth);
	jsonw_kreal(w, "start_ms", export_ms(t->wait_ns + t->link_ns + s->from_ns));
	jsonw_kreal(w, "duration_ms", export_ms(s->to_ns - s->from_ns));
	jsonw_kreal(w, "gap_ms",
	    export_ms(s->kind == TRACE_AWAIT ? s->to_ns - s->ready_ns : 0));
	jsonw_kbool(w, "open", s->flags & TRACE_OPEN);
	jsonw_end_object(w);
}

static void
export_hints(const struct trace *t, struct jsonw *w)
{
	struct trace_hint h;
	struct buf text;
	char place[TRACE_PLACE_BYTES];
	size_t at = 0;

	buf_init(&text, 0);
	jsonw_key(w, "hints");
	jsonw_array(w);
	while (trace_hint(t, &at, &h)) {
		buf_reset(&text);
		trace_hint_text(&h, &text);
		jsonw_object(w);
		jsonw_kspan(w, "text", buf_span(&text));
		jsonw_kreal(w, "sum_ms", export_ms(h.sum_ns));
		jsonw_kreal(w, "all_ms", export_ms(h.longest_ns));
		jsonw_key(w, "awaits");
		jsonw_array(w);
		for (size_t i = 0; i < h.n; i++) {
			jsonw_object(w);
			jsonw_kspan(w, "what", trace_what(h.work[i]));
			jsonw_kstr(w, "place", trace_place(h.work[i], place));
			jsonw_kreal(w, "duration_ms",
			    export_ms(h.work[i]->to_ns - h.work[i]->from_ns));
			jsonw_end_object(w);
		}
		jsonw_end_array(w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	buf_fini(&text);
}

void
trace_put_json(const struct trace *t, struct jsonw *w)
{
	char text[TASKID_TEXT_BYTES > 40 ? TASKID_TEXT_BYTES : 40];
	struct trace_sums sums;

	trace_sum(t, &sums);
	jsonw_kstr(w, "id", taskid_text(&t->id, text));
	jsonw_kstr(w, "app", t->app);
	jsonw_kstr(w, "kind", t->kind);
	jsonw_kstr(w, "name", t->handler);
	jsonw_kstr(w, "state", t->state);
	jsonw_kstr(w, "why", t->why);
	jsonw_kint(w, "attempt", t->attempt);
	jsonw_kstr(w, "accepted_at",
	    clock_format_wall(t->accepted_wall_ms, text, sizeof text));
	jsonw_kreal(w, "total_ms", export_ms(trace_total_ns(t)));
	jsonw_kreal(w, "wait_ms", export_ms(t->wait_ns));
	jsonw_kreal(w, "link_ms", export_ms(t->link_ns));
	jsonw_kreal(w, "run_ms", export_ms(t->ran_ns));
	jsonw_kreal(w, "ruby_ms", export_ms(sums.ruby_ns));
	jsonw_kreal(w, "gap_ms", export_ms(sums.gap_ns));
	jsonw_kint(w, "dropped", (int64_t)t->dropped);
	jsonw_key(w, "spans");
	jsonw_array(w);
	for (size_t i = 0; i < t->n; i++)
		export_span(t, w, t->order[i]);
	jsonw_end_array(w);
	export_hints(t, w);
}

/* --- what the foreign formats have in common: all is a span with a name --- */

struct export_piece {
	char name[TRACE_WHAT_BYTES + 32];
	char place[TRACE_PLACE_BYTES];
	const char *kind;
	int64_t from_ns, to_ns, gap_ns; /* since acceptance */
	uint64_t row; /* pieces in one row follow each other or hold each other */
	bool open;
};

typedef void export_put(
    const struct trace *, struct jsonw *, const struct export_piece *, unsigned number);

static void
export_own(const struct trace *t, struct jsonw *w, export_put *put, unsigned number,
    const char *name, int64_t from_ns, int64_t ns)
{
	struct export_piece p = {
	    .kind = "daemon", .from_ns = from_ns, .to_ns = from_ns + ns};

	snprintf(p.name, sizeof p.name, "%s", name);
	put(t, w, &p, number);
}

/* Number 1 is the task as a whole. */
static void
export_each(const struct trace *t, struct jsonw *w, export_put *put)
{
	int64_t at = t->wait_ns + t->link_ns;
	unsigned number = 0;

	export_own(t, w, put, ++number, t->handler, 0, trace_total_ns(t));
	export_own(t, w, put, ++number, "queue", 0, t->wait_ns);
	export_own(t, w, put, ++number, t->why ? "to the worker" : "worker", t->wait_ns,
	    t->why ? t->link_ns : t->ran_ns);
	for (size_t i = 0; i < t->n; i++) {
		const struct trace_span *s = t->order[i];
		struct span what = trace_what(s);
		struct export_piece p = {
		    .kind = export_kinds[s->kind],
		    .from_ns = at + s->from_ns,
		    .to_ns = at + s->to_ns,
		    .gap_ns = s->kind == TRACE_AWAIT ? s->to_ns - s->ready_ns : 0,
		    .open = s->flags & TRACE_OPEN,
		    .row = s->kind == TRACE_WORK ? ((uint64_t)1 << 32) + i
						 : (uint64_t)s->fiber + 1,
		};
		trace_place(s, p.place);
		snprintf(p.name, sizeof p.name, "%s%s%.*s",
		    s->kind == TRACE_AWAIT   ? "await "
		    : s->kind == TRACE_BURST ? "Ruby"
					     : "",
		    s->kind == TRACE_BURST && what.n ? " " : "", SPAN_FMT(what));
		put(t, w, &p, ++number);
	}
}

/* --- Chrome --- */

static void
chrome_put(const struct trace *t, struct jsonw *w, const struct export_piece *p,
    unsigned number UNUSED)
{
	jsonw_object(w);
	jsonw_kstr(w, "name", p->name);
	jsonw_kstr(w, "cat", p->kind);
	jsonw_kstr(w, "ph", "X");
	jsonw_kint(w, "ts", t->accepted_wall_ms * 1000 + p->from_ns / 1000);
	jsonw_kreal(w, "dur", (double)(p->to_ns - p->from_ns) / 1000);
	jsonw_kint(w, "pid", 1);
	jsonw_kint(w, "tid", (int64_t)p->row);
	jsonw_key(w, "args");
	jsonw_object(w);
	if (p->place[0])
		jsonw_kstr(w, "place", p->place);
	if (p->gap_ns)
		jsonw_kreal(w, "gap_ms", export_ms(p->gap_ns));
	if (p->open)
		jsonw_kbool(w, "open", true);
	jsonw_end_object(w);
	jsonw_end_object(w);
}

void
trace_put_chrome(const struct trace *t, struct jsonw *w)
{
	jsonw_kstr(w, "displayTimeUnit", "ms");
	jsonw_key(w, "traceEvents");
	jsonw_array(w);
	export_each(t, w, chrome_put);
	jsonw_end_array(w);
}

/* --- OpenTelemetry, as OTLP/HTTP takes it --- */

static void
otlp_attribute(struct jsonw *w, const char *key, const char *value)
{
	jsonw_object(w);
	jsonw_kstr(w, "key", key);
	jsonw_key(w, "value");
	jsonw_object(w);
	jsonw_kstr(w, "stringValue", value);
	jsonw_end_object(w);
	jsonw_end_object(w);
}

/* From the id's random end, so that attempts and spans differ. */
static const char *
otlp_span_id(const struct trace *t, unsigned number, char out[17])
{
	snprintf(out, 17, "%02x%02x%02x%02x%02x%02x%02x%02x", t->id.b[11], t->id.b[12],
	    t->id.b[13], t->id.b[14], t->id.b[15], t->attempt & 0xff,
	    number >> 8 & 0xff, number & 0xff);
	return out;
}

static void
otlp_time(const struct trace *t, struct jsonw *w, const char *key, int64_t ns)
{
	char text[24];

	snprintf(text, sizeof text, "%lld",
	    (long long)(t->accepted_wall_ms * NS_PER_MS + ns));
	jsonw_kstr(w, key, text);
}

static void
otlp_put_attributes(
    const struct trace *t, struct jsonw *w, const struct export_piece *p, bool whole)
{
	char id[TASKID_TEXT_BYTES];

	jsonw_key(w, "attributes");
	jsonw_array(w);
	otlp_attribute(w, "deferd.kind", whole ? t->kind : p->kind);
	if (p->place[0])
		otlp_attribute(w, "deferd.place", p->place);
	if (whole) {
		otlp_attribute(w, "deferd.task", taskid_text(&t->id, id));
		otlp_attribute(w, "deferd.app", t->app);
		otlp_attribute(w, "deferd.state", t->state);
	}
	jsonw_end_array(w);
}

static void
otlp_put(const struct trace *t, struct jsonw *w, const struct export_piece *p,
    unsigned number)
{
	char hex[2 * TASKID_BYTES + 1], id[17];

	for (int i = 0; i < TASKID_BYTES; i++)
		snprintf(hex + (ptrdiff_t)2 * i, 3, "%02x", t->id.b[i]);
	jsonw_object(w);
	jsonw_kstr(w, "traceId", hex);
	jsonw_kstr(w, "spanId", otlp_span_id(t, number, id));
	if (number > 1)
		jsonw_kstr(w, "parentSpanId", otlp_span_id(t, 1, id));
	jsonw_kstr(w, "name", p->name);
	jsonw_kint(w, "kind", number > 1 ? 1 : 2); /* internal, server */
	otlp_time(t, w, "startTimeUnixNano", p->from_ns);
	otlp_time(t, w, "endTimeUnixNano", p->to_ns);
	otlp_put_attributes(t, w, p, number == 1);
	if (number == 1) {
		jsonw_key(w, "status");
		jsonw_object(w);
		jsonw_kint(w, "code", strcmp(t->state, "done") == 0 ? 1 : 2);
		jsonw_end_object(w);
	}
	jsonw_end_object(w);
}

void
trace_put_otlp(const struct trace *t, struct jsonw *w)
{
	jsonw_key(w, "resourceSpans");
	jsonw_array(w);
	jsonw_object(w);
	jsonw_key(w, "resource");
	jsonw_object(w);
	jsonw_key(w, "attributes");
	jsonw_array(w);
	otlp_attribute(w, "service.name", "deferd");
	jsonw_end_array(w);
	jsonw_end_object(w);
	jsonw_key(w, "scopeSpans");
	jsonw_array(w);
	jsonw_object(w);
	jsonw_key(w, "scope");
	jsonw_object(w);
	jsonw_kstr(w, "name", "deferd");
	jsonw_end_object(w);
	jsonw_key(w, "spans");
	jsonw_array(w);
	export_each(t, w, otlp_put);
	jsonw_end_array(w);
	jsonw_end_object(w);
	jsonw_end_array(w);
	jsonw_end_object(w);
	jsonw_end_array(w);
}

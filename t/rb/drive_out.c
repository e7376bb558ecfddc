/* drive_out.c: what comes out of the engine under test, as lines. */
#include "drive.h"
#include "../../common/err.h"
#include "../../common/log.h"
#include <stdio.h>

static void
out_failed(struct buf *b, const struct msg_failed *m)
{
	static const char *const cause[] = {"?",
#define X(sym, number, text) [number] = #sym,
	    CAUSE_TABLE(X)
#undef X
	};

	buf_printf(b, "failed %s %.*s: %.*s", cause[m->cause], SPAN_FMT(m->class),
	    SPAN_FMT(m->message));
	if (!span_is(m->code, "\xc0")) {
		buf_add_str(b, " code=");
		drive_json(b, m->code);
	}
	if (m->status)
		buf_printf(b, " status=%d", (int)m->status);
}

/* With "# conf: backtrace": a line for each frame. */
static void
out_backtrace(struct drive *d, struct span frames)
{
	struct mp c = mp_over(frames);
	struct span frame;
	uint32_t n;

	if (!d->backtrace || mp_array(&c, &n) != 0)
		return;
	for (; n > 0 && mp_str(&c, &frame) == 0 && d->got_n < DRIVE_LINES_MAX - 1;
	     n--) {
		struct buf *line = &d->got[d->got_n++];
		buf_reset(line);
		buf_printf(line, "at %.*s", SPAN_FMT(frame));
	}
}

static void
out_done(struct buf *b, const struct msg_done *m)
{
	buf_add_str(b, "done ");
	drive_json(b, m->result);
	if (m->status)
		buf_printf(b, " status=%d", (int)m->status);
	if (!span_is(m->headers, "\xc0")) {
		buf_add_str(b, " headers=");
		drive_json(b, m->headers);
	}
}

/* With "# conf: took": how long it ran, by the test's clock. */
static void
out_took(const struct drive *d, struct buf *b, uint64_t run_us)
{
	if (d->took)
		buf_printf(b, " took=%llums", (unsigned long long)run_us / 1000);
}

static void
out_count(struct buf *b, uint64_t n)
{
	if (n > 1)
		buf_printf(b, " x%llu", (unsigned long long)n);
}

/* A number of the span; the cursor stands behind it. */
static long long
out_number(struct mp *c)
{
	uint64_t v;

	ASSERT(mp_uint(c, &v) == 0);
	return (long long)v;
}

/* With "# conf: spans": what began when, in ms, and took how long. */
static void
out_trace(struct drive *d, const struct msg_trace *m)
{
	static const char *const kind[] = {"?",
#define X(sym, number, name) [number] = name,
	    TRACE_TABLE(X)
#undef X
	};
	struct mp c = mp_over(m->spans);
	struct span file, what;
	uint32_t n, fields;

	ASSERT(mp_array(&c, &n) == 0);
	for (; n > 0 && d->got_n < DRIVE_LINES_MAX - 1; n--) {
		struct buf *line = &d->got[d->got_n++];
		ASSERT(mp_array(&c, &fields) == 0 && fields == TRACE_FIELDS);
		const char *name = kind[out_number(&c)];
		out_number(&c);
		long long depth = out_number(&c), from = out_number(&c),
			  ready = out_number(&c), to = out_number(&c),
			  work = out_number(&c), flags = out_number(&c),
			  at = out_number(&c);
		ASSERT(mp_str(&c, &file) == 0 && mp_str(&c, &what) == 0);
		buf_reset(line);
		buf_printf(
		    line, "%s %lld+%lld", name, from / 1000000, (to - from) / 1000000);
		if (ready != to)
			buf_printf(line, " gap=%lld", (to - ready) / 1000000);
		buf_printf(line, "%s%s", flags & TRACE_OK ? " ok" : "",
		    flags & TRACE_OPEN ? " open" : "");
		if (depth)
			buf_printf(line, " depth=%lld", depth);
		if (work)
			buf_printf(line, " work=%lld", work);
		if (at)
			buf_printf(line, " %.*s:%lld", SPAN_FMT(file), at);
		if (what.n)
			buf_printf(line, " %.*s", SPAN_FMT(what));
	}
	if (m->dropped)
		printf("# dropped %llu\n", (unsigned long long)m->dropped);
}

static void
out_message(struct drive *d, struct buf *b, const struct msg *m)
{
	static const char *const policy[] = {"wait", "warn", "fail"};

	switch (m->number) {
	case MSG_DONE:
		d->ended++;
		out_done(b, &m->done);
		out_took(d, b, m->done.run_us);
		break;
	case MSG_FAILED:
		d->ended++;
		out_failed(b, &m->failed);
		out_took(d, b, m->failed.run_us);
		out_backtrace(d, m->failed.backtrace);
		break;
	case MSG_LOG:
		buf_printf(b, "log %s %.*s",
		    log_level_name((enum log_level)m->log.level),
		    SPAN_FMT(m->log.text));
		break;
	case MSG_PROGRESS:
		buf_printf(b, "progress %g %.*s", m->progress.fraction,
		    SPAN_FMT(m->progress.text));
		break;
	case MSG_DETACHED:
		buf_printf(b, "detached %s %.*s %.*s", policy[m->detached.policy],
		    SPAN_FMT(m->detached.what), SPAN_FMT(m->detached.place));
		out_count(b, m->detached.count);
		break;
	case MSG_UNHANDLED:
		buf_printf(b, "unhandled %.*s: %.*s %.*s", SPAN_FMT(m->unhandled.class),
		    SPAN_FMT(m->unhandled.message), SPAN_FMT(m->unhandled.place));
		out_count(b, m->unhandled.count);
		break;
	case MSG_ENQUEUE: drive_enqueued(d, b, &m->enqueue); break;
	case MSG_STEP: drive_stepped(d, b, &m->step); break;
	default: buf_printf(b, "%s", msg_name(m->number));
	}
}

void
drive_take_output(struct drive *d)
{
	struct batch *batch;
	struct msg m;

	while ((batch = outbox_peek(&d->engine->out))) {
		struct mp c = mp_over(buf_span(&batch->bytes));
		while (!mp_at_end(&c)) {
			int r = msg_parse(&c, MSG_UP, &m);
			if (r != 0) {
				printf("# bad message: %s\n", err_text(r));
				d->broken = true;
				break;
			}
			if (m.number == MSG_TRACE) {
				if (d->trace)
					out_trace(d, &m.trace);
				continue;
			}
			struct buf *line = &d->got[d->got_n];
			buf_reset(line);
			if (d->got_n < DRIVE_LINES_MAX - 1)
				d->got_n++;
			out_message(d, line, &m);
		}
		outbox_drop(&d->engine->out);
	}
}

/*
 * trace.h: the picture of one task's time: where it waited, when its Ruby ran, what it
 * awaited. Pure: made of the message TRACE (common/trace.h), which a stranger may have
 * written, and of the daemon's own times.
 */
#ifndef DEFERD_SUPERVISOR_TRACE_H
#define DEFERD_SUPERVISOR_TRACE_H

#include "../common/jsonw.h"
#include "../common/taskid.h"
#include "../common/trace.h"

struct sheet;

struct trace_span {
	enum trace_kind kind;
	uint32_t fiber, line;
	unsigned depth, flags;
	/* since the worker took the task; from <= ready <= to; from ready to `to` the
	 * fiber could have run, but the loop was not there yet */
	int64_t from_ns, ready_ns, to_ns;
	const struct trace_span *work; /* what an await waited for; NULL: several, or none */
	struct span file, what;	       /* borrowed; may be empty */
};

/* In a row one after the other, though nothing but the values can have demanded it. */
struct trace_hint {
	const struct trace_span *work[TRACE_SPANS_MAX];
	size_t n;
	int64_t sum_ns, longest_ns;
};

struct trace {
	/* given */
	struct taskid id;
	const char *app, *kind, *handler, *state;
	const char *why; /* "failed", "slow", "sampled", "asked"; NULL: it was not traced */
	unsigned attempt;
	int64_t accepted_wall_ms;
	int64_t wait_ns; /* until the lease */
	int64_t link_ns; /* from then until the worker took it */
	int64_t ran_ns;  /* from then until its end */
	uint64_t dropped; /* spans that are not told of */
	struct span raw;  /* TRACE.spans, borrowed; empty: none */
	/* found by trace_read */
	struct trace_span span[TRACE_SPANS_MAX];
	size_t n;
	const struct trace_span *order[TRACE_SPANS_MAX]; /* by from_ns */
};

/* Reads raw. 0, or what is wrong with it (-ERR_*): then the trace has no spans. */
int trace_read(struct trace *) MUST_USE;

/* From its acceptance to its end. */
int64_t trace_total_ns(const struct trace *);
struct trace_sums {
	int64_t ruby_ns, longest_ns; /* of the bursts */
	int64_t gap_ns;		     /* in which an await was over and Ruby not yet back */
	unsigned bursts, awaits;
};
void trace_sum(const struct trace *, struct trace_sums *);
/* The next one from *from on (0 at first); false: there are no more. A statement about time
 * alone: each awaited work was begun by the same fiber after the await before was over, and
 * all were fulfilled; at least TRACE_HINT_NS would be saved. */
#define TRACE_HINT_NS 1000000
bool trace_hint(const struct trace *, size_t *from, struct trace_hint *);
/* One sentence, without its end. */
void trace_hint_text(const struct trace_hint *, struct buf *out);

/* "GET host/path", "Deferred.delay", "2 deferreds", "handler": what a row is about. */
struct span trace_what(const struct trace_span *);
/* "a.rb:3" into out, or "". */
#define TRACE_PLACE_BYTES (TRACE_FILE_BYTES + 16)
const char *trace_place(const struct trace_span *, char out[TRACE_PLACE_BYTES]);
/* Work that an await tells of well enough: it was begun and awaited in one place. */
bool trace_is_told(const struct trace *, const struct trace_span *work);

/* --- trace_draw.c --- */
#define TRACE_COLUMNS 80
void trace_draw(const struct trace *, struct sheet *);

/* --- trace_export.c: members of an object that is open --- */
void trace_put_json(const struct trace *, struct jsonw *);
void trace_put_chrome(const struct trace *, struct jsonw *);
void trace_put_otlp(const struct trace *, struct jsonw *);

#endif

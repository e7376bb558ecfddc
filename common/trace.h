/*
 * trace.h: what the message TRACE carries: how the time of a task went, in pieces. Its
 * spans are an array, in no order, of arrays of TRACE_FIELDS:
 * kind, fiber, depth, from, ready, to, work, flags, line, file, what. Times are
 * nanoseconds since the worker took the task.
 */
#ifndef DEFERD_TRACE_H
#define DEFERD_TRACE_H

/* X(symbol, number on the wire, name) */
#define TRACE_TABLE(X)                                                                    \
	X(BURST, 1, "burst") /* Ruby ran in a fiber; what: the nested handler, or empty */ \
	X(AWAIT, 2, "await") /* a fiber waited; ready: from when on it could have gone on */ \
	X(WORK, 3, "work")   /* a timer, a request, a call: whatever was waited for */
enum trace_kind {
#define X(sym, number, name) TRACE_##sym = number,
	TRACE_TABLE(X)
#undef X
};

enum trace_flag {
	TRACE_OPEN = 1,	/* it had not ended when the task did: `to` is then */
	TRACE_OK = 2	/* work: it was fulfilled */
};

#define TRACE_FIELDS 11
#define TRACE_SPANS_MAX 64
#define TRACE_FILE_BYTES 128
#define TRACE_WHAT_BYTES 128
/* RUN.trace_ms: tell in any case; only if the task fails. */
#define TRACE_ALWAYS 0
#define TRACE_FAILED_ONLY UINT32_MAX

#endif

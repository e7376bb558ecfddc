/*
 * kinds.h: the words for kinds of handlers, executions and lanes: one table for each,
 * for every process, log line, man page and protocol (decisions: one table of names).
 */
#ifndef DEFERD_KINDS_H
#define DEFERD_KINDS_H

#include "buf.h"

/* X(symbol, number on the wire, name). A route is a service's REST route; clients
 * never name it, they hit it. */
#define KIND_TABLE(X)                                                                     \
	X(FUNCTION, 1, "function")                                                        \
	X(EVENT, 2, "event")                                                              \
	X(SERVICE, 3, "service")                                                          \
	X(ROUTE, 4, "route")                                                              \
	X(TIMER, 5, "timer")                                                              \
	X(JOB, 6, "job")

enum kind {
	KIND_ANY = 0,
#define X(sym, number, name) KIND_##sym = number,
	KIND_TABLE(X)
#undef X
	    KIND_END
};

enum lane_name { LANE_MAIN, LANE_LOW, LANE_COUNT };
/* sync and async run in the lane main, async-low-priority in low. */
enum execution { EXEC_SYNC, EXEC_ASYNC, EXEC_LOW };

const char *kind_name(enum kind);	       /* "?" when unknown */
enum kind kind_parse(struct span name);	       /* KIND_ANY when unknown */
const char *lane_text(enum lane_name);	       /* "main", "low" */
const char *execution_text(enum execution);    /* "sync", "async", "async-low-priority" */
/* Case, dashes and underscores do not matter ("asyncLowPriority"). 0 or -ERR_UNKNOWN. */
int execution_parse(struct span text, enum execution *out);

/* How a task failed, as the worker tells it (FAILED.cause). */
#define CAUSE_TABLE(X)                                                                    \
	X(RAISED, 1, "the handler raised")                                                \
	X(CLOUD_ERROR, 2, "the handler raised a Cloud::Error: its code is the client's")  \
	X(TIMEOUT, 3, "the deadline passed")                                              \
	X(CANCELLED, 4, "it was cancelled")                                               \
	X(BAD_RESULT, 5, "the result cannot be encoded")                                  \
	X(NO_MEMORY, 6, "the worker's memory cap was hit")                                \
	X(DETACHED, 7, "it left detached deferreds and the policy is fail")
enum cause {
#define X(sym, number, text) CAUSE_##sym = number,
	CAUSE_TABLE(X)
#undef X
};

/* What to do with detached deferreds at a handler's end. */
enum detached_policy { DETACHED_WAIT, DETACHED_WARN, DETACHED_FAIL };

/* What may be left to deferd, and what auto means, is its key's to say. Of the sandbox: as
 * far as the machine can; or not at all without all of it; or never. */
enum switch_mode { SWITCH_AUTO, SWITCH_ON, SWITCH_OFF };

/* Named steps of a task. */
enum { STEPS_MAX = 256, STEP_NAME_BYTES_MAX = 200 };

/* HANDLER.flags */
enum { HANDLER_NO_REPEAT = 1 /* repeat: false: never run twice after a worker's death */ };

/* The envelope of a task: a field of RUN, a msgpack array with these positions. */
enum envelope {
	ENV_BODY,    /* the decoded body, any value; nil when there was none */
	ENV_PARAMS,  /* map, or nil: params are the body if that is a map, else {} */
	ENV_QUERY,   /* map of strings, or nil */
	ENV_PATH,    /* map of strings (a route's parameters), or nil */
	ENV_HEADERS, /* map of lower-case names to strings, or nil */
	ENV_IP,	     /* string or nil */
	ENV_CONTEXT, /* any value or nil */
	ENV_FLAGS,   /* uint: ENV_MASTER */
	ENV_COUNT
};
enum { ENV_MASTER = 1 /* called with the master key */ };

#endif

/*
 * traces.h: which tasks are traced, and the last traces that were told: at most
 * trace.count of them, and trace.bytes.
 */
#ifndef DEFERD_TRACES_H
#define DEFERD_TRACES_H

#include "../common/msg.h"
#include "../common/taskid.h"
#include <sys/queue.h>

struct core;
struct seat;
struct task;
struct trace;

struct kept_trace {
	TAILQ_ENTRY(kept_trace) place;
	struct taskid id;
	char app[65], handler[128];
	const char *kind, *why; /* static text */
	bool failed;
	unsigned attempt;
	int64_t accepted_wall_ms, wait_ns, link_ns, ran_ns;
	uint64_t dropped;
	size_t raw_bytes;
	uint8_t raw[]; /* TRACE.spans, checked */
};
TAILQ_HEAD(kept_traces, kept_trace);

struct traces {
	struct kept_traces kept; /* the newest first */
	size_t n, bytes;
	unsigned until_sample; /* so many leases until one is sampled */
};

void traces_init(struct traces *);
void traces_fini(struct traces *);
/* The task is being leased: from how many milliseconds on its worker is to tell; as in
 * RUN. */
uint32_t traces_ask(struct core *, const struct task *);
/* A worker tells of the task. 0, or -ERR_*: no worker of ours says such a thing. */
int traces_take(struct core *, const struct task *, const struct msg_trace *) MUST_USE;
/* The newest trace of the task; NULL: none. */
const struct kept_trace *traces_find(const struct traces *, const struct taskid *);
/* The same for an abbreviated id, as core_find_task_text. */
const struct kept_trace *traces_find_text(
    const struct traces *, struct span text, bool *ambiguous);

#endif

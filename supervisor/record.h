/*
 * record.h: what the store keeps of a task, as bytes: msgpack arrays that begin with their
 * version. Pure. Times are wall times in ms: a restart, maybe of the machine, lies between
 * writing and reading.
 */
#ifndef DEFERD_RECORD_H
#define DEFERD_RECORD_H

#include "keys.h"
#include "steps.h"

/* A task as it was accepted (STORE_TASK). */
struct record {
	struct taskid id;
	struct span app, name; /* borrowed from the bytes, as all spans here */
	enum kind kind;
	enum execution execution;
	int64_t accepted_wall_ms;
	int64_t due_wall_ms; /* 0: at once */
	uint32_t timeout_ms;
	uint8_t attempts_max;
	struct span key; /* n 0: none */
	enum keys_sort key_sort;
	struct span payload; /* the envelope */
};
void record_pack(struct buf *, const struct task *, int64_t due_wall_ms);
int record_parse(struct span, struct record *) MUST_USE; /* 0 or -ERR_MALFORMED */

/* What changed since (STORE_MARK). */
struct record_mark {
	uint8_t attempt, failures, deaths, reruns;
	int64_t due_wall_ms; /* 0: queued */
};
void record_pack_mark(struct buf *, const struct task *, int64_t due_wall_ms);
int record_parse_mark(struct span, struct record_mark *) MUST_USE;

/* How it ended (STORE_END): with what it was, so that it stands alone. */
struct record_end {
	struct record task; /* payload: of a dead task only, so that it can be retried */
	enum task_state state;
	enum fault fault;
	uint8_t attempt;
	int64_t started_wall_ms; /* 0: never */
	int64_t ended_wall_ms;
	uint32_t run_us, burst_us;
	struct span result, class, message, backtrace, headers, progress; /* n 0: none */
	double fraction;
	int64_t code;
	bool has_code;
	int status;
};
/* Of a task that has ended. */
void record_pack_end(struct buf *, const struct task *);
int record_parse_end(struct span, struct record_end *) MUST_USE;

/* A finished step (STORE_STEP), found by its own key; of the task with that key. */
struct record_step {
	uint64_t task_key;
	struct span name, value;
};
void record_pack_step(struct buf *, uint64_t task_key, const struct step *);
int record_parse_step(struct span, struct record_step *) MUST_USE;

/* How far a timer has come (STORE_TIMER). */
struct record_timer {
	struct span app, name;
	int64_t done_wall_ms; /* all that was due until then is dealt with */
	int64_t last_wall_ms; /* its last tick; 0: none */
	uint32_t owed;	      /* ticks that wait for the last one's end */
};
/* Of a handler that is a timer. */
void record_pack_timer(struct buf *, const struct handler *, int64_t done_wall_ms);
int record_parse_timer(struct span, struct record_timer *) MUST_USE;

#endif

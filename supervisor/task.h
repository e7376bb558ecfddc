/*
 * task.h: a task is one invocation. Its states, and the only function that changes them.
 * Pure: no I/O, time is an argument.
 *
 *          task_accept
 *   (new) -----> QUEUED --lease--> LEASED --DONE--> DONE
 *                  ^  \               | \---FAILED--> FAILED
 *                  |   \cancel        |  \--cancel--> CANCELLED
 *                  |    v             |   \-poison--> DEAD
 *                  +-- requeue -------+
 *   ACCEPTED waits for its commit, DELAYED for its time; both end when cancelled.
 *   What is QUEUED or DELAYED becomes DEAD, and DEAD becomes QUEUED, when an operator says so.
 */
#ifndef DEFERD_TASK_H
#define DEFERD_TASK_H

#include "../common/heap.h"
#include "../common/kinds.h"
#include "../common/taskid.h"
#include "fault.h"
#include <sys/queue.h>

struct app;
struct handler;
struct lease_seat;
struct task;
struct task_key;
struct task_steps;

#define TASK_STATE_TABLE(X)                                                               \
	X(ACCEPTED, "accepted")                                                           \
	X(QUEUED, "queued")                                                               \
	X(DELAYED, "delayed")                                                             \
	X(LEASED, "leased")                                                               \
	X(DONE, "done")                                                                   \
	X(FAILED, "failed")                                                               \
	X(DEAD, "dead")                                                                   \
	X(CANCELLED, "cancelled")
enum task_state {
#define X(sym, text) TASK_##sym,
	TASK_STATE_TABLE(X)
#undef X
	    TASK_STATE_COUNT
};
const char *task_state_name(enum task_state);
enum task_state task_state_parse(struct span name); /* TASK_STATE_COUNT when unknown */
static inline bool
task_has_ended(enum task_state s)
{
	return s >= TASK_DONE;
}

/* Called once, when the task has ended, from the loop and never from within
 * core_submit. The task is borrowed for the call. */
typedef void task_done_cb(struct task *, void *arg);
/* Called once when a task that core_submit left in ACCEPTED is safe (FAULT_NONE), or is
 * none of ours after all: then it is gone after the call. */
typedef void task_accepted_cb(struct task *, enum fault, void *arg);

/* What a handler said besides its result, or how it failed: made only when there is
 * something to say. Owned by the task; strings owned, may be NULL. */
struct task_note {
	char *class, *message;
	uint8_t *backtrace; /* msgpack: array of strings */
	size_t backtrace_bytes;
	uint8_t *headers; /* msgpack: map, Cloud::Response's */
	size_t headers_bytes;
	int64_t code;	 /* of a Cloud::Error with an integer code */
	bool has_code;
	int status;	 /* HTTP status that the handler asked for; 0: none */
	double fraction; /* of progress; < 0: none */
	char *progress;
	struct task_key *key; /* of keys.h, which owns it; NULL: none */
	struct task_steps *steps; /* of steps.h; owned; NULL: none */
};

struct task {
	struct taskid id;
	TAILQ_ENTRY(task) all;	 /* every task, in the order of acceptance */
	TAILQ_ENTRY(task) place; /* its lane's FIFO, its seat's leases, or the ended ones */
	struct heap_node deadline; /* in the core's heap while it has one; of a delayed
				      task: when it is due (wall ms), in the heap of those */
	struct app *app;	   /* borrowed; outlives the task */
	struct handler *handler;   /* borrowed; outlives the task */
	struct lease_seat *seat;   /* while leased */
	uint8_t *payload;	   /* the envelope, msgpack; owned; freed when it ends, unless
				      dead: then it can be run again */
	uint8_t *result;	   /* msgpack; owned; when done */
	struct task_note *note;	   /* owned; or NULL */
	task_done_cb *done;	   /* who waits for it; NULL: nobody (any more) */
	void *done_arg;
	int64_t accepted_ms;	   /* monotonic, as are the next two; 0: not yet */
	int64_t started_ms;	   /* of the last lease */
	int64_t ended_ms;
	int64_t accepted_wall_ms;  /* what people are shown; the others are derived from it */
	uint64_t key;		   /* of its record in the store; 0: it has none */
	uint32_t payload_bytes, result_bytes;
	uint32_t timeout_ms;
	uint32_t run_us, burst_us; /* as the worker measured */
	uint8_t state;		   /* enum task_state */
	uint8_t execution;	   /* enum execution */
	uint8_t lane;		   /* enum lane_name */
	uint8_t fault;		   /* enum fault; FAULT_NONE unless it failed */
	uint8_t attempt;	   /* of the current or last lease, from 1; 0: never leased */
	uint8_t attempts_max;	   /* 1: no retries */
	uint8_t deaths;		   /* charged: its burst ran when a worker died */
	uint8_t reruns;		   /* uncharged: it was a neighbour */
	uint8_t failures;	   /* attempts that failed and were followed by a retry */
	uint8_t flags;		   /* enum task_flag */
};
TAILQ_HEAD(task_list, task);

enum task_flag {
	TASK_CANCELLING = 1, /* CANCEL was sent */
	TASK_ANSWERED = 2,   /* the sync caller got its answer; a late result is only counted */
	TASK_TIMED_OUT = 4,  /* the deadline passed while it was leased */
	TASK_KILLED = 8,     /* an operator killed its worker because of it */
	TASK_RESULT_TAKEN = 16, /* the caller has the result: its bytes need not be kept */
	TASK_MARKED = 32, /* the store has a mark of it */
	TASK_TRACE = 64	  /* its client wants it traced */
};

/* A new task in ACCEPTED, in no list; takes payload (malloc'ed) over. NULL: no memory,
 * payload stays the caller's. */
struct task *task_new(const struct taskid *, uint8_t *payload, size_t payload_bytes);
/* In no list, no heap. */
void task_free(struct task *);
/* The one place that changes a state. ASSERTs that the change is in the picture above. */
void task_move(struct task *, enum task_state, int64_t now_ms);
/* A dead one that is queued again: of its former attempts only the steps are left. */
void task_forget_attempts(struct task *);
/* The state as its caller was told it: a sync task that was answered at its deadline has
 * failed, whatever its worker still does. */
enum task_state task_told_state(const struct task *);
/* The note, made on demand; NULL: no memory. */
struct task_note *task_note(struct task *);
/* Milliseconds in the queue (until the last lease, the end, or now), and running. */
int64_t task_wait_ms(const struct task *, int64_t now_ms);
int64_t task_run_ms(const struct task *, int64_t now_ms);
/* Wall time of a monotonic instant of this task (started_ms, ended_ms). */
int64_t task_wall_ms(const struct task *, int64_t mono_ms);
/* When a delayed one is due; 0 in other states. */
int64_t task_due_wall_ms(const struct task *);
/* Bytes of memory the task holds: the struct, payload, result, note. */
size_t task_memory_bytes(const struct task *);

#endif

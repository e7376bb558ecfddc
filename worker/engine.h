/*
 * engine.h: what runs handlers in one process: the interpreter, the catalogue of handlers,
 * the tasks with their scopes, fibers and pending operations, and the queue of what is
 * ready to run. The engine knows no sockets: messages go to an outbox (outbox.h), time
 * comes from a clock that is handed in, and its owner calls engine_turn.
 *
 * A task is one leased invocation. A scope is one run of a handler: the task's own, or
 * one of a Cloud.call. A fiber belongs to a scope while it runs Ruby for it. A pend is
 * real work that is under way: a timer, an async block, a call, an enqueue.
 */
#ifndef DEFERD_ENGINE_H
#define DEFERD_ENGINE_H

#include "../common/heap.h"
#include "../common/msg.h"
#include "../common/page.h"
#include "catalog.h"
#include "../common/outbox.h"
#include "http.h"
#include "pin.h"
#include "slots.h"
#include <sys/queue.h>

#define CALL_DEPTH_MAX 16

struct engine;
struct loader;
struct scope;
struct task;

/* Something that happens at a time: due_set puts it into the engine's heap. fire runs in
 * engine_turn, outside of Ruby. */
struct due {
	struct heap_node node;
	void (*fire)(struct engine *, struct due *);
};

enum fiber_state { FIBER_IDLE, FIBER_READY, FIBER_RUNNING, FIBER_PARKED };
struct fiber {
	TAILQ_ENTRY(fiber) place; /* the idle ones, or its scope's */
	struct scope *scope;	  /* NULL when idle */
	struct RFiber *fib;	  /* kept by pin, as are the next two */
	struct RArray *frame;	  /* [receiver, argument, mark, method] */
	mrb_value trampoline;
	pin pin;
	pin interrupt; /* what its await raises when it runs next */
	int64_t park;  /* code of its present await; 0: none */
	uint32_t await;	 /* the same await's number in the shared page; 0: none */
	uint32_t span;	 /* ... and in the task's trace */
	mrb_value waits; /* the deferred that it awaits while parked */
	enum fiber_state state;
	bool root;     /* runs its scope's handler */
	int64_t work;  /* pend of the async block that it runs; 0: another */
	uint64_t run;  /* counts the fibers' runs: the pends made in this one have it */
	bool detached; /* nobody waits for it */
};
TAILQ_HEAD(fiber_list, fiber);

/* PEND_IO: what a C file does through events of its own; it sets what, stop and io. */
enum pend_kind { PEND_TIMER, PEND_ASYNC, PEND_CALL, PEND_ENQUEUE, PEND_STEP, PEND_IO };
struct pend {
	TAILQ_ENTRY(pend) place; /* its scope's */
	struct due due;		 /* a timer's */
	struct scope *scope;
	int64_t code;
	pin deferred;
	pin value;	   /* what it will settle with */
	bool ok;	   /* ... and how */
	bool detached;	   /* the handler said so, or nobody waits for it any more */
	bool adopted;	   /* reachable from what was returned or awaited */
	bool held;	    /* a fiber awaits it, or what comes of it */
	bool reported;	   /* as a detached deferred */
	enum pend_kind kind;
	const char *file; /* where it was made; belongs to the interpreter */
	int line;
	uint64_t run;	/* of the fiber that made it */
	int64_t callee; /* scope of a PEND_CALL */
	int64_t done_ns; /* when it was done, or due; 0: not yet, or unknown */
	uint32_t span;	 /* its number in the task's trace */
	const char *what; /* of a PEND_IO: "HTTP.get"; static */
	/* Ends the work: nobody wants its outcome any more. Called at most once, from
	 * pend_cancel or pend_free, and not after pend_finish; it must not run Ruby. */
	void (*stop)(struct engine *, struct pend *);
	void *io; /* whose work it is; for stop */
};
TAILQ_HEAD(pend_list, pend);

enum scope_phase {
	SCOPE_NEW,	 /* in the ready queue */
	SCOPE_RUNNING,	 /* its handler runs or awaits */
	SCOPE_FOLLOWING, /* the handler returned a deferred that is pending */
	SCOPE_LINGERING, /* the outcome is known, detached work is waited for */
	SCOPE_ENDED	 /* reported; lives on while it has fibers, pends or reactions */
};
struct scope {
	TAILQ_ENTRY(scope) place; /* its task's */
	struct task *task;
	struct scope *parent; /* of a Cloud.call; NULL: the task's own */
	int64_t call;	      /* the pend in the parent; 0 for the task's own */
	const struct handler *handler;
	int64_t code;
	enum scope_phase phase;
	int depth;
	bool ok;   /* the outcome, from LINGERING on */
	pin value; /* result, reason, or the deferred that is followed */
	pin request;
	enum cause cut;	  /* TIMEOUT or CANCELLED: it was interrupted; 0: not */
	char *cut_reason; /* owned */
	pin cut_error;	  /* what its awaits raised: its backtrace tells where */
	struct due deadline, grace;
	struct fiber_list fibers;
	struct pend_list pends;
	pin unhandled;	 /* Array of rejected deferreds that nobody has handled; or 0 */
	mrb_int unhandled_max; /* its length at which those are dropped that are handled now */
	uint32_t linger; /* settlements until all that is left is looked through again */
	uint32_t queued; /* reactions of its in the ready queue */
	uint32_t queued_detached;
};
TAILQ_HEAD(scope_list, scope);

/* How the task's time goes, see trace.h; n 0: there is nothing to tell yet. */
struct trace {
	struct trace_chunk *first, *last;
	uint32_t n; /* so many spans were noted */
};

struct task {
	TAILQ_ENTRY(task) place;
	struct taskid id;
	uint32_t attempt;
	unsigned lane;
	struct scope_list scopes;
	int64_t began_ns, burst_ns; /* burst: the longest one */
	int64_t burst_from_ns, burst_to_ns; /* the first one; 0: none yet */
	uint32_t trace_ms; /* as in RUN */
	struct trace trace;
	size_t log_bytes;	    /* logged so far */
	struct buf steps;	    /* finished ones: name, value, name, ... in msgpack */
	uint32_t step_n;
	bool keeps_steps; /* the supervisor does: no sync task */
	bool ended;
};
TAILQ_HEAD(task_list, task);

enum ready_kind {
	READY_START,
	READY_FIBER,
	READY_REACTION,
	READY_PEND,
	READY_OUTCOME,
	READY_CUT
};
struct ready {
	enum ready_kind kind;
	bool detached;
	pin pin;      /* REACTION: the deferred */
	int64_t code; /* of the scope, of the await, or of the pend */
};

struct engine_conf {
	const char *handlers; /* folder; borrowed */
	size_t memory_bytes, result_bytes, log_bytes, batch_bytes;
	int64_t timeout_ms, job_timeout_ms;
	int64_t grace_ms; /* for `ensure` after a deadline */
	enum detached_policy detached;
	bool blocking_io;
	struct http_conf http; /* its lists are borrowed */
};

struct engine {
	unsigned magic;
	struct engine_conf conf;
	struct vm vm;
	struct catalog catalog;
	struct outbox out;
	uint64_t worker;   /* its number, in every message about a task */
	struct page *page; /* borrowed; or NULL */
	int64_t (*clock_ns)(void *arg); /* CLOCK_MONOTONIC unless set */
	void *clock_arg;
	int64_t now_ns;
	struct heap dues;
	struct task_list tasks;
	size_t task_n;
	struct slots scopes, parks, pends;
	struct fiber_list idle;
	size_t fiber_n, idle_n; /* all; idle ones */
	uint64_t runs;		/* of fibers, so far */
	struct fiber *running;
	struct scope *scope; /* the one that Ruby runs for now; NULL: none */
	struct {
		struct ready *item; /* owned ring */
		size_t at, n, room;
	} ready;
	mrb_int walks; /* through sources; a walk marks what it has seen */
	struct trace_chunk *trace_spare; /* owned; to be used again */
	size_t trace_spares;
	const char *retire; /* why the worker should be replaced; NULL: no need */
	struct buf scratch, why, text; /* for encoding; owned here so that a raise leaks none */
	void (*burst_over)(struct engine *); /* before its scope is forgotten; or NULL */
	int captured_fd; /* what burst_over reads: see capture.h */
	struct http *http; /* from the first request on, or earlier; see http.h */
	bool names_http;   /* a handlers' file does */
	bool loading;
	struct loader *loader; /* while files are loaded */
};

/* --- engine.c --- */
/* Opens the interpreter with the prelude in it. NULL: logged why. */
struct engine *engine_new(const struct engine_conf *);
void engine_free(struct engine *);
/* Takes a RUN. What is wrong with it is answered by a FAILED. */
void engine_run(struct engine *, const struct msg_run *);
void engine_cancel(struct engine *, const struct msg_cancel *);
void engine_enqueued(struct engine *, const struct msg_enqueued *);
void engine_stepped(struct engine *, const struct msg_stepped *);
/* Fires what is due and runs what is ready, for about budget_ns. True: more is ready. */
bool engine_turn(struct engine *, int64_t budget_ns);
/* Nanoseconds until something is due, at least 0; -1: nothing is. */
int64_t engine_wait_ns(struct engine *);

void due_set(struct engine *, struct due *, int64_t at_ns);
void due_clear(struct engine *, struct due *);
void engine_push(struct engine *, struct ready);
/* Brackets every run of Ruby for a scope: the shared page, the clock, the current scope.
 * They do not nest. */
void burst_begin(struct engine *, struct scope *);
void burst_end(struct engine *);
static inline struct engine *
engine_of(mrb_state *mrb)
{
	return mrb->ud;
}

/* --- fiber.c --- */
/* Runs receiver.__call(argument), or the named method, in a fiber of the scope, now. The
 * values must be protected by the caller. */
void fiber_start(struct engine *, struct scope *, mrb_value receiver, mrb_value argument,
    mrb_sym method, bool root, bool detached);
/* Runs the fiber that parked with that code; nothing when it has been woken meanwhile. */
void fiber_resume(struct engine *, int64_t park);
/* What the parked fiber awaits has settled: it will run. */
void fiber_wake(struct engine *, struct fiber *);
/* Makes its await raise that exception. It must be parked or ready. */
void fiber_interrupt(struct engine *, struct fiber *, mrb_value exception);
/* The one that runs d's block is detached from now on; its run, or 0 when there is none. */
uint64_t fiber_detach(struct scope *, mrb_value d);
/* Forgets a fiber that does not end: its `ensure` will not run. */
void fiber_abandon(struct engine *, struct fiber *);
/* For await: parks the running fiber; MAY_RAISE when it cannot be suspended here. */
int64_t fiber_park(struct engine *, mrb_value deferred);
void fiber_define(struct engine *);
void fiber_close(struct engine *);

/* --- suspend.c --- */
/* Why the Ruby that runs now cannot be suspended, with what to write instead; NULL: it can.
 * Valid until the next call. */
const char *suspend_refusal(struct engine *);

/* --- scope.c --- */
/* The request is protected by the caller; deadline_ns 0: none. NULL: too many. */
struct scope *scope_new(struct engine *, struct task *, struct scope *parent,
    const struct handler *, mrb_value request, int64_t deadline_ns);
void scope_start(struct engine *, struct scope *);
/* The handler ended with that value or exception. */
void scope_returned(struct engine *, struct scope *, bool ok, mrb_value);
/* The deferred that it returned has settled. */
void scope_outcome(struct engine *, struct scope *);
/* Interrupts everything that runs for it: its deadline has come, or it was cancelled. */
void scope_cut(struct engine *, struct scope *, enum cause, const char *reason);
/* Looks whether it can end, or be freed; it may be gone afterwards. */
void scope_check(struct engine *, struct scope *);
/* What becomes of the work that it leaves pending: its handler's word, else the app's. */
enum detached_policy scope_policy(const struct engine *, const struct scope *);
void scope_unhandled(struct engine *, struct scope *, mrb_value deferred);
/* Drops all of a task's scopes, whatever they do. */
void scope_close(struct engine *, struct task *);

/* --- task.c --- */
struct task *task_find(struct engine *, struct span id, uint64_t attempt);
void task_done(struct engine *, struct task *, mrb_value result);
void task_failed(struct engine *, struct task *, enum cause, mrb_value reason,
    const char *override);
void task_free(struct engine *, struct task *);

/* --- pend.c --- */
struct pend *pend_new(struct engine *, struct scope *, enum pend_kind, mrb_value deferred);
/* The work has ended: it will settle its deferred so in the next turn of the ready queue.
 * From an event's callback too; the value is protected by the caller. */
void pend_finish(struct engine *, struct pend *, bool ok, mrb_value);
void pend_run(struct engine *, int64_t code);
/* The supervisor's answer to a request of that kind: a text (or nil) when code is empty,
 * else a Cloud::Error. */
void pend_answered(struct engine *, enum pend_kind, uint64_t request, struct span text,
    struct span code, struct span message);
void pend_timer(struct engine *, struct pend *, double seconds);
/* Stops the work, if it can be; the deferred is left as it is. */
void pend_cancel(struct engine *, struct pend *);
void pend_free(struct engine *, struct pend *);
const char *pend_what(const struct pend *);

#endif

/*
 * usertest.h: deferd-worker -t: tests that users write for their handlers, run in a
 * bare engine on a clock that jumps to the next timer as soon as nothing else can run.
 * TAP on stdout. rb/test.rb is what a test file sees; deferd-handlers(7) describes it.
 */
#ifndef DEFERD_USERTEST_H
#define DEFERD_USERTEST_H

#include "engine.h"
#include <time.h>

/* What a test asked for while Ruby ran: it is done when Ruby has come to its await. */
struct order {
	STAILQ_ENTRY(order) next;
	int64_t pend; /* of the deferred that its outcome settles */
	uint32_t handler;
	int64_t timeout_ms;
	int64_t cancel_after_ns; /* -1: it is not cancelled */
	struct due cancel;
	uint64_t task; /* its number, for that */
	struct buf envelope;
};
STAILQ_HEAD(order_list, order);

/* A task's id tells whose it is: a number, and the pend of the deferred that waits. */
struct owner {
	uint64_t number;
	int64_t pend;
};
_Static_assert(sizeof(struct owner) == TASKID_BYTES, "an owner is no task id");

/* All files of a command line. */
struct usertest_tally {
	unsigned tests, failed;
	char title[256]; /* what runs, for when it does not end */
	timer_t stuck;   /* fires then */
};

struct usertest {
	struct engine *engine;
	struct usertest_tally *tally; /* borrowed */
	int64_t now_ns;               /* the clock */
	int64_t began_ns;             /* when the present test did; 0: none runs */
	uint64_t tasks;               /* ids that were given */
	struct order_list orders;
	uint32_t *test; /* owned: catalogue indices, in the order of the file */
	size_t test_n;
	bool ended, ok;     /* the present test, and how */
	struct buf failure; /* what its FAILED said, as lines */
};

/* Runs what the command line asks for; its exit status. argv[0] is "-t". */
int usertest_main(int argc, char **argv);

/* --- usertest_ask.c --- */
/* The C half of rb/test.rb, before that is loaded. The engine's clock_arg is the
 * usertest. */
void usertest_define(struct engine *);
/* Starts a task, and returns its number; pend 0: the test's own. */
uint64_t usertest_start(struct usertest *, uint32_t handler, int64_t pend,
    int64_t timeout_ms, struct span envelope);

void usertest_start_order(struct usertest *, struct order *);

/* --- usertest_told.c --- */
/* A new list of what the test has seen. */
void usertest_begin(struct usertest *);
/* What has gone wrong besides a raise: Array of Strings, or nil; in the arena. */
mrb_value usertest_report(struct usertest *);
/* Takes what is in the outbox, and answers it. True: there was something. */
bool usertest_take(struct usertest *);

#endif

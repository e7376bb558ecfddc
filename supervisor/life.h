/*
 * life.h: a worker's life in its seat, as a table of states and events. Pure.
 *
 *   EMPTY --spawn--> STARTING --hello--> READY --retire--> CLOSING --bye--> LEAVING
 *     ^                 |                  |  \--bye-------------------------^ |
 *     |                 +-------kill-------+--------> KILLED <-----kill--------+
 *     +------------------------------exit---------------------------------------
 *
 * An exit in any state empties the seat. Whatever the picture does not have is no crash:
 * the action is LIFE_ODD, which is logged and counted, and the state stays.
 */
#ifndef DEFERD_LIFE_H
#define DEFERD_LIFE_H

enum life_state {
	LIFE_EMPTY,
	LIFE_STARTING, /* SPAWN was sent; no WELCOME yet */
	LIFE_READY,
	LIFE_CLOSING, /* RETIRE was sent: its tasks finish, then BYE comes */
	LIFE_LEAVING, /* BYE_ACK was sent: it exits */
	LIFE_KILLED,  /* SIGKILL was sent: its exit comes */
	LIFE_STATE_COUNT
};

enum life_event {
	LIFE_EV_SPAWN,
	LIFE_EV_HELLO,
	LIFE_EV_RETIRE,
	LIFE_EV_BYE,
	LIFE_EV_KILL,
	LIFE_EV_EXIT,
	LIFE_EV_SPAWN_FAILED,
	LIFE_EVENT_COUNT
};

enum life_action {
	LIFE_ODD = 0,	/* not expected in this state */
	LIFE_IGNORE,	/* fine, nothing to do */
	LIFE_ASK_SPAWN, /* send SPAWN to the forkserver */
	LIFE_GREET,	/* send WELCOME; the seat takes leases */
	LIFE_ASK_RETIRE, /* send RETIRE; the seat takes no more leases */
	LIFE_LET_GO,	/* take its leases back, send BYE_ACK */
	LIFE_SHOOT,	/* SIGKILL */
	LIFE_BURY_WELL, /* exited as agreed: the seat is empty */
	LIFE_BURY_DEAD	/* died: obituary, settle its tasks, the seat is empty */
};

struct life_step {
	enum life_state next;
	enum life_action action;
};

struct life_step life_step(enum life_state, enum life_event);
/* "empty" "starting" "ready" "closing" "leaving" "killed" */
const char *life_state_name(enum life_state);
const char *life_event_name(enum life_event);

#endif

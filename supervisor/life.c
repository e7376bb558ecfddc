#include "life.h"

static const char *const life_state_names[LIFE_STATE_COUNT] = {
    [LIFE_EMPTY] = "empty",
    [LIFE_STARTING] = "starting",
    [LIFE_READY] = "ready",
    [LIFE_CLOSING] = "closing",
    [LIFE_LEAVING] = "leaving",
    [LIFE_KILLED] = "killed",
};

static const char *const life_event_names[LIFE_EVENT_COUNT] = {
    [LIFE_EV_SPAWN] = "spawn",
    [LIFE_EV_HELLO] = "hello",
    [LIFE_EV_RETIRE] = "retire",
    [LIFE_EV_BYE] = "bye",
    [LIFE_EV_KILL] = "kill",
    [LIFE_EV_EXIT] = "exit",
    [LIFE_EV_SPAWN_FAILED] = "spawn failed",
};

/* Cells that are not named are {LIFE_EMPTY, LIFE_ODD}; life_step keeps the state then.
 */
static const struct life_step life_table[LIFE_STATE_COUNT][LIFE_EVENT_COUNT] = {
    [LIFE_EMPTY] =
	{
	    [LIFE_EV_SPAWN] = {LIFE_STARTING, LIFE_ASK_SPAWN},
	    [LIFE_EV_RETIRE] = {LIFE_EMPTY, LIFE_IGNORE},
	    [LIFE_EV_KILL] = {LIFE_EMPTY, LIFE_IGNORE},
	},
    [LIFE_STARTING] =
	{
	    [LIFE_EV_HELLO] = {LIFE_READY, LIFE_GREET},
	    /* It runs nothing yet, so there is nothing to be gentle about. */
	    [LIFE_EV_RETIRE] = {LIFE_KILLED, LIFE_SHOOT},
	    [LIFE_EV_KILL] = {LIFE_KILLED, LIFE_SHOOT},
	    [LIFE_EV_EXIT] = {LIFE_EMPTY, LIFE_BURY_DEAD},
	    [LIFE_EV_SPAWN_FAILED] = {LIFE_EMPTY, LIFE_BURY_DEAD},
	},
    [LIFE_READY] =
	{
	    [LIFE_EV_RETIRE] = {LIFE_CLOSING, LIFE_ASK_RETIRE},
	    [LIFE_EV_BYE] = {LIFE_LEAVING, LIFE_LET_GO},
	    [LIFE_EV_KILL] = {LIFE_KILLED, LIFE_SHOOT},
	    [LIFE_EV_EXIT] = {LIFE_EMPTY, LIFE_BURY_DEAD},
	},
    [LIFE_CLOSING] =
	{
	    [LIFE_EV_RETIRE] = {LIFE_CLOSING, LIFE_IGNORE},
	    [LIFE_EV_BYE] = {LIFE_LEAVING, LIFE_LET_GO},
	    [LIFE_EV_KILL] = {LIFE_KILLED, LIFE_SHOOT},
	    [LIFE_EV_EXIT] = {LIFE_EMPTY, LIFE_BURY_DEAD},
	},
    [LIFE_LEAVING] =
	{
	    [LIFE_EV_RETIRE] = {LIFE_LEAVING, LIFE_IGNORE},
	    [LIFE_EV_KILL] = {LIFE_KILLED, LIFE_SHOOT},
	    [LIFE_EV_EXIT] = {LIFE_EMPTY, LIFE_BURY_WELL},
	},
    [LIFE_KILLED] =
	{
	    [LIFE_EV_HELLO] = {LIFE_KILLED, LIFE_IGNORE},
	    [LIFE_EV_RETIRE] = {LIFE_KILLED, LIFE_IGNORE},
	    [LIFE_EV_BYE] = {LIFE_KILLED, LIFE_IGNORE},
	    [LIFE_EV_KILL] = {LIFE_KILLED, LIFE_IGNORE},
	    [LIFE_EV_EXIT] = {LIFE_EMPTY, LIFE_BURY_DEAD},
	    [LIFE_EV_SPAWN_FAILED] = {LIFE_EMPTY, LIFE_BURY_DEAD},
	},
};

struct life_step
life_step(enum life_state state, enum life_event event)
{
	struct life_step step = life_table[state][event];

	if (step.action == LIFE_ODD)
		step.next = state;
	return step;
}

const char *
life_state_name(enum life_state s)
{
	return s < LIFE_STATE_COUNT ? life_state_names[s] : "?";
}

const char *
life_event_name(enum life_event e)
{
	return e < LIFE_EVENT_COUNT ? life_event_names[e] : "?";
}

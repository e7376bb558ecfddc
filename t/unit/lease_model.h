/*
 * lease_model.h: an executable model of the lane rule for the property test, written
 * from the contract in lease.h and not from lease.c. Slow and plain: everything is
 * counted afresh from arrays; nothing is kept twice.
 *
 * The model drives a real struct lease: each model_* event tells both. model_settle
 * asks lease_next until it has nothing to do and judges each answer.
 */
#ifndef DEFERD_LEASE_MODEL_H
#define DEFERD_LEASE_MODEL_H

#include "../../supervisor/lease.h"

#define MODEL_APPS 3
#define MODEL_SEATS 6
#define MODEL_TASKS 96
#define MODEL_SLOTS 4
#define MODEL_TRACE 24

struct model_queue { /* the ready tasks of an app in a lane, next first */
	struct task *task[MODEL_TASKS];
	int n;
};

struct model_seat {
	enum lease_seat_state state;
	int app, promised;
	struct task *task[MODEL_SLOTS];
	int n;
};

struct model {
	int concurrent, slots, app_n;
	int64_t threshold_e9;
	bool paused[LANE_COUNT];
	struct {
		struct model_queue queue[LANE_COUNT];
		bool can_spawn;
		int limit;
	} app[MODEL_APPS];
	int turn[LANE_COUNT][MODEL_APPS]; /* apps with tasks, whose turn comes first */
	int turn_n[LANE_COUNT];
	struct model_seat seat[MODEL_SEATS];
	int refuse_pct; /* how often a spawn is refused */
	uint64_t granted[LANE_COUNT], spawned, retired, refused;
	/* the real thing */
	struct lease lease;
	struct lease_seat real_seat[MODEL_SEATS];
	struct app real_app[MODEL_APPS];
	struct task pool[MODEL_TASKS];
	uint64_t *random; /* borrowed */
	char trace[MODEL_TRACE][80]; /* the last events, a ring */
	unsigned trace_n;
};

void model_init(struct model *, uint64_t *random);
void model_fini(struct model *);
/* One random event, told to the model and to the lease. */
void model_event(struct model *);
/* Carries out what lease_next says until LEASE_NONE. NULL, or what was wrong. */
const char *model_settle(struct model *);
/* How many tasks of the lane are leasable, by the contract's words. */
int model_leasable(const struct model *, enum lane_name);
void model_note_trace(const struct model *);

#endif

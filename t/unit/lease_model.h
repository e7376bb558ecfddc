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

#define MODEL_APPS 12
#define MODEL_SEATS 8
#define MODEL_TASKS 160
#define MODEL_SLOTS 8
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
	int64_t ready_ms, idle_ms;
	bool beside, fresh; /* not of the pool; fresh: a reload's, for later */
};

struct model {
	int concurrent, slots, app_n;
	int64_t threshold_e9, now_ms;
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
	uint64_t granted[LANE_COUNT], spawned, taken, closed, refused;
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

/* --- lease_model.c, for lease_model_pool.c --- */
int model_leased(const struct model *, int lane, int app); /* -1: any */
bool model_under_limit(const struct model *, int app);
bool model_free_slot(const struct model *, int app);
bool model_full(const struct model *);
int model_low_limit(const struct model *);

/* --- lease_model_pool.c: whose worker (rules 4 to 6) --- */
bool model_can_make(const struct model *, int app);
const char *model_spawn(struct model *, const struct lease_action *);
const char *model_retire(struct model *, const struct lease_action *);
/* No worker could be made, taken or closed. NULL, or what could. */
const char *model_no_worker(const struct model *);

#endif

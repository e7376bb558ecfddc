/*
 * world.h: a task core with real processes and pipes, and workers that misbehave on demand
 * (t/fault/oddworker.c), for unit tests.
 */
#ifndef DEFERD_T_WORLD_H
#define DEFERD_T_WORLD_H

#include "../../common/clock.h"
#include "../../supervisor/core_impl.h"
#include "t.h"

#define PATIENCE_MS 10000

struct world {
	struct event_base *base;
	struct event *child;
	struct conf conf;
	struct conf_app app;
	struct core *core;
};

struct call {
	bool over;
	enum task_state state;
	enum fault fault;
	uint8_t result[16];
	size_t result_bytes;
};

/* A pool of that size, loaded and running; odd is $ODDWORKER. */
void world_init(struct world *, int workers, int slots, const char *odd);
void world_fini(struct world *);
/* One turn of the loop, at most 20 ms. */
void world_turn(struct world *);
/* Submits; what became of it will stand in *c. */
struct task *world_start(struct world *, const char *name, enum execution, struct call *c);
/* Submits and waits. */
struct call world_call(struct world *, const char *name, enum execution);
/* Seats with a ready worker. */
size_t world_ready(const struct world *);
uint64_t world_stat_of(const struct world *, enum stat);
/* Workers that died, whatever the cause. */
uint64_t world_deaths(const struct world *);

#define WAIT_FOR(w, condition)                                                         \
	do {                                                                           \
		int64_t until_ = clock_now_ms() + PATIENCE_MS;                         \
		while (!(condition)) {                                                 \
			if (clock_now_ms() > until_)                                   \
				t_fail(__FILE__, __LINE__, "never: %s", #condition);   \
			world_turn(w);                                                       \
		}                                                                      \
	} while (0)

#endif

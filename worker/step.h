/*
 * step.h: req.step: the finished steps of a task, as its RUN brought them and as they
 * were added since.
 */
#ifndef DEFERD_STEP_H
#define DEFERD_STEP_H

#include "engine.h"

/* After request_define, before the prelude. */
void step_define(struct engine *);
/* Takes what RUN says. False: no memory. */
bool step_load(struct task *, struct span steps) MUST_USE;

#endif

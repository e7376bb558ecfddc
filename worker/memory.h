/*
 * memory.h: how many addresses a worker may have: what stands behind the allocator's cap
 * when something else than Ruby grows.
 */
#ifndef DEFERD_MEMORY_H
#define DEFERD_MEMORY_H

#include "engine.h"

/* Before NNG's threads are started. A failure is logged. */
void memory_limit(const struct engine *);

#endif

/*
 * scope.h: what scope.c and cut.c share; engine.h has what the others see.
 */
#ifndef DEFERD_SCOPE_H
#define DEFERD_SCOPE_H

#include "engine.h"

void scope_free(struct engine *, struct scope *);

/* --- cut.c --- */
/* The due of a scope's deadline, and of the end of the time for `ensure`. */
void cut_deadline(struct engine *, struct due *);
void cut_grace_over(struct engine *, struct due *);
/* Has the scope, or one that was called from it, a fiber that has not ended? */
bool cut_has_fibers(const struct scope *);
/* Frees the scopes that were called from it, whatever they do. */
void cut_end_within(struct engine *, struct scope *);

#endif

/*
 * place.h: where in the handlers' files something happens.
 */
#ifndef DEFERD_PLACE_H
#define DEFERD_PLACE_H

#include "gate.h"

/* The innermost running Ruby that is not the prelude's: its file and *line. "?" and 0
 * when there is none. The string belongs to the interpreter. */
const char *place_here(struct vm *, int *line);
/* True for a file of the prelude. */
bool place_is_ours(const char *file);

#endif

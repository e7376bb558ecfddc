/*
 * call.h: what a Cloud.call gives back.
 */
#ifndef DEFERD_CALL_H
#define DEFERD_CALL_H

#include "engine.h"

/* Replaces a handler's result with what its caller gets: a copy. False: it cannot be
 * encoded, and *v is the error. Protected until gate_release. */
bool call_take_result(struct engine *, mrb_value *v);

#endif

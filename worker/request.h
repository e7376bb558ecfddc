/*
 * request.h: `req`, what a handler is called with. Its parts are decoded when they are
 * asked for, and only once.
 */
#ifndef DEFERD_REQUEST_H
#define DEFERD_REQUEST_H

#include "engine.h"

void request_define(struct engine *);
/* A request over a copy of the envelope (see kinds.h); MAY_RAISE (a malformed one). */
mrb_value request_new(struct engine *, const struct task *, const struct handler *,
    struct span envelope);
/* Adds what a nested call takes over from its caller's request: ENV_IP to the end. */
void request_pack_caller(struct engine *, mrb_value request, struct buf *);

#endif

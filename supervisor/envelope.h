/*
 * envelope.h: a task's input as it travels (the positions are enum envelope of kinds.h).
 */
#ifndef DEFERD_ENVELOPE_H
#define DEFERD_ENVELOPE_H

#include "../common/kinds.h"
#include "../common/mp.h"

/* An envelope that has a body only (one msgpack value; n 0: none). Check out->failed. */
void envelope_pack_bare(struct buf *out, struct span body);

#endif

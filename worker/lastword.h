/*
 * lastword.h: a worker that is about to be killed, or crashes, writes into the shared
 * page where its Ruby was.
 *
 * The supervisor asks with PAGE_LAST_WORD (a signal) before it kills; the worker writes and kills
 * itself. A crash (SIGSEGV, SIGABRT, ...) is let through afterwards, so that the exit
 * status tells the truth. The interpreter may be in any state then: a second crash while
 * it writes only ends it sooner.
 */
#ifndef DEFERD_LASTWORD_H
#define DEFERD_LASTWORD_H

#include "engine.h"

struct lastword;

/* Once, before the worker says HELLO; from then on until the process ends, and so long it
 * must be kept. NULL: without a page, or a stack (logged), nothing is done. */
struct lastword *lastword_install(struct engine *);

#endif

/*
 * capture.h: what is written to descriptor 1 while a handler runs becomes log lines of its
 * task. Descriptor 2 stays the log itself: a process's last words go there.
 */
#ifndef DEFERD_CAPTURE_H
#define DEFERD_CAPTURE_H

#include "engine.h"

/* Puts a pipe in the place of descriptor 1; from then on it is read at the end of each
 * burst. 0 or -ERR_SYSTEM with errno. */
int capture_stdout(struct engine *) MUST_USE;

#endif

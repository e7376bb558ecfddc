/*
 * explain.h: `deferd -t --explain`: what a reload would change, and what needs a restart.
 */
#ifndef DEFERD_EXPLAIN_H
#define DEFERD_EXPLAIN_H

#include "conf.h"

enum explain_exit { EXPLAIN_SAME, EXPLAIN_RELOAD, EXPLAIN_RESTART };

/* Loads the handlers of next in throw-away forkservers, and prints what differs from the
 * daemon that serves its control socket, or $DEFERD_SOCKET, or from old_file unless that is NULL. One of
 * explain_exit, or an exit code with what is wrong on stderr. Blocks. */
int explain_run(const struct conf *next, const char *old_file);

#endif

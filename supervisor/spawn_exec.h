/*
 * spawn_exec.h: starts the worker program in its role as a forkserver.
 */
#ifndef DEFERD_SPAWN_EXEC_H
#define DEFERD_SPAWN_EXEC_H

#include <sys/types.h>

/* $DEFERD_WORKER, else where it is installed. */
const char *spawn_exec_program(void);
/* Execs it for that app with the socket as descriptor 3, signals at their defaults, in a
 * process group of its own. 0 and *pid, or an errno and *pid 0. Blocks until the exec. */
int spawn_exec(const char *app_id, int sock, pid_t *pid);

#endif

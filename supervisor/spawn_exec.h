/*
 * spawn_exec.h: starts programs: the worker program in its role as a forkserver, and others.
 */
#ifndef DEFERD_SPAWN_EXEC_H
#define DEFERD_SPAWN_EXEC_H

#include <spawn.h>
#include <sys/types.h>

/* $DEFERD_WORKER, else where it is installed. */
const char *spawn_exec_worker(void);
/* Execs any program, signals at their defaults, in a process group of its own. 0 and *pid,
 * or an errno and *pid 0. Blocks until the exec. */
int spawn_exec_program(const char *path, char *const *argv,
    const posix_spawn_file_actions_t *, pid_t *pid);
/* The same with the worker program, for that app, with the socket as descriptor 3, and with
 * stdout and stderr on log unless that is -1. */
int spawn_exec(const char *app_id, int sock, int log, pid_t *pid);

#endif

/*
 * reap.h: every worker and forkserver is this process's child (it is a subreaper): their
 * ends arrive here, and are told to whom they belong.
 */
#ifndef DEFERD_REAP_H
#define DEFERD_REAP_H

#include "seat.h"
#include <sys/resource.h>
#include <sys/wait.h>

struct reap_exit {
	pid_t pid;
	int status; /* of waitpid */
	struct rusage usage;
	int64_t at_ms;
};

/* Exits whose worker the forkserver has not named yet (measured: all of 200 workers were
 * reaped before it had): kept for a while. */
#define REAP_UNKNOWN_MAX 256
struct reaper {
	struct reap_exit unknown[REAP_UNKNOWN_MAX];
	size_t n;
};

/* Collects every child that has ended; call on SIGCHLD and, for safety, now and then. */
void reap_collect(struct core *);
/* The forkserver has named a pid: if it ended already, *out is its end. */
bool reap_take_unknown(struct reaper *, pid_t, struct reap_exit *out);
/* "exited with status 3", "killed by signal 9 (Killed)", into out. */
const char *reap_describe(const struct reap_exit *, char *out, size_t n);

#endif

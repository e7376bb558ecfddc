/*
 * sandbox.h: what keeps a worker's process to its business, whatever code it runs:
 * Landlock (which files may be opened), seccomp (which system calls may be made),
 * no_new_privs, no core file and no tracer. The forkserver enters it before it loads
 * the first handler file; its workers inherit that and tighten it. Nothing can be taken
 * back.
 */
#ifndef DEFERD_SANDBOX_H
#define DEFERD_SANDBOX_H

#include "../common/buf.h"
#include "../common/kinds.h"

struct sandbox_plan {
	enum switch_mode mode;
	const char *handlers; /* folder: may be read */
	const char *ca;       /* a file of certificates: may be read; or NULL */
	struct span files; /* of CONFIG: "r" or "w", a path, NUL; one after the other */
};

#define SANDBOX_TEXT_BYTES 240
struct sandbox {
	bool seccomp;
	int landlock;                   /* the ABI that is used; 0: none */
	char lacks[SANDBOX_TEXT_BYTES]; /* what this machine does not give; "": nothing
					 */
};

/* Confines this process, which must have one thread, and all that it forks. 0; or
 * -ERR_* with *why: the plan's mode is on and something is lacking, or a file of the
 * plan cannot be opened. Blocks on files only. */
int sandbox_enter(
    struct sandbox *, const struct sandbox_plan *, char *why, size_t n) MUST_USE;
/* In a worker that has reached the supervisor, for all of its threads: no process, no
 * other one's signal, no local socket any more. 0 or -ERR_SYSTEM with errno. */
int sandbox_tighten(const struct sandbox *) MUST_USE;
/* "seccomp, landlock 7", "seccomp", "off". */
void sandbox_describe(const struct sandbox *, char *out, size_t n);

/* --- the two halves --- */
/* landlock.c. The kernel's ABI; 0: it has none. */
int landlock_abi(void);
/* 0 or -ERR_SYSTEM with *why. */
int landlock_enter(int abi, const struct sandbox_plan *, char *why, size_t n) MUST_USE;
/* sysfilter.c. can_write: files may be opened for writing, Landlock says which. 0, or
 * -ERR_SYSTEM with errno. */
int sysfilter_enter(bool can_write) MUST_USE;
int sysfilter_tighten(void) MUST_USE;

#endif

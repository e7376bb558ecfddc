/* sandbox.c: see sandbox.h. */
#include "sandbox.h"
#include "../common/err.h"
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

static int
sandbox_need(const struct sandbox_plan *p, const struct sandbox *s, char *why, size_t n)
{
	if (p->mode != SWITCH_ON || !s->lacks[0])
		return 0;
	snprintf(
	    why, n, "sandbox is on, but %s: set it to auto to run without", s->lacks);
	return -ERR_STATE;
}

static int
sandbox_enter_landlock(
    struct sandbox *s, const struct sandbox_plan *p, char *why, size_t n)
{
	s->landlock = landlock_abi();
	if (s->landlock > 0)
		return landlock_enter(s->landlock, p, why, n);
	snprintf(s->lacks, sizeof s->lacks,
	    "this kernel has no Landlock: the user's rights alone say which files can "
	    "be "
	    "read");
	return sandbox_need(p, s, why, n);
}

static int
sandbox_enter_seccomp(
    struct sandbox *s, const struct sandbox_plan *p, char *why, size_t n)
{
	size_t said = strlen(s->lacks);

	s->seccomp = sysfilter_enter(s->landlock > 0) == 0;
	if (!s->seccomp)
		snprintf(s->lacks + said, sizeof s->lacks - said,
		    "%sno seccomp filter can be set (%s): every system call is allowed",
		    said ? "; " : "", strerror(errno));
	return sandbox_need(p, s, why, n);
}

int
sandbox_enter(struct sandbox *s, const struct sandbox_plan *p, char *why, size_t n)
{
	*s = (struct sandbox){0};
	if (p->mode == SWITCH_OFF)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		snprintf(why, n, "no_new_privs: %s", strerror(errno));
		return -ERR_SYSTEM;
	}
#ifndef DEFERD_SANITIZED /* LeakSanitizer traces its own process */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	int r = sandbox_enter_landlock(s, p, why, n);
	return r == 0 ? sandbox_enter_seccomp(s, p, why, n) : r;
}

int
sandbox_tighten(const struct sandbox *s)
{
	return s->seccomp ? sysfilter_tighten() : 0;
}

void
sandbox_describe(const struct sandbox *s, char *out, size_t n)
{
	if (s->landlock > 0)
		snprintf(out, n, "%slandlock %d", s->seccomp ? "seccomp, " : "",
		    s->landlock);
	else
		snprintf(out, n, "%s", s->seccomp ? "seccomp" : "off");
}

/*
 * oldkernel.c: a kernel without Landlock or seccomp, as far as deferd-worker can see:
 * the system calls that the words in OLDKERNEL name ("landlock", "seccomp") fail with
 * ENOSYS or EINVAL. Then the real program, named by OLDKERNEL_WORKER, takes over.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	const char *words = getenv("OLDKERNEL"), *program = getenv("OLDKERNEL_WORKER");
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (!words || !program || !ctx || argc < 1)
		return 64;
	if (strstr(words, "landlock"))
		seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
	if (strstr(words, "seccomp")) {
		seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0);
		seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
	}
	if (seccomp_load(ctx) != 0)
		return 71;
	execv(program, argv);
	perror(program);
	return 71;
}

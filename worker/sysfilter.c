/*
 * sysfilter.c: which system calls can be made: see sandbox.h. A list of what the
 * worker, NNG, libevent, libcurl, the resolver and the allocator use; some only with
 * certain arguments. What is not listed fails with ENOSYS, as on an older kernel, so
 * that libraries fall back; what no handler can mean well ends the process with SIGSYS,
 * named in the log.
 */
#include "sandbox.h"
#include "../common/err.h"
#include "../common/log.h"
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |    \
	    CLONE_NEWNET | CLONE_NEWCGROUP)

enum sysfilter_list { LIST_FREE, LIST_WRITING, LIST_DENIED, LIST_DEADLY };
static const struct {
	int call;
	enum sysfilter_list list;
} sysfilter_calls[] = {
#define CALL(list, name) {SCMP_SYS(name), LIST_##list},
#include "sysfilter.def"
#undef CALL
};

/* Call number, action, and what the argument, masked, must be. */
struct sysfilter_if {
	int call;
	uint32_t action;
	struct scmp_arg_cmp arg[2];
	unsigned arg_n;
};

#define OPENS_READING                                                                  \
	SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, 0)
#define OPENSAT_READING                                                                \
	SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, 0)
#define SOCKET_IS(family, type)                                                        \
	{                                                                              \
		SCMP_SYS(socket), SCMP_ACT_ALLOW,                                      \
		    {SCMP_CMP64(0, SCMP_CMP_EQ, family),                               \
			SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, 0xf, type)},                 \
		    2                                                                  \
	}
#define ONE_ARG(name, index, value)                                                    \
	{                                                                              \
		SCMP_SYS(name), SCMP_ACT_ALLOW,                                        \
		    {SCMP_CMP64(index, SCMP_CMP_MASKED_EQ, 0xffffffff, value)}, 1      \
	}

static const struct sysfilter_if sysfilter_ifs[] = {
    {SCMP_SYS(clone), SCMP_ACT_ALLOW,
	{SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, NAMESPACES, 0)}, 1},
    SOCKET_IS(AF_UNIX, SOCK_STREAM),
    SOCKET_IS(AF_UNIX, SOCK_DGRAM),
    SOCKET_IS(AF_UNIX, SOCK_SEQPACKET),
    SOCKET_IS(AF_INET, SOCK_STREAM),
    SOCKET_IS(AF_INET, SOCK_DGRAM),
    SOCKET_IS(AF_INET6, SOCK_STREAM),
    SOCKET_IS(AF_INET6, SOCK_DGRAM),
    /* getaddrinfo asks it which addresses this machine has */
    {SCMP_SYS(socket), SCMP_ACT_ALLOW,
	{SCMP_CMP64(0, SCMP_CMP_EQ, AF_NETLINK),
	    SCMP_CMP64(2, SCMP_CMP_EQ, NETLINK_ROUTE)},
	2},
    ONE_ARG(ioctl, 1, FIONREAD),
    ONE_ARG(ioctl, 1, FIONBIO),
    ONE_ARG(ioctl, 1, FIOCLEX),
    ONE_ARG(ioctl, 1, TCGETS),
    ONE_ARG(ioctl, 1, SIOCGIFINDEX),
    ONE_ARG(prctl, 0, PR_SET_NAME),
    ONE_ARG(prctl, 0, PR_GET_NAME),
    ONE_ARG(prctl, 0, PR_SET_PDEATHSIG),
    ONE_ARG(prctl, 0, PR_GET_DUMPABLE),
    ONE_ARG(prctl, 0, PR_SET_SECCOMP),
#ifdef DEFERD_SANITIZED
    ONE_ARG(prctl, 0, PR_SET_DUMPABLE),
    ONE_ARG(prctl, 0, PR_SET_PTRACER),
#endif
};

static const struct sysfilter_if sysfilter_opening[] = {
    {SCMP_SYS(open), SCMP_ACT_ALLOW, {{0}}, 0},
    {SCMP_SYS(openat), SCMP_ACT_ALLOW, {{0}}, 0},
};

static const struct sysfilter_if sysfilter_reading[] = {
    {SCMP_SYS(open), SCMP_ACT_ALLOW, {OPENS_READING}, 1},
    {SCMP_SYS(openat), SCMP_ACT_ALLOW, {OPENSAT_READING}, 1},
};

static int
sysfilter_add_calls(scmp_filter_ctx ctx, bool can_write)
{
	const uint32_t action[] = {
	    [LIST_FREE] = SCMP_ACT_ALLOW,
	    [LIST_WRITING] = can_write ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM),
	    [LIST_DENIED] = SCMP_ACT_ERRNO(EPERM),
	    [LIST_DEADLY] = SCMP_ACT_TRAP,
	};
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(sysfilter_calls) && r == 0; i++)
		r = seccomp_rule_add(
		    ctx, action[sysfilter_calls[i].list], sysfilter_calls[i].call, 0);
	return r;
}

static int
sysfilter_add_ifs(scmp_filter_ctx ctx, const struct sysfilter_if *rule, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add_array(
		    ctx, rule[i].action, rule[i].call, rule[i].arg_n, rule[i].arg);
	return r;
}

#define ADD_IFS(ctx, list) sysfilter_add_ifs(ctx, list, COUNT_OF(list))

static int
sysfilter_fill(scmp_filter_ctx ctx, bool can_write)
{
	int r = sysfilter_add_calls(ctx, can_write);

	if (r == 0)
		r = ADD_IFS(ctx, sysfilter_ifs);
	if (r == 0)
		r = can_write ? ADD_IFS(ctx, sysfilter_opening)
			      : ADD_IFS(ctx, sysfilter_reading);
	return r;
}

/* The call was not made. Its thread stands in the C library's wrapper of it. */
static void
sysfilter_on_trap(int sig, siginfo_t *info, void *context UNUSED)
{
	char *name =
	    seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, info->si_syscall);

	log_error("sandbox: the system call %s (%d) is not allowed: the process ends",
	    name ? name : "?", info->si_syscall);
	raise(sig);
	_exit(EXIT_BUG_);
}

/* Filters for all threads of a process need the call itself, which libseccomp could do
 * without; valgrind has none. */
static bool
sysfilter_is_there(void)
{
	uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static int
sysfilter_load(scmp_filter_ctx ctx, bool can_write)
{
	struct sigaction act = {.sa_sigaction = sysfilter_on_trap,
	    .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER};

	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
	int r = sysfilter_fill(ctx, can_write);
	if (r == 0 && sigaction(SIGSYS, &act, NULL) != 0)
		r = -errno;
	return r == 0 ? seccomp_load(ctx) : r;
}

int
sysfilter_enter(bool can_write)
{
	if (!sysfilter_is_there())
		return -ERR_SYSTEM;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = ctx ? sysfilter_load(ctx, can_write) : -ENOMEM;
	if (ctx)
		seccomp_release(ctx);
	errno = -r;
	return r == 0 ? 0 : -ERR_SYSTEM;
}

/* --- in a worker --- */

#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define CALL_AT offsetof(struct seccomp_data, nr)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF_AT(index) offsetof(struct seccomp_data, args[index])
#else
#define LOW_HALF_AT(index) (offsetof(struct seccomp_data, args[index]) + 4)
#endif
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define IF_ANY(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no)
/* For that call: the low half of its argument must have the value, or any of the bits;
 * four instructions. */
#define CALL_NEEDS(call, index, test, value)                                           \
	IF(call, 0, 4), LOAD(LOW_HALF_AT(index)), test(value, 0, 1),                   \
	    RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_ERRNO | EPERM)
#define CALL_FAILS(call, error) IF(call, 0, 1), RETURN(SECCOMP_RET_ERRNO | (error))

/* The forkserver's filter has looked at the architecture; both are asked, and the
 * stricter answer counts. By hand, as it is set once for each worker: it takes a
 * microsecond. */
int
sysfilter_tighten(void)
{
	struct sock_filter code[] = {
	    LOAD(CALL_AT),
#ifdef SYS_fork
	    CALL_FAILS(SYS_fork, EPERM),
#endif
#ifdef SYS_setrlimit
	    CALL_FAILS(SYS_setrlimit, EPERM),
#endif
	    CALL_NEEDS(SYS_clone, 0, IF_ANY, CLONE_THREAD),
	    CALL_NEEDS(SYS_tgkill, 0, IF, (uint32_t)getpid()),
	    /* to look, not to set */
	    CALL_NEEDS(SYS_prlimit64, 2, IF, 0),
	    CALL_NEEDS(SYS_prctl, 0, IF, PR_SET_NAME),
	    /* AF_UNIX is 1: no other bit than that one */
	    CALL_NEEDS(SYS_socket, 0, IF_ANY, ~(uint32_t)AF_UNIX),
	    RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {COUNT_OF(code), code};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
		&program) == 0)
		return 0;
	return -ERR_SYSTEM;
}

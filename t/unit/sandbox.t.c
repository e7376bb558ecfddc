/*
 * sandbox.t.c: what a confined process can still do, and what it cannot: each try in a
 * child of its own, in the forkserver's sandbox and in a worker's.
 */
#include "t.h"
#include "../../worker/sandbox.h"
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER                                                                         \
	"/usr/share" /* plays the handlers' one: it is there, and has no secrets */

enum where { FORKSERVER, WORKER };

/* A child's exit status: 0, or errno of what was tried; 128 + a signal; 254: it could
 * not be confined. */
static int
in_sandbox(enum where where, int (*try)(void))
{
	struct sandbox_plan plan = {.mode = SWITCH_AUTO, .handlers = FOLDER};
	struct sandbox s;
	char why[SANDBOX_TEXT_BYTES];
	int status;

	pid_t pid = fork();
	if (pid == 0) {
		if (sandbox_enter(&s, &plan, why, sizeof why) != 0 || !s.seccomp ||
		    (where == WORKER && sandbox_tighten(&s) != 0))
			_exit(254);
		errno = 0;
		_exit(try() == 0 ? 0 : errno ? errno : 253);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static int ask[2], answer[2];

static void *
thread_main(void *arg)
{
	return arg;
}

static int
try_thread(void)
{
	pthread_t t;
	void *got;

	errno = pthread_create(&t, NULL, thread_main, ask);
	return errno == 0 && pthread_join(t, &got) == 0 && got == ask ? 0 : -1;
}

static int
try_exec(void)
{
	return execl("/bin/true", "true", NULL);
}

static int
try_ptrace(void)
{
	return (int)syscall(SYS_ptrace, 16, getppid(), 0, 0); /* PTRACE_ATTACH */
}

static int
try_kill_parent(void)
{
	return kill(getppid(), 0);
}

static int
try_signal_parent(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int
try_abort(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int
try_socket(int family, int type)
{
	return socket(family, type, 0) >= 0 ? 0 : -1;
}

static int
try_unix(void)
{
	return try_socket(AF_UNIX, SOCK_STREAM);
}

static int
try_inet(void)
{
	return try_socket(AF_INET, SOCK_STREAM) == 0 ? try_socket(AF_INET6, SOCK_DGRAM)
						     : -1;
}

static int
try_raw(void)
{
	return try_socket(AF_INET, SOCK_RAW);
}

static int
try_pair(void)
{
	int fd[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
}

static int
try_resolve(void)
{
	struct addrinfo *a = NULL;

	errno = 0;
	return getaddrinfo("localhost", "http", NULL, &a) == 0 ? 0 : -1;
}

static int
try_passwd(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : -1;
}

static int
try_write(void)
{
	return open("/tmp", O_WRONLY | O_TMPFILE, 0600) >= 0 ? 0 : -1;
}

static int
try_folder(void)
{
	return open(FOLDER, O_RDONLY | O_DIRECTORY) >= 0 ? 0 : -1;
}

static int
try_memory(void)
{
	void *p = mmap(
	    NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && munmap(p, 1 << 20) == 0 && calloc(1, 64 << 20) ? 0
										 : -1;
}

static int
try_more_memory(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_AS, &r) != 0)
		return -1;
	r.rlim_cur = r.rlim_max;
	return setrlimit(RLIMIT_AS, &r);
}

static int
try_new_user(void)
{
	return setuid(getuid());
}

static int
try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int
try_nonsense(void)
{
	return (int)syscall(SYS_vhangup);
}

#ifdef DEFERD_SANITIZED
#define DEADLY_TRACE EPERM /* allowed, for LeakSanitizer; the kernel itself refuses */
#else
#define DEADLY_TRACE (128 + SIGSYS)
#endif

static const struct {
	const char *what;
	int (*try)(void);
	int forkserver, worker; /* what it must come to; -1: nobody cares */
} tries[] = {
    {"fork", try_fork, 0, EPERM},
    {"a thread", try_thread, 0, 0},
    {"execve", try_exec, 128 + SIGSYS, 128 + SIGSYS},
    {"ptrace", try_ptrace, DEADLY_TRACE, DEADLY_TRACE},
    {"kill", try_kill_parent, EPERM, EPERM},
    {"tgkill another process", try_signal_parent, -1, EPERM},
    {"abort", try_abort, 128 + SIGABRT, 128 + SIGABRT},
    {"a local socket", try_unix, 0, EPERM},
    {"a socketpair", try_pair, 0, 0},
    {"network sockets", try_inet, 0, 0},
    {"a raw socket", try_raw, ENOSYS, ENOSYS},
    {"getaddrinfo", try_resolve, 0, 0},
    {"write a file", try_write, EACCES, EACCES},
    {"read the handlers", try_folder, 0, 0},
    {"memory", try_memory, 0, 0},
    {"a new limit", try_more_memory, 0, EPERM},
    {"setuid", try_new_user, EPERM, EPERM},
    {"dumpable", try_dumpable, -1, EPERM},
    {"a call that nobody uses", try_nonsense, ENOSYS, ENOSYS},
};

static void
t_tries(void)
{
	for (size_t i = 0; i < COUNT_OF(tries); i++) {
		int f = in_sandbox(FORKSERVER, tries[i].try);
		int w = in_sandbox(WORKER, tries[i].try);
		t_note("%s: forkserver %d, worker %d", tries[i].what, f, w);
		OK(tries[i].forkserver == -1 || f == tries[i].forkserver ||
		    (tries[i].try == try_write && f == EPERM));
		OK(tries[i].worker == -1 || w == tries[i].worker ||
		    (tries[i].try == try_write && w == EPERM));
	}
}

static void
t_files_need_landlock(void)
{
	EQ_INT(in_sandbox(WORKER, try_passwd), landlock_abi() > 0 ? EACCES : 0);
}

/* Threads that are there already are bound, too. */

static void *
thread_socket(void *arg)
{
	char c;
	int r = -1;

	if (read(ask[0], &c, 1) == 1)
		r = try_unix() == 0 ? 0 : errno;
	return write(answer[1], &r, sizeof r) == sizeof r ? arg : NULL;
}

static int
try_in_thread(void)
{
	struct sandbox_plan plan = {.mode = SWITCH_AUTO, .handlers = FOLDER};
	struct sandbox s;
	char why[SANDBOX_TEXT_BYTES];
	pthread_t t;
	int r = -1;

	if (pipe(ask) != 0 || pipe(answer) != 0 ||
	    sandbox_enter(&s, &plan, why, sizeof why) != 0 ||
	    pthread_create(&t, NULL, thread_socket, NULL) != 0 ||
	    sandbox_tighten(&s) != 0 || write(ask[1], "x", 1) != 1 ||
	    read(answer[0], &r, sizeof r) != sizeof r)
		return -1;
	errno = r;
	return r == 0 ? 0 : -1;
}

static void
t_all_threads(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try_in_thread() == 0 ? 0 : errno);
	OK(waitpid(pid, &status, 0) == pid);
	OK(WIFEXITED(status));
	EQ_INT(WEXITSTATUS(status), EPERM);
}

static void
t_described(void)
{
	struct sandbox s = {.seccomp = true, .landlock = 4};
	char text[64];

	sandbox_describe(&s, text, sizeof text);
	EQ_STR(text, "seccomp, landlock 4");
	s.seccomp = false;
	sandbox_describe(&s, text, sizeof text);
	EQ_STR(text, "landlock 4");
	s.landlock = 0;
	sandbox_describe(&s, text, sizeof text);
	EQ_STR(text, "off");
}

static void
t_off_is_off(void)
{
	struct sandbox_plan plan = {.mode = SWITCH_OFF, .handlers = "/no/such/folder"};
	struct sandbox s;
	char why[SANDBOX_TEXT_BYTES];

	EQ_INT(sandbox_enter(&s, &plan, why, sizeof why), 0);
	OK(!s.seccomp && s.landlock == 0 && !s.lacks[0]);
	EQ_INT(sandbox_tighten(&s), 0);
	EQ_INT(try_fork(), 0);
}

TESTS(TEST(described), TEST(off_is_off), TEST(tries), TEST(files_need_landlock),
    TEST(all_threads))

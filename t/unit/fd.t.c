#include "t.h"
#include "../../common/err.h"
#include "../../common/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int pair[2];

static void
open_pair(void)
{
	OK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	EQ_INT(fd_nonblock(pair[0]), 0);
	EQ_INT(fd_nonblock(pair[1]), 0);
}

static void
close_pair(void)
{
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

static int
open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
t_sets_flags(void)
{
	int bad = -1;

	open_pair();
	OK(fcntl(pair[0], F_GETFL) & O_NONBLOCK);
	EQ_INT(fd_cloexec(pair[0]), 0);
	OK(fcntl(pair[0], F_GETFD) & FD_CLOEXEC);
	EQ_INT(fd_nonblock(bad), -ERR_SYSTEM);
	EQ_INT(fd_cloexec(bad), -ERR_SYSTEM);
	errno = EXDEV;
	fd_close(&bad);
	close_pair();
	EQ_INT(errno, EXDEV);
	EQ_INT(pair[0], -1);
}

static void
t_sends_records(void)
{
	struct buf b;
	int fd = 7;

	open_pair();
	buf_init(&b, 1000);
	EQ_INT(fd_recv_record(pair[1], &b, &fd), -ERR_AGAIN);
	EQ_INT(fd, -1);
	EQ_INT(fd_send_record(pair[0], span_str("one"), -1), 0);
	EQ_INT(fd_send_record(pair[0], span_str("two"), -1), 0);
	EQ_INT(fd_recv_record(pair[1], &b, &fd), 0);
	EQ_STR(buf_cstr(&b), "one");
	EQ_INT(fd_recv_record(pair[1], &b, &fd), 0);
	EQ_STR(buf_cstr(&b), "onetwo");
	EQ_INT(fd, -1);
	fd_close(&pair[0]);
	EQ_INT(fd_recv_record(pair[1], &b, &fd), -ERR_CLOSED);
	EQ_INT(fd_send_record(pair[1], span_str("x"), -1),
	    -ERR_CLOSED); /* and no SIGPIPE */
	close_pair();
	buf_fini(&b);
}

static void
t_passes_a_descriptor(void)
{
	struct stat a, z;
	struct buf b;
	int fd = -1, null = open("/dev/null", O_RDONLY);

	open_pair();
	buf_init(&b, 0);
	EQ_INT(fd_send_record(pair[0], span_str("with"), null), 0);
	EQ_INT(fd_recv_record(pair[1], &b, &fd), 0);
	OK(fd >= 0 && fd != null);
	OK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	OK(fstat(fd, &a) == 0 && fstat(null, &z) == 0 && a.st_rdev == z.st_rdev);
	fd_close(&fd);
	fd_close(&null);
	close_pair();
	buf_fini(&b);
}

static void
t_a_record_too_large_is_lost_whole(void)
{
	int before = open_descriptors(), fd;
	struct buf b;
	char big[100] = {0};

	open_pair();
	buf_init(&b, 50);
	EQ_INT(fd_send_record(pair[0], span_of(big, sizeof big), pair[0]), 0);
	EQ_INT(fd_send_record(pair[0], span_str("next"), -1), 0);
	EQ_INT(fd_recv_record(pair[1], &b, &fd), -ERR_TOO_LARGE);
	EQ_INT(fd, -1);
	EQ_INT(b.n, 0);
	EQ_INT(open_descriptors(), before + 2);
	EQ_INT(fd_recv_record(pair[1], &b, &fd), 0);
	EQ_STR(buf_cstr(&b), "next");
	close_pair();
	buf_fini(&b);
}

static void
t_says_when_the_socket_is_full(void)
{
	static char big[10000];
	int e = 0;

	open_pair();
	for (int i = 0; i < 10000 && e == 0; i++)
		e = fd_send_record(pair[0], span_of(big, sizeof big), -1);
	EQ_INT(e, -ERR_AGAIN);
	close_pair();
}

static void
t_closes_from_a_number_on(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = dup2(0, 200);
		fd_close_from(3);
		_exit(fd != 200 || fcntl(200, F_GETFD) >= 0 || fcntl(2, F_GETFD) < 0);
	}
	OK(waitpid(pid, &status, 0) == pid);
	EQ_INT(status, 0);
}

TESTS(TEST(sets_flags), TEST(sends_records), TEST(passes_a_descriptor),
    TEST(a_record_too_large_is_lost_whole), TEST(says_when_the_socket_is_full),
    TEST(closes_from_a_number_on))

/* Who gets to the control socket: its file, the levels, descriptors running out. */
#include "config.h"
#include "../../common/clock.h"
#include "ctlclient.h"
#include "t.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void
t_file(void)
{
	struct stat st;
	int fd;

	room_begin();
	OK(stat(room.path, &st) == 0 && S_ISSOCK(st.st_mode));
	EQ_INT(st.st_mode & 07777, 0660);
	OK(room_listen() == NULL); /* alive */
	EQ_INT(errno, EADDRINUSE);
	OK(room_is_served());
	room_end_control();
	OK(stat(room.path, &st) != 0);

	/* What a killed daemon leaves behind is replaced. */
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	memcpy(sa.sun_path, room.path, strlen(room.path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	OK(bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
	close(fd);
	room.control = room_listen();
	OK(room.control != NULL && room_is_served());

	/* Another's file is not removed. */
	unlink(room.path);
	fd = open(room.path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	room_end_control();
	OK(stat(room.path, &st) == 0);
	OK(room_listen() == NULL);
	EQ_INT(errno, EEXIST);
	unlink(room.path);
	room_end();
}

static void
t_bad_paths(void)
{
	char longer[200];

	room_begin_without_control();
	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	room.core.conf.control.socket = longer;
	OK(room_listen() == NULL);
	EQ_INT(errno, ENAMETOOLONG);
	snprintf(longer, sizeof longer, "%s/none/control.sock", room.dir);
	OK(room_listen() == NULL);
	EQ_INT(errno, ENOENT);
	room.core.conf.control.socket = room.path;
	room.core.conf.control.view_group = (char *)(uintptr_t) "no-such-group-here";
	OK(room_listen() == NULL);
	EQ_INT(errno, EINVAL);
	room_end();
}

/* --- who may --- */

/* Connects as that uid with that supplementary group and says the line; the reply's
 * code is the child's exit status less 200. */
static pid_t
other_user(uid_t uid, gid_t group, const char *line)
{
	pid_t pid = fork();
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char reply[512];
	ssize_t n;
	int fd;

	if (pid != 0)
		return pid;
	memcpy(sa.sun_path, room.path, strlen(room.path) + 1);
	if (setgroups(1, &group) != 0 || setgid(65534) != 0 || setuid(uid) != 0)
		_exit(255);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0)
		_exit(254);
	n = send(fd, line, strlen(line), MSG_NOSIGNAL);
	n = recv(fd, reply, sizeof reply - 1, 0);
	reply[n > 0 ? n : 0] = '\0';
	_exit((unsigned char)(atoi(reply) - 200));
}

static int
other_user_code(uid_t uid, gid_t group, const char *line)
{
	int64_t until = clock_now_ms() + CLIENT_DEADLINE_MS;
	pid_t pid = other_user(uid, group, line);
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		room_turn();
		OK(clock_now_ms() < until);
		usleep(1000);
	}
	return WEXITSTATUS(status) + 200;
}

static void
t_levels(void)
{
	const struct group *view, *operate;
	gid_t view_gid, operate_gid;
	struct stat st;

	if (geteuid() != 0) {
		t_note("not root: nothing to try");
		return;
	}
	room_begin_without_control();
	view = getgrnam("daemon");
	OK(view != NULL);
	view_gid = view->gr_gid;
	operate = getgrnam("adm");
	OK(operate != NULL);
	operate_gid = operate->gr_gid;
	room.core.conf.control.view_group = (char *)(uintptr_t) "daemon";
	room.core.conf.control.operate_group = (char *)(uintptr_t) "adm";
	room.control = room_listen();
	OK(room.control != NULL);
	OK(stat(room.path, &st) == 0 && st.st_gid == view_gid &&
	    (st.st_mode & 07777) == 0660);
	chmod(room.dir, 0711);
	EQ_INT(other_user_code(65534, view_gid, "show lanes\n"), 200);
	EQ_INT(other_user_code(65534, view_gid, "cancel 123456\n"), 403);
	EQ_INT(other_user_code(65534, 65534, "show lanes\n"),
	    254 + 200); /* the file's mode */
	chmod(room.path, 0666);
	EQ_INT(other_user_code(65534, operate_gid, "cancel 123456\n"), 404);
	EQ_INT(other_user_code(65534, operate_gid, "stop\n"), 403);
	EQ_INT(other_user_code(65534, 65534, "show lanes\n"), 403);
	EQ_INT(room.stops, 0);
	room_end();
}

/* --- out of descriptors --- */
static int64_t
cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec * 1000000LL + u.ru_utime.tv_usec +
	       u.ru_stime.tv_sec * 1000000LL + u.ru_stime.tv_usec;
}

static void
limit_descriptors(rlim_t n, struct rlimit *was)
{
	struct rlimit now;

	getrlimit(RLIMIT_NOFILE, was);
	now = *was;
	now.rlim_cur = n;
	setrlimit(RLIMIT_NOFILE, &now);
}

static void
t_no_descriptors(void)
{
	struct timeval some = {0, 300000};
	struct rlimit was;
	struct client a, b;
	struct span body;
	const char *preload = getenv("LD_PRELOAD");
	int64_t before;

	if (preload && strstr(preload, "vgpreload")) {
		t_note("valgrind has a limit of its own: nothing to try");
		return;
	}
	room_begin();
	client_open(&a);
	client_open(&b);
	limit_descriptors((rlim_t)b.fd + 1, &was);
	client_say(&a, "show lanes\n");
	EQ_INT(client_next(&a, &body), 200); /* from the reserve */
	client_say(&b, "show lanes\n");
	before = cpu_us();
	event_base_loopexit(room.base, &some);
	event_base_loop(room.base, 0);
	OK(cpu_us() - before < 150000); /* it waits, it does not spin */
	setrlimit(RLIMIT_NOFILE, &was);
	EQ_INT(client_next(&b, &body), 200); /* after its pause */
	client_close(&a);
	client_close(&b);
	room_turn();
	OK(room_is_served());
	room_end();
}

TESTS(TEST(file), TEST(bad_paths), TEST(levels), TEST(no_descriptors))

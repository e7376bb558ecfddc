/* The control socket for real: a unix socket in a temporary folder, the daemon's side
 * in this process's loop, clients that behave and clients that do not. */
#include "config.h"
#include "../../common/clock.h"
#include "../../common/ctlproto.h"
#include "../../common/fd.h"
#include "../../common/log.h"
#include "ctlcore.h"
#include "t.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 10000

static struct core core;
static struct event_base *base;
static struct control *control;
static char dir[64], path[128];
static int stops;

static void
on_stop(void *arg UNUSED)
{
	stops++;
}

static struct control *
listen_there(void)
{
	static const char *const urls[] = {NULL};
	struct control_ops ops = {.stop = on_stop, .urls = urls};

	return control_new(base, &core, &ops);
}

static void
begin_without_control(void)
{
	snprintf(dir, sizeof dir, "/tmp/deferd-t-XXXXXX");
	if (!mkdtemp(dir))
		t_fail(__FILE__, __LINE__, "mkdtemp: %s", strerror(errno));
	snprintf(path, sizeof path, "%s/control.sock", dir);
	signal(SIGPIPE, SIG_IGN);
	log_open("/dev/null");
	ctlcore_init(&core, path);
	base = event_base_new();
	stops = 0;
}

static void
begin(void)
{
	begin_without_control();
	control = listen_there();
	OK(control != NULL);
}

static void
end_control(void)
{
	control_free(control);
	control = NULL;
}

static void
end(void)
{
	end_control();
	event_base_free(base);
	ctlcore_fini(&core);
	rmdir(dir);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

/* --- a client --- */
struct client {
	int fd;
	struct ctl_reader reader;
	bool closed;
};

static void
client_open(struct client *c)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	c->closed = false;
	ctl_reader_init(&c->reader, 64 << 20);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (connect(c->fd, (struct sockaddr *)&sa, sizeof sa) != 0)
		t_fail(__FILE__, __LINE__, "connect %s: %s", path, strerror(errno));
	fd_nonblock(c->fd);
}

static void
client_close(struct client *c)
{
	fd_close(&c->fd);
	ctl_reader_fini(&c->reader);
}

/* All of it, with the daemon's help when the pipe is full; false when it hung up. */
static bool
client_send(struct client *c, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return false;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
		turn();
	}
	return true;
}

static bool
client_say(struct client *c, const char *text)
{
	return client_send(c, text, strlen(text));
}

static void
client_pump(struct client *c)
{
	char bytes[65536];
	ssize_t n;

	turn();
	while ((n = recv(c->fd, bytes, sizeof bytes, 0)) > 0)
		OK(ctl_reader_feed(&c->reader, span_of(bytes, (size_t)n)) == 0);
	c->closed = n == 0 || errno != EAGAIN;
}

/* The next frame's code; 0: the daemon closed. *body is borrowed. */
static int
client_next(struct client *c, struct span *body)
{
	int64_t until = clock_now_ms() + DEADLINE_MS;
	int code;

	while (clock_now_ms() < until) {
		int rc = ctl_reader_next(&c->reader, &code, body);

		OK(rc >= 0);
		if (rc == 1)
			return code;
		if (c->closed)
			return 0;
		client_pump(c);
	}
	t_fail(__FILE__, __LINE__, "no answer within %d ms", DEADLINE_MS);
}

static int
client_ask(struct client *c, const char *line, struct span *body)
{
	client_say(c, line);
	return client_next(c, body);
}

static bool
is_served(void)
{
	struct client c;
	struct span body;
	int code;

	client_open(&c);
	code = client_ask(&c, "show lanes\n", &body);
	client_close(&c);
	turn();
	return code == 200;
}

static bool
has(struct span body, const char *text)
{
	return memmem(body.p, body.n, text, strlen(text)) != NULL;
}

/* --- tests --- */
static void
t_requests(void)
{
	static const char three[] = "show lanes\nbogus\n-j show info\n";
	struct client c;
	struct span body;

	begin();
	client_open(&c);
	EQ_INT(client_ask(&c, "show lanes\n", &body), 200);
	OK(body.p[body.n - 1] == '\n');
	EQ_INT(client_ask(&c, three, &body), 200);
	EQ_INT(client_next(&c, &body), 400);
	EQ_INT(client_next(&c, &body), 200);
	OK(body.p[0] == '{');
	for (size_t i = 0; i < sizeof three - 1; i++)
		client_send(&c, three + i, 1);
	EQ_INT(client_next(&c, &body), 200);
	EQ_INT(client_next(&c, &body), 400);
	EQ_INT(client_next(&c, &body), 200);
	EQ_INT(client_ask(&c, "show lanes\r\n", &body), 200);
	EQ_INT(client_ask(&c, "\n", &body), 400);
	EQ_INT(client_ask(&c, "show 'lanes\n", &body), 400);
	OK(has(body, "open quote"));
	EQ_INT((int)ctlcore_requests(&core), 10);
	client_close(&c);
	end();
}

/* The end of the input counts as the end of a line, and what was asked is answered. */
static void
t_half_close(void)
{
	struct client c;
	struct span body;

	begin();
	client_open(&c);
	client_say(&c, "show lanes\nshow info");
	shutdown(c.fd, SHUT_WR);
	EQ_INT(client_next(&c, &body), 200);
	EQ_INT(client_next(&c, &body), 200);
	OK(has(body, "phase"));
	EQ_INT(client_next(&c, &body), 0);
	client_close(&c);
	end();
}

static void
t_long_lines(void)
{
	char *line = malloc(CTL_LINE_BYTES + 1);
	struct client c;
	struct span body;

	begin();
	memset(line, 'x', CTL_LINE_BYTES + 1);
	line[CTL_LINE_BYTES - 1] = '\n';
	client_open(&c);
	client_send(&c, line, CTL_LINE_BYTES);
	EQ_INT(client_next(&c, &body), 400);
	OK(has(body, "unknown"));
	line[CTL_LINE_BYTES - 1] = 'x';
	client_send(&c, line, CTL_LINE_BYTES + 1);
	EQ_INT(client_next(&c, &body), 413);
	EQ_INT(client_next(&c, &body), 0);
	client_close(&c);
	OK(is_served());
	free(line);
	end();
}

/* Noise in every shape: an answer or a closed connection, and the next client is
 * served. */
static void
t_garbage(void)
{
	uint64_t seed = t_seed();

	begin();
	for (int round = 0; round < 200; round++) {
		struct client c;
		struct span body;
		uint8_t noise[3000];
		size_t n = t_below(&seed, sizeof noise) + 1;

		for (size_t i = 0; i < n; i++) {
			noise[i] = (uint8_t)t_random(&seed);
			if (t_below(&seed, 20) == 0)
				noise[i] = '\n';
		}
		client_open(&c);
		if (client_send(&c, noise, n) && t_below(&seed, 2))
			shutdown(c.fd, SHUT_WR);
		if (t_below(&seed, 2)) {
			client_say(&c, "\n");
			OK(client_next(&c, &body) != 200);
		}
		client_close(&c);
		turn();
	}
	EQ_INT(stops, 0);
	OK(is_served());
	end();
}

static void
t_many_clients(void)
{
	struct client c[65];
	struct span body;

	begin();
	for (size_t i = 0; i < 64; i++) {
		client_open(&c[i]);
		EQ_INT(client_ask(&c[i], "show lanes\n", &body), 200);
	}
	client_open(&c[64]);
	EQ_INT(client_next(&c[64], &body), 503);
	OK(has(body, "too many control connections"));
	EQ_INT(client_next(&c[64], &body), 0);
	client_close(&c[0]);
	turn();
	OK(is_served());
	for (size_t i = 1; i < 65; i++)
		client_close(&c[i]);
	end();
}

/* Requests whose answers nobody reads do not pile up in the daemon. */
static void
t_unread_replies(void)
{
	struct client c;
	struct span body;
	size_t sent = 0, got = 0;

	begin();
	core.worker_n = CTLCORE_WORKERS;
	client_open(&c);
	while (sent < 2000 && send(c.fd, "-j show workers\n", 16, MSG_NOSIGNAL) == 16) {
		sent++;
		turn();
	}
	for (; got < sent; got++)
		EQ_INT(client_next(&c, &body), 200);
	OK(sent > 100);
	client_close(&c);
	end();
}

static void
emit(const char *name, const char *text)
{
	struct jsonw *w = events_begin(core.events, name);

	if (w)
		jsonw_kstr(w, "text", text);
	events_end(core.events);
}

static void
t_subscribe(void)
{
	struct client c;
	struct span body;

	begin();
	emit("before", "x");
	client_open(&c);
	EQ_INT(client_ask(&c, "sub ev\n", &body), 200);
	OK(has(body, "{\"seq\":2,") && has(body, "\"event\":\"subscribe\",\"uid\":"));
	emit("one", "x");
	emit("two", "y");
	EQ_INT(client_next(&c, &body), 200);
	OK(has(body, "{\"seq\":3,") &&
	    has(body, "\"event\":\"one\",\"text\":\"x\"}\n"));
	client_say(&c, "show info\n"); /* not read any more */
	shutdown(c.fd, SHUT_WR);
	EQ_INT(client_next(&c, &body), 200);
	OK(has(body, "{\"seq\":4,"));
	turn();
	emit("three", "half-closed goes on");
	EQ_INT(client_next(&c, &body), 200);
	OK(has(body, "{\"seq\":5,"));
	client_close(&c);
	int64_t until = clock_now_ms() + DEADLINE_MS;
	while (events_begin(core.events, "anybody")) {
		events_end(core.events);
		OK(clock_now_ms() < until);
		event_base_loop(base, EVLOOP_ONCE);
	}
	end();
}

static void
t_subscriber_closes(void)
{
	struct client c;
	struct span body;

	begin();
	client_open(&c);
	EQ_INT(client_ask(&c, "subscribe events\n", &body), 200);
	client_close(&c);
	turn();
	OK(events_begin(core.events, "anybody") == NULL);
	end();
}

/* What was lost plus what came is what happened; then the end. */
static void
t_slow_subscriber(void)
{
	char text[1001], want[64];
	struct client c;
	struct span body;
	int emitted = 0, got = 0, code;

	begin();
	memset(text, 'x', 1000);
	text[1000] = '\0';
	client_open(&c);
	EQ_INT(client_ask(&c, "subscribe events\n", &body), 200);
	for (; emitted < 5000; emitted++) {
		emit("noise", text);
		turn();
	}
	OK(is_served());
	while ((code = client_next(&c, &body)) == 200)
		got++;
	EQ_INT(code, 429);
	OK(got > 900 && got < 2000);
	snprintf(want, sizeof want, "\"lost\":%d}}\n", emitted - got);
	OK(has(body, want));
	EQ_INT(client_next(&c, &body), 0);
	OK(events_begin(core.events, "anybody") == NULL);
	client_close(&c);
	end();
}

static void
t_file(void)
{
	struct stat st;
	int fd;

	begin();
	OK(stat(path, &st) == 0 && S_ISSOCK(st.st_mode));
	EQ_INT(st.st_mode & 07777, 0660);
	OK(listen_there() == NULL); /* alive */
	EQ_INT(errno, EADDRINUSE);
	OK(is_served());
	end_control();
	OK(stat(path, &st) != 0);

	/* What a killed daemon leaves behind is replaced. */
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	OK(bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
	close(fd);
	control = listen_there();
	OK(control != NULL && is_served());

	/* Another's file is not removed. */
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	end_control();
	OK(stat(path, &st) == 0);
	OK(listen_there() == NULL);
	EQ_INT(errno, EEXIST);
	unlink(path);
	end();
}

static void
t_bad_paths(void)
{
	char longer[200];

	begin_without_control();
	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	core.conf.control.socket = longer;
	OK(listen_there() == NULL);
	EQ_INT(errno, ENAMETOOLONG);
	snprintf(longer, sizeof longer, "%s/none/control.sock", dir);
	OK(listen_there() == NULL);
	EQ_INT(errno, ENOENT);
	core.conf.control.socket = path;
	core.conf.control.view_group = (char *)(uintptr_t) "no-such-group-here";
	OK(listen_there() == NULL);
	EQ_INT(errno, EINVAL);
	end();
}

static void
t_stop(void)
{
	struct client c;
	struct span body;

	begin();
	client_open(&c);
	client_say(&c, "stop\n");
	while (stops == 0)
		turn();
	end_control(); /* at once: the answer was written all the same */
	EQ_INT(client_next(&c, &body), 202);
	EQ_INT(client_next(&c, &body), 0);
	client_close(&c);
	end();
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
	memcpy(sa.sun_path, path, strlen(path) + 1);
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
	int64_t until = clock_now_ms() + DEADLINE_MS;
	pid_t pid = other_user(uid, group, line);
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		turn();
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
	begin_without_control();
	view = getgrnam("daemon");
	OK(view != NULL);
	view_gid = view->gr_gid;
	operate = getgrnam("adm");
	OK(operate != NULL);
	operate_gid = operate->gr_gid;
	core.conf.control.view_group = (char *)(uintptr_t) "daemon";
	core.conf.control.operate_group = (char *)(uintptr_t) "adm";
	control = listen_there();
	OK(control != NULL);
	OK(stat(path, &st) == 0 && st.st_gid == view_gid &&
	    (st.st_mode & 07777) == 0660);
	chmod(dir, 0711);
	EQ_INT(other_user_code(65534, view_gid, "show lanes\n"), 200);
	EQ_INT(other_user_code(65534, view_gid, "cancel 123456\n"), 403);
	EQ_INT(other_user_code(65534, 65534, "show lanes\n"),
	    254 + 200); /* the file's mode */
	chmod(path, 0666);
	EQ_INT(other_user_code(65534, operate_gid, "cancel 123456\n"), 404);
	EQ_INT(other_user_code(65534, operate_gid, "drain\n"), 403);
	EQ_INT(other_user_code(65534, 65534, "show lanes\n"), 403);
	EQ_INT(core.drained, 0);
	end();
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
	int64_t before;

	begin();
	client_open(&a);
	client_open(&b);
	limit_descriptors((rlim_t)b.fd + 1, &was);
	client_say(&a, "show lanes\n");
	EQ_INT(client_next(&a, &body), 200); /* from the reserve */
	client_say(&b, "show lanes\n");
	before = cpu_us();
	event_base_loopexit(base, &some);
	event_base_loop(base, 0);
	OK(cpu_us() - before < 150000); /* it waits, it does not spin */
	setrlimit(RLIMIT_NOFILE, &was);
	EQ_INT(client_next(&b, &body), 200); /* after its pause */
	client_close(&a);
	client_close(&b);
	turn();
	OK(is_served());
	end();
}

TESTS(TEST(requests), TEST(half_close), TEST(long_lines), TEST(garbage),
    TEST(many_clients), TEST(unread_replies), TEST(subscribe), TEST(subscriber_closes),
    TEST(slow_subscriber), TEST(file), TEST(bad_paths), TEST(stop), TEST(levels),
    TEST(no_descriptors))

/*
 * deferctl_link.c: the socket, and what to tell an operator when there is nobody.
 */
#include "deferctl.h"
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINK_READ_BYTES 65536

/* Both programs ask: deferctl, and deferd -t --explain. */
static void PRINTF_LIKE(1, 2) link_say(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

static int
link_complain(const char *path, int err)
{
	struct stat st;
	const struct group *g;

	switch (err) {
	case ENOENT:
		link_say(
		    "%s: there is no such socket: deferd does not run, or "
		    "control.socket "
		    "in its config is another path.\n"
		    "Try: deferctl -s SOCKET ..., or DEFERD_SOCKET=SOCKET, or start "
		    "deferd.\n",
		    path);
		return EXIT_UNAVAILABLE_;
	case ECONNREFUSED:
		link_say("%s: nobody listens there: deferd has ended without "
			 "removing it.\n"
			 "Try: look at deferd's log, then start it again.\n",
		    path);
		return EXIT_UNAVAILABLE_;
	case EACCES:
	case EPERM:
		g = stat(path, &st) == 0 ? getgrgid(st.st_gid) : NULL;
		link_say("%s: not permitted.\n"
			 "Try: as root, or as a member of %s%s.\n",
		    path, g ? "the socket's group, " : "the group in control.viewGroup",
		    g ? g->gr_name : "");
		return EXIT_DENIED_;
	default: link_say("%s: %s\n", path, strerror(err)); return EXIT_UNAVAILABLE_;
	}
}

int
link_open(struct link *l, const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	l->path = path;
	ctl_reader_init(&l->reader, LINK_REPLY_BYTES);
	l->fd = -1;
	if (strlen(path) >= sizeof sa.sun_path)
		return link_complain(path, ENAMETOOLONG);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&sa, sizeof sa) != 0)
		return link_complain(path, errno);
	link_set_patience(l, LINK_PATIENCE_S);
	return 0;
}

void
link_set_patience(struct link *l, int seconds)
{
	struct timeval tv = {seconds, 0};

	setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
}

void
link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	ctl_reader_fini(&l->reader);
}

int
link_send(struct link *l, char *const *words, size_t n)
{
	struct buf line;
	size_t at = 0;
	int rc;

	buf_init(&line, CTL_LINE_BYTES);
	rc = ctl_join(&line, words, n);
	if (rc != 0) {
		link_say("the command is %s\n", err_text(rc));
		buf_fini(&line);
		return EXIT_USAGE_;
	}
	while (at < line.n) {
		ssize_t sent = send(l->fd, line.p + at, line.n - at, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			break; /* turned away, or it hangs: reading tells */
		at += sent > 0 ? (size_t)sent : 0;
	}
	buf_fini(&line);
	return 0;
}

/* Appends what one read gives. 1, 0 at the end, -1 when there is nothing now. */
static int
link_read(struct link *l, int flags)
{
	uint8_t bytes[LINK_READ_BYTES];
	ssize_t n;

	do
		n = recv(l->fd, bytes, sizeof bytes, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -1;
	if (n <= 0)
		return 0;
	return ctl_reader_feed(&l->reader, span_of(bytes, (size_t)n)) == 0 ? 1 : 0;
}

int
link_take(struct link *l, int *code, struct span *body)
{
	int rc = ctl_reader_next(&l->reader, code, body);

	if (rc < 0)
		link_say("%s: what is there does not speak like deferd (%s)\n", l->path,
		    err_text(rc));
	return rc;
}

int
link_next(struct link *l, int *code, struct span *body)
{
	for (;;) {
		int rc = link_take(l, code, body);

		if (rc != 0)
			return rc < 0 ? -1 : 1;
		rc = link_read(l, 0);
		if (rc == 0)
			return 0;
		if (rc < 0) {
			link_say("%s: deferd does not answer: it hangs, or it is "
				 "stopped.\n"
				 "Try: look at its state (ps) and at its log.\n",
			    l->path);
			return -1;
		}
	}
}

int
link_pump(struct link *l)
{
	int rc;

	while ((rc = link_read(l, MSG_DONTWAIT)) == 1)
		;
	return rc == 0 ? -1 : 0;
}

int
link_exit_code(int code)
{
	if (code < 300)
		return 0;
	if (code == 400)
		return EXIT_USAGE_;
	return code == 403 ? EXIT_DENIED_ : 1;
}

json_t *
link_ask(struct link *l, const char *const *words, size_t n, int *exit_code)
{
	struct span body;
	json_error_t err;
	json_t *v = NULL;
	int code, rc;

	*exit_code = link_send(l, (char *const *)words, n);
	if (*exit_code != 0)
		return NULL;
	*exit_code = EXIT_UNAVAILABLE_;
	rc = link_next(l, &code, &body);
	if (rc == 0)
		link_say("%s: deferd has ended\n", l->path);
	if (rc != 1)
		return NULL;
	if (code < 300)
		v = json_loadb((const char *)body.p, body.n, 0, &err);
	if (!v)
		link_say("%.*s", SPAN_FMT(body));
	*exit_code = v ? 0 : code < 300 ? EXIT_BUG_ : link_exit_code(code);
	return v;
}

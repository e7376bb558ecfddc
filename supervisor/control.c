/*
 * control.c: the control socket's file and listener: who gets in, how many, and what to
 * do when descriptors run out.
 */
#include "control.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "conn.h"
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNS_MAX 64
#define CONNS_FOR_ADMIN 8 /* of them; so that nobody else can lock an admin out */
#define BACKLOG 64
#define RETRY_S 1

struct control {
	struct control_ops ops; /* a copy */
	struct conn_env env;
	struct evconnlistener *listener;
	struct event *retry; /* after descriptors ran out */
	struct conn *conns[CONNS_MAX];
	size_t conn_n;
	int reserve; /* a descriptor kept for the operator; -1: in use */
	struct peer_groups groups;
	const char *path; /* the config's */
	dev_t dev;        /* of the file that we made: no other is removed */
	ino_t ino;
};

/* --- the file --- */

/* A file that nobody listens on is removed. 0, or -ERR_* with a logged sentence. */
static int
control_clear_path(const struct sockaddr_un *sa)
{
	struct stat st;
	int fd, rc;

	if (lstat(sa->sun_path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		log_error(
		    "control socket %s: there is a file that is no socket: remove it",
		    sa->sun_path);
		return -ERR_DUPLICATE;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -ERR_SYSTEM;
	rc = connect(fd, (const struct sockaddr *)sa, sizeof *sa);
	if (rc == 0 || errno == EAGAIN) {
		fd_close(&fd);
		errno = EADDRINUSE;
		log_error("control socket %s: another deferd serves it: stop that one, "
			  "or set "
			  "control.socket to another path",
		    sa->sun_path);
		return -ERR_DUPLICATE;
	}
	fd_close(&fd);
	log_info("control socket %s: removing what an earlier run left", sa->sun_path);
	unlink(sa->sun_path);
	return 0;
}

/* The daemon's user, when it will change to one, must own the file to remove it. */
static void
control_give_away(const struct control *ctl, const char *user)
{
	const struct passwd *pw = user && geteuid() == 0 ? getpwnam(user) : NULL;
	uid_t uid = pw ? pw->pw_uid : (uid_t)-1;
	gid_t gid = peer_groups_file_gid(&ctl->groups);

	if (uid == (uid_t)-1 && gid == (gid_t)-1)
		return;
	if (chown(ctl->path, uid, gid) != 0)
		log_warn(
		    "control socket %s: cannot give it to its group: %s: only root and "
		    "deferd's own user can open it",
		    ctl->path, strerror(errno));
}

/* What a former deferd handed over, if it has this path; if not, it is removed. */
static int
control_claim(const struct sockaddr_un *want, struct handover *h)
{
	struct sockaddr_un sa = {0};
	socklen_t n = sizeof sa - 1; /* so that the path ends */
	int fd = handover_claim(h, HANDOVER_CONTROL);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&sa, &n) != 0 ||
	    strcmp(sa.sun_path, want->sun_path) == 0)
		return fd;
	log_info(
	    "control socket %s: removed: it is %s now", sa.sun_path, want->sun_path);
	unlink(sa.sun_path);
	fd_close(&fd);
	return -1;
}

static int
control_bind_new(const struct sockaddr_un *sa)
{
	mode_t mask;
	int fd;

	if (control_clear_path(sa) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)sa, sizeof *sa) != 0)
		fd_close(&fd);
	umask(mask);
	if (fd < 0)
		log_error("control socket %s: %s: does its folder exist, and may "
			  "deferd write there?",
		    sa->sun_path, strerror(errno));
	return fd;
}

/* A listening descriptor, or -1 with errno and a logged sentence. */
static int
control_bind(struct control *ctl, const struct conf *conf, struct handover *h)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct stat st;
	int fd;

	ctl->path = conf->control.socket;
	if (strlen(ctl->path) >= sizeof sa.sun_path) {
		errno = ENAMETOOLONG;
		log_error(
		    "control socket %s: longer than the %zu bytes that a socket's path "
		    "may have",
		    ctl->path, sizeof sa.sun_path - 1);
		return -1;
	}
	memcpy(sa.sun_path, ctl->path, strlen(ctl->path) + 1);
	if ((fd = control_claim(&sa, h)) < 0 && (fd = control_bind_new(&sa)) < 0)
		return -1;
	if (stat(ctl->path, &st) != 0) {
		log_error(
		    "control socket %s: %s: it has been removed: put nothing in its "
		    "place, and restart",
		    ctl->path, strerror(errno));
		fd_close(&fd);
		return -1;
	}
	ctl->dev = st.st_dev;
	ctl->ino = st.st_ino;
	control_give_away(ctl, conf->user);
	if (chmod(ctl->path, 0660) != 0 || listen(fd, BACKLOG) != 0) {
		log_error("control socket %s: %s", ctl->path, strerror(errno));
		fd_close(&fd);
		return -1;
	}
	return fd;
}

/* --- connections --- */
static void
control_open_reserve(struct control *ctl)
{
	if (ctl->reserve < 0)
		ctl->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
control_on_closed(struct conn *c, void *arg)
{
	struct control *ctl = arg;

	for (size_t i = 0; i < ctl->conn_n; i++)
		if (ctl->conns[i] == c) {
			ctl->conns[i] = ctl->conns[--ctl->conn_n];
			break;
		}
}

/* One frame without waiting, then goodbye. */
static void
control_turn_away(int fd, int code, const char *text)
{
	struct buf frame;

	buf_init(&frame, 0);
	if (ctl_frame(&frame, code, span_str(text)) == 0 &&
	    send(fd, frame.p, frame.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("control: a peer went away before it was turned away");
	buf_fini(&frame);
	fd_close(&fd);
}

static void
control_on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	struct control *ctl = arg;
	struct peer peer;
	struct conn *c;

	(void)l;
	(void)sa;
	(void)len;
	control_open_reserve(ctl);
	if (peer_read(fd, &ctl->groups, &peer) != 0) {
		fd_close(&fd);
		return;
	}
	if (peer.level == LEVEL_NONE) {
		log_warn("control: uid %ld (pid %ld) has no level: turned away",
		    (long)peer.uid, (long)peer.pid);
		control_turn_away(fd, CODE_DENIED,
		    "not permitted: root, deferd's own user, and the groups "
		    "control.viewGroup, "
		    "operateGroup and adminGroup may connect");
		return;
	}
	if (ctl->conn_n >=
	    CONNS_MAX - (peer.level == LEVEL_ADMIN ? 0 : (size_t)CONNS_FOR_ADMIN)) {
		control_turn_away(fd, CODE_FULL,
		    "too many control connections are open: close some, then try "
		    "again");
		return;
	}
	c = conn_new(&ctl->env, fd, &peer);
	if (c)
		ctl->conns[ctl->conn_n++] = c;
}

/* No descriptors: the reserve lets one more operator in; then accepting pauses. */
static void
control_on_accept_error(struct evconnlistener *l, void *arg)
{
	struct timeval later = {RETRY_S, 0};
	struct control *ctl = arg;
	int err = errno;

	if ((err == EMFILE || err == ENFILE) && ctl->reserve >= 0) {
		log_warn("control: %s: serving one more connection from the reserve",
		    strerror(err));
		fd_close(&ctl->reserve);
		return;
	}
	log_warn(
	    "control: cannot accept: %s: trying again in %d s", strerror(err), RETRY_S);
	evconnlistener_disable(l);
	event_add(ctl->retry, &later);
}

static void
control_on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct control *ctl = arg;

	(void)fd;
	(void)what;
	control_open_reserve(ctl);
	evconnlistener_enable(ctl->listener);
}

static bool
control_listen(struct control *ctl, struct event_base *base, int fd)
{
	ctl->retry = event_new(base, -1, 0, control_on_retry, ctl);
	ctl->listener = evconnlistener_new(base, control_on_accept, ctl,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!ctl->listener)
		fd_close(&fd);
	if (!ctl->retry || !ctl->listener) {
		log_error("control socket %s: out of memory", ctl->path);
		errno = ENOMEM;
		return false;
	}
	evconnlistener_set_error_cb(ctl->listener, control_on_accept_error);
	return true;
}

/* Those that asked the former program for a restart. */
static void
control_adopt(struct control *ctl, struct handover *h, enum handover_kind kind)
{
	struct peer peer;
	struct conn *c;
	int fd;

	while ((fd = handover_claim(h, kind)) >= 0) {
		if (ctl->conn_n >= CONNS_MAX ||
		    peer_read(fd, &ctl->groups, &peer) != 0 ||
		    !(c = conn_new(&ctl->env, fd, &peer))) {
			fd_close(&fd);
			continue;
		}
		ctl->conns[ctl->conn_n++] = c;
		conn_resume(c, kind == HANDOVER_JSON);
	}
}

struct control *
control_new(struct event_base *base, struct core *core, const struct control_ops *ops,
    struct handover *h)
{
	const struct conf *conf = core_conf(core);
	struct control *ctl = xcalloc(1, sizeof *ctl);
	int fd;

	ctl->reserve = -1;
	ctl->ops = *ops;
	ctl->env = (struct conn_env){.base = base,
	    .core = core,
	    .ops = &ctl->ops,
	    .started_ms = clock_now_ms(),
	    .closed = control_on_closed,
	    .arg = ctl};
	if (peer_groups_init(&ctl->groups, conf) != 0) {
		free(ctl);
		errno = EINVAL;
		return NULL;
	}
	fd = control_bind(ctl, conf, h);
	if (fd < 0 || !control_listen(ctl, base, fd)) {
		int err = errno;

		control_free(ctl);
		errno = err;
		return NULL;
	}
	control_open_reserve(ctl);
	control_adopt(ctl, h, HANDOVER_TEXT);
	control_adopt(ctl, h, HANDOVER_JSON);
	return ctl;
}

int
control_hand_over(struct control *ctl, struct handover *h)
{
	int rc = handover_add_copy(
	    h, HANDOVER_CONTROL, evconnlistener_get_fd(ctl->listener));

	for (size_t i = 0; rc == 0 && i < ctl->conn_n; i++)
		rc = conn_hand_over(ctl->conns[i], h);
	ctl->ino = 0; /* the file stays */
	return rc;
}

void
control_free(struct control *ctl)
{
	struct stat st;

	if (!ctl)
		return;
	while (ctl->conn_n > 0)
		conn_free(ctl->conns[--ctl->conn_n]);
	if (ctl->listener)
		evconnlistener_free(ctl->listener);
	if (ctl->retry)
		event_free(ctl->retry);
	fd_close(&ctl->reserve);
	if (ctl->ino != 0 && stat(ctl->path, &st) == 0 && st.st_dev == ctl->dev &&
	    st.st_ino == ctl->ino)
		unlink(ctl->path);
	free(ctl);
}

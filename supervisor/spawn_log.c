/*
 * spawn_log.c: see spawn_log.h.
 */
#include "spawn_log.h"
#include "../common/buf.h"
#include "../common/fd.h"
#include "../common/log.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define SPAWN_LOG_PIPE_BYTES (256 * 1024)
#define SPAWN_LOG_READ_BYTES 16384
#define SPAWN_LOG_LINE_BYTES 65536

struct spawn_log {
	int fd[2]; /* read, write */
	struct event *readable;
	struct buf in; /* the line that has not ended */
};

static void
spawn_log_tell(struct spawn_log *l, bool all)
{
	for (;;) {
		const uint8_t *end = l->in.n ? memchr(l->in.p, '\n', l->in.n) : NULL;
		size_t n = end ? (size_t)(end - l->in.p) : l->in.n;

		if (!end && (n == 0 || (!all && n < SPAWN_LOG_LINE_BYTES)))
			return;
		log_foreign(span_of(l->in.p, n));
		buf_drop(&l->in, n + (end != NULL));
	}
}

/* False: there is nothing now. */
static bool
spawn_log_read(struct spawn_log *l)
{
	uint8_t *to = buf_room(&l->in, SPAWN_LOG_READ_BYTES);
	ssize_t n = to ? read(l->fd[0], to, SPAWN_LOG_READ_BYTES) : -1;

	if (n > 0)
		buf_grew(&l->in, (size_t)n);
	spawn_log_tell(l, false);
	return n > 0;
}

static void
spawn_log_readable_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	spawn_log_read(arg);
}

struct spawn_log *
spawn_log_new(struct event_base *base)
{
	struct spawn_log *l;

	if (log_fd() == STDERR_FILENO)
		return NULL;
	l = xcalloc(1, sizeof *l);
	buf_init(&l->in, 0);
	if (pipe2(l->fd, O_CLOEXEC | O_NONBLOCK) == 0)
		l->readable = event_new(
		    base, l->fd[0], EV_READ | EV_PERSIST, spawn_log_readable_cb, l);
	if (!l->readable) {
		log_warn("no pipe for the workers' lines: %s: they go to stderr",
		    strerror(errno));
		free(l);
		return NULL;
	}
	fcntl(l->fd[1], F_SETPIPE_SZ, SPAWN_LOG_PIPE_BYTES);
	event_add(l->readable, NULL);
	return l;
}

int
spawn_log_fd(const struct spawn_log *l)
{
	return l ? l->fd[1] : -1;
}

void
spawn_log_free(struct spawn_log *l)
{
	if (!l)
		return;
	while (spawn_log_read(l))
		;
	spawn_log_tell(l, true);
	event_free(l->readable);
	fd_close(&l->fd[0]);
	fd_close(&l->fd[1]);
	buf_fini(&l->in);
	free(l);
}

/*
 * fd.c: descriptors, and records with a descriptor riding along.
 */
#include "fd.h"
#include "err.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int
fd_add_flag(int fd, int get, int set, int flag)
{
	int flags = fcntl(fd, get);

	if (flags < 0 || fcntl(fd, set, flags | flag) < 0)
		return -ERR_SYSTEM;
	return 0;
}

int
fd_nonblock(int fd)
{
	return fd_add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK);
}

int
fd_cloexec(int fd)
{
	return fd_add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
}

void
fd_close_from(int lowest)
{
	closefrom(lowest);
}

void
fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static int
fd_error(void)
{
	switch (errno) {
	case EAGAIN: return -ERR_AGAIN;
	case EPIPE:
	case ECONNRESET: return -ERR_CLOSED;
	default: return -ERR_SYSTEM;
	}
}

/* Room for the control message of one descriptor. */
union fd_control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

int
fd_send_record(int sock, struct span record, int pass_fd)
{
	union fd_control control = {0};
	struct iovec iov = {(void *)(uintptr_t)record.p, record.n};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	ASSERT(record.n > 0); /* an empty record cannot be told from the end */
	if (pass_fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control.room;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? fd_error() : 0;
}

/* The length of the record that is next, without taking it. */
static ssize_t
fd_peek_record(int sock)
{
	ssize_t n;

	do
		n = recv(sock, NULL, 0, MSG_PEEK | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	return n;
}

static int
fd_passed(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

int
fd_recv_record(int sock, struct buf *b, int *passed_fd)
{
	union fd_control control;
	ssize_t n = fd_peek_record(sock);

	*passed_fd = -1;
	if (n <= 0)
		return n < 0 ? fd_error() : -ERR_CLOSED;
	uint8_t *to = buf_room(b, (size_t)n);
	struct iovec iov = {to, to ? (size_t)n : 0};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control.room};
	/* a record that does not fit is taken all the same, and lost */
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fd_error();
	*passed_fd = fd_passed(&m);
	if (to && !(m.msg_flags & MSG_TRUNC)) {
		buf_grew(b, (size_t)n);
		return 0;
	}
	fd_close(passed_fd);
	return -ERR_TOO_LARGE;
}

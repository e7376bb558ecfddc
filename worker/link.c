/* link.c: see link.h. The only file of the worker that knows NNG. */
#include "link.h"
#include "../common/clock.h"
#include "../common/log.h"
#include <errno.h>
#include <event2/event.h>
#include <nng/nng.h>
#include <nng/protocol/pair1/pair.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LINK_MAGIC 0x6c6e6b31u
/* The supervisor bounds what it sends by its own limits; this is the last resort. */
#define RECV_MAX_BYTES ((size_t)1 << 30)

struct link {
	unsigned magic;
	nng_socket socket;
	bool is_open;
	struct outbox *out;
	struct link_calls calls;
	int lost_fd, recv_fd, send_fd;
	struct event *lost, *recv, *send;
};

/* Runs on an NNG thread. */
static void
link_on_pipe(nng_pipe pipe UNUSED, nng_pipe_ev ev UNUSED, void *arg)
{
	uint64_t one = 1;
	int fd = *(int *)arg;

	if (write(fd, &one, sizeof one) < 0)
		abort(); /* an eventfd takes 2^64 - 2 of them */
}

static void
link_on_lost(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct link *l = arg;

	l->calls.lost(l->calls.arg);
}

bool
link_drain(struct link *l)
{
	nng_msg *m;
	bool any = false;

	CHECK(l, LINK_MAGIC);
	while (nng_recvmsg(l->socket, &m, NNG_FLAG_NONBLOCK) == 0) {
		any = true;
		l->calls.message(
		    l->calls.arg, span_of(nng_msg_body(m), nng_msg_len(m)));
		nng_msg_free(m);
	}
	return any;
}

static void
link_on_recv(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	link_drain(arg);
}

/* 0: sent; EAGAIN: not now. Another error loses the batch: the pipe is going. */
static int
link_send(struct link *l, struct batch *b)
{
	nng_msg *m;

	if (nng_msg_alloc(&m, 0) != 0 ||
	    nng_msg_append(m, b->bytes.p, b->bytes.n) != 0) {
		log_error("no memory for a message of %zu bytes", b->bytes.n);
		return EAGAIN;
	}
	int r = nng_sendmsg(l->socket, m, NNG_FLAG_NONBLOCK);
	if (r == 0)
		return 0;
	nng_msg_free(m);
	if (r == NNG_EAGAIN)
		return EAGAIN;
	log_error("a message of %zu bytes could not be sent: %s", b->bytes.n,
	    nng_strerror(r));
	return EIO;
}

static bool
link_send_all(struct link *l)
{
	struct batch *b;

	while ((b = outbox_peek(l->out))) {
		if (link_send(l, b) == EAGAIN)
			return false;
		outbox_drop(l->out);
	}
	return true;
}

void
link_flush(struct link *l)
{
	CHECK(l, LINK_MAGIC);
	if (outbox_empty(l->out))
		return;
	if (link_send_all(l))
		event_del(l->send);
	else
		event_add(l->send, NULL);
}

static void
link_on_send(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct link *l = arg;

	if (link_send_all(l))
		event_del(l->send);
}

static bool
link_check(const char *what, int r)
{
	if (r != 0)
		log_error("%s: %s", what, nng_strerror(r));
	return r == 0;
}

static bool
link_dial(struct link *l, const char *address)
{
	if (!link_check("nng_pair1_open", nng_pair1_open(&l->socket)))
		return false;
	l->is_open = true;
	return link_check("NNG_OPT_RECVMAXSZ",
		   nng_socket_set_size(l->socket, NNG_OPT_RECVMAXSZ, RECV_MAX_BYTES)) &&
	       link_check("NNG_OPT_SENDBUF",
		   nng_socket_set_int(l->socket, NNG_OPT_SENDBUF, 0)) &&
	       link_check(
		   "nng_pipe_notify", nng_pipe_notify(l->socket, NNG_PIPE_EV_REM_POST,
					  link_on_pipe, &l->lost_fd)) &&
	       link_check("NNG_OPT_RECVFD",
		   nng_socket_get_int(l->socket, NNG_OPT_RECVFD, &l->recv_fd)) &&
	       link_check("NNG_OPT_SENDFD",
		   nng_socket_get_int(l->socket, NNG_OPT_SENDFD, &l->send_fd)) &&
	       link_check(address, nng_dial(l->socket, address, NULL, 0));
}

/* The descriptors are only polled: NNG reads them itself. */
static bool
link_watch(struct link *l, struct event_base *base)
{
	l->lost = event_new(base, l->lost_fd, EV_READ | EV_PERSIST, link_on_lost, l);
	l->recv = event_new(base, l->recv_fd, EV_READ | EV_PERSIST, link_on_recv, l);
	l->send = event_new(base, l->send_fd, EV_READ | EV_PERSIST, link_on_send, l);
	return l->lost && l->recv && l->send && event_add(l->lost, NULL) == 0 &&
	       event_add(l->recv, NULL) == 0;
}

struct link *
link_open(struct event_base *base, const char *address, struct outbox *out,
    const struct link_calls *calls)
{
	struct link *l = xcalloc(1, sizeof *l);

	l->magic = LINK_MAGIC;
	l->out = out;
	l->calls = *calls;
	l->lost_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->lost_fd >= 0 && link_dial(l, address) && link_watch(l, base))
		return l;
	link_close(l);
	return NULL;
}

void
link_close(struct link *l)
{
	if (!l)
		return;
	CHECK(l, LINK_MAGIC);
	if (l->lost)
		event_free(l->lost);
	if (l->recv)
		event_free(l->recv);
	if (l->send)
		event_free(l->send);
	if (l->is_open)
		nng_close(l->socket);
	if (l->lost_fd >= 0)
		close(l->lost_fd);
	l->magic = 0;
	free(l);
}

void
link_finish(struct link *l, bool (*until)(void *arg), void *arg, int wait_ms)
{
	int64_t end = clock_now_ms() + wait_ms, left;

	CHECK(l, LINK_MAGIC);
	while (!until(arg) && (left = end - clock_now_ms()) > 0) {
		bool all = link_send_all(l);
		struct pollfd fds[] = {{l->recv_fd, POLLIN, 0}, {l->lost_fd, POLLIN, 0},
		    {l->send_fd, POLLIN, 0}};
		poll(fds, all ? 2 : 3, left > 50 ? 50 : (int)left);
		if (fds[1].revents & POLLIN)
			return;
		link_drain(l);
	}
}

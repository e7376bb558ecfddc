#include "link.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "../common/outbox.h"
#include "link_close.h"
#include <errno.h>
#include <event2/event.h>
#include <nng/nng.h>
#include <nng/protocol/pair1/pair.h>
#include <nng/transport/ipc/ipc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <unistd.h>

#define LINK_MAGIC 0x6c696e6bu
#define LINK_ADDRESS_BYTES 64
/* A wake-up that NNG failed to give is made good within a second (and counted). */
#define LINK_SWEEP_S 1
#define LINK_BATCHES_A_TURN 64
#define LINK_CLOSE_MS 2000 /* at the end of the process */

struct link_note { /* left by an NNG thread */
	uint64_t number, pid, uid;
	bool up;
};

TAILQ_HEAD(link_list, link);

struct link_hub {
	struct event_base *base;
	int wake_fd;
	struct event *wake, *sweep;
	pthread_mutex_t lock; /* guards the three below */
	struct link_note *note;
	size_t note_n, note_room;
	struct link_list links;
	uint64_t missed_wakeups;
	struct link_closer closer;
};

struct link {
	unsigned magic;
	TAILQ_ENTRY(link) next;
	struct link_hub *hub;
	uint64_t number;
	char address[LINK_ADDRESS_BYTES];
	nng_socket sock;
	struct event *readable, *writable;
	struct outbox out;
	bool blocked;           /* NNG said "later": writable is armed */
	bool dispatching, dead; /* link_free came from within a callback */
	uint64_t received;
	struct link_ops ops;
	void *arg;
};

/* --- the hub --- */

/* On an NNG thread: only a note is left. */
static void
link_pipe_cb(nng_pipe pipe, nng_pipe_ev ev, void *arg)
{
	struct link_note note = {.up = ev == NNG_PIPE_EV_ADD_POST};
	const struct link *l =
	    arg; /* only what never changes; nng_close waits for us */
	struct link_hub *hub = l->hub;
	uint64_t one = 1;

	note.number = l->number;
	if (note.up) {
		nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &note.pid);
		nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &note.uid);
	}
	pthread_mutex_lock(&hub->lock);
	if (hub->note_n == hub->note_room) {
		size_t room = hub->note_room ? 2 * hub->note_room : 64;
		struct link_note *more = realloc(hub->note, room * sizeof *more);
		if (more) {
			hub->note = more;
			hub->note_room = room;
		}
	}
	/* Without memory the note is lost: SIGCHLD and the beat are the other
	 * witnesses. */
	if (hub->note_n < hub->note_room)
		hub->note[hub->note_n++] = note;
	pthread_mutex_unlock(&hub->lock);
	if (write(hub->wake_fd, &one, sizeof one) < 0)
		return; /* the counter is full: it is readable already */
}

static struct link *
link_find(struct link_hub *hub, uint64_t number)
{
	struct link *l;

	TAILQ_FOREACH (l, &hub->links, next)
		if (l->number == number)
			return l;
	return NULL;
}

static void
link_wake_cb(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct link_hub *hub = arg;
	uint64_t count;

	if (read(fd, &count, sizeof count) < 0)
		return;
	pthread_mutex_lock(&hub->lock);
	struct link_note *note = hub->note;
	size_t n = hub->note_n;
	hub->note = NULL;
	hub->note_n = hub->note_room = 0;
	pthread_mutex_unlock(&hub->lock);
	for (size_t i = 0; i < n; i++) {
		struct link *l = link_find(hub, note[i].number);
		if (!l)
			continue;
		if (note[i].up)
			l->ops.up(note[i].pid, note[i].uid, l->arg);
		else
			l->ops.down(l->arg);
	}
	free(note);
}

static void
link_sweep_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct link_hub *hub = arg;
	struct link *l, *after;

	for (l = TAILQ_FIRST(&hub->links); l; l = after) {
		after = TAILQ_NEXT(l, next);
		uint64_t before = l->received;
		link_drain(l);
		if (l->received != before)
			hub->missed_wakeups++;
	}
}

struct link_hub *
link_hub_new(struct event_base *base)
{
	struct link_hub *hub = xcalloc(1, sizeof *hub);
	struct timeval every = {LINK_SWEEP_S, 0};

	hub->base = base;
	TAILQ_INIT(&hub->links);
	pthread_mutex_init(&hub->lock, NULL);
	hub->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (hub->wake_fd < 0) {
		free(hub);
		return NULL;
	}
	hub->wake =
	    event_new(base, hub->wake_fd, EV_READ | EV_PERSIST, link_wake_cb, hub);
	hub->sweep = event_new(base, -1, EV_PERSIST, link_sweep_cb, hub);
	ASSERT(hub->wake && hub->sweep);
	event_add(hub->wake, NULL);
	event_add(hub->sweep, &every);
	return hub;
}

void
link_hub_free(struct link_hub *hub)
{
	ASSERT(TAILQ_EMPTY(&hub->links));
	event_free(hub->wake);
	event_free(hub->sweep);
	if (!link_closer_wait(&hub->closer, LINK_CLOSE_MS)) {
		log_error("link: a socket is still being closed: left as it is");
		return; /* NNG would hang, too */
	}
	/* NNG's threads end here: no callback comes after it. */
	nng_fini();
	close(hub->wake_fd);
	free(hub->note);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}

/* --- receiving --- */

static bool
link_receive_one(struct link *l)
{
	nng_msg *m;

	if (nng_recvmsg(l->sock, &m, NNG_FLAG_NONBLOCK) != 0)
		return false;
	l->received++;
	l->ops.batch(span_of(nng_msg_body(m), nng_msg_len(m)), l->arg);
	nng_msg_free(m);
	return !l->dead;
}

static void link_destroy(struct link *l);

void
link_drain(struct link *l)
{
	int n = 0;

	if (l->dispatching)
		return;
	l->dispatching = true;
	while (n++ < LINK_BATCHES_A_TURN && link_receive_one(l))
		;
	l->dispatching = false;
	if (l->dead)
		link_destroy(l);
	else if (n > LINK_BATCHES_A_TURN)
		event_active(l->readable, EV_READ, 0);
}

static void
link_readable_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct link *l = arg;

	CHECK(l, LINK_MAGIC);
	link_drain(l);
}

/* --- sending --- */

int
link_put(struct link *l, enum msg_number number, const void *fields)
{
	return outbox_put(&l->out, number, fields) ? 0 : -ERR_NOMEM;
}

static bool
link_send_batch(struct link *l, const struct batch *b)
{
	nng_msg *m;

	if (nng_msg_alloc(&m, b->bytes.n) != 0)
		return false;
	memcpy(nng_msg_body(m), b->bytes.p, b->bytes.n);
	if (nng_sendmsg(l->sock, m, NNG_FLAG_NONBLOCK) == 0)
		return true;
	nng_msg_free(m);
	return false;
}

void
link_flush(struct link *l)
{
	struct batch *b;

	while (!l->blocked && (b = outbox_peek(&l->out))) {
		if (link_send_batch(l, b)) {
			l->ops.sent(b->tasks, l->arg);
			outbox_drop(&l->out);
		} else { /* the peer has not taken the last one yet */
			l->blocked = true;
			event_add(l->writable, NULL);
		}
	}
}

static void
link_writable_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct link *l = arg;

	CHECK(l, LINK_MAGIC);
	l->blocked = false;
	link_flush(l);
}

/* --- birth and death --- */

static int
link_listen(struct link *l, size_t recv_max_bytes)
{
	uint64_t r[2];
	int rc, fd;

	if (getrandom(r, sizeof r, 0) != sizeof r)
		return -ERR_SYSTEM;
	snprintf(l->address, sizeof l->address, "abstract://deferd-%016llx%016llx",
	    (unsigned long long)r[0], (unsigned long long)r[1]);
	if ((rc = nng_socket_set_size(l->sock, NNG_OPT_RECVMAXSZ, recv_max_bytes)) ||
	    (rc = nng_pipe_notify(l->sock, NNG_PIPE_EV_ADD_POST, link_pipe_cb, l)) ||
	    (rc = nng_pipe_notify(l->sock, NNG_PIPE_EV_REM_POST, link_pipe_cb, l)) ||
	    (rc = nng_listen(l->sock, l->address, NULL, 0))) {
		log_error(
		    "link: cannot listen for worker %llu: %s: it is not started now",
		    (unsigned long long)l->number, nng_strerror(rc));
		return -ERR_SYSTEM;
	}
	if (nng_socket_get_int(l->sock, NNG_OPT_RECVFD, &fd) != 0)
		return -ERR_SYSTEM;
	l->readable =
	    event_new(l->hub->base, fd, EV_READ | EV_PERSIST, link_readable_cb, l);
	if (nng_socket_get_int(l->sock, NNG_OPT_SENDFD, &fd) != 0)
		return -ERR_SYSTEM;
	l->writable = event_new(l->hub->base, fd, EV_READ, link_writable_cb, l);
	if (!l->readable || !l->writable)
		return -ERR_NOMEM;
	event_add(l->readable, NULL);
	return 0;
}

/* NNG starts its threads at the first call: they must not take our signals. */
static int
link_open(nng_socket *sock)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int rc = nng_pair1_open(sock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct link *
link_new(struct link_hub *hub, uint64_t number, size_t recv_max_bytes,
    size_t batch_bytes, const struct link_ops *ops, void *arg)
{
	struct link *l = xcalloc(1, sizeof *l);

	l->magic = LINK_MAGIC;
	l->hub = hub;
	l->number = number;
	l->ops = *ops;
	l->arg = arg;
	outbox_init(&l->out, batch_bytes);
	TAILQ_INSERT_TAIL(&hub->links, l, next);
	int rc = link_open(&l->sock);
	if (rc != 0) {
		log_error("link: no socket for worker %llu: %s: it is not started now",
		    (unsigned long long)number, nng_strerror(rc));
		l->sock = (nng_socket)NNG_SOCKET_INITIALIZER;
	}
	if (rc != 0 || link_listen(l, recv_max_bytes) != 0) {
		link_free(l);
		return NULL;
	}
	return l;
}

const char *
link_address(const struct link *l)
{
	return l->address;
}

static void
link_destroy(struct link *l)
{
	if (l->readable)
		event_free(l->readable);
	if (l->writable)
		event_free(l->writable);
	outbox_fini(&l->out);
	l->magic = 0;
	link_closer_close(&l->hub->closer, l->sock.id, l);
}

void
link_free(struct link *l)
{
	if (!l || l->dead)
		return;
	CHECK(l, LINK_MAGIC);
	TAILQ_REMOVE(&l->hub->links, l, next);
	l->dead = true;
	if (!l->dispatching)
		link_destroy(l);
}

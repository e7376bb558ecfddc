/*
 * load.c: an open-loop load generator: requests leave at a steady rate whether or not
 * the last ones were answered, and each is timed from the instant at which it was due,
 * so that a server that stalls cannot hide it by slowing the generator down.
 *
 *   load PORT RATE SECONDS FILE    FILE holds the raw request; prints one JSON line
 *   load PORT 0 SECONDS FILE CONNS closed: so many connections, each always waits for
 *                                  an answer; for how many a second there can be
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNS_MAX 512
#define REPLY_BYTES 16384
#define REQUEST_BYTES 65536
#define CLOSED_RATE_MAX 200000
#define DRAIN_NS 5000000000LL

struct conn {
	int fd; /* -1: closed */
	bool busy;
	int64_t due_ns; /* of the request under way */
	size_t n;
	char in[REPLY_BYTES];
};

struct load {
	int port, epoll;
	size_t request_bytes;
	char request[REQUEST_BYTES];
	struct conn conn[CONNS_MAX];
	int conn_n;
	uint64_t sent, done, bad, dropped;
	uint32_t *took_us; /* one per answer */
	uint64_t took_room;
};

static int64_t
load_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static bool
load_connect(struct load *l, struct conn *c)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)l->port)};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
	int one = 1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->n = 0;
	c->busy = false;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(c->fd, (void *)&in, sizeof in) == 0 &&
	    fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0 &&
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev) == 0)
		return true;
	close(c->fd);
	c->fd = -1;
	return false;
}

static void
load_close(struct load *l, struct conn *c)
{
	l->bad += c->busy;
	close(c->fd);
	c->fd = -1;
	c->busy = false;
}

/* An idle connection, opened when there is none; NULL: all are busy. */
static struct conn *
load_idle_conn(struct load *l)
{
	for (int i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &l->conn[i];
		if (i == l->conn_n) {
			l->conn_n++;
			c->fd = -1;
			c->busy = false;
		}
		if (c->busy)
			continue;
		if (c->fd >= 0 || load_connect(l, c))
			return c;
	}
	return NULL;
}

static void
load_send(struct load *l, int64_t due_ns)
{
	struct conn *c = load_idle_conn(l);

	l->sent++;
	if (!c) {
		l->dropped++;
		return;
	}
	c->busy = true;
	c->due_ns = due_ns;
	c->n = 0;
	if (send(c->fd, l->request, l->request_bytes, MSG_NOSIGNAL) !=
	    (ssize_t)l->request_bytes)
		load_close(l, c);
}

/* The whole reply's length, 0 when its head is not complete yet. */
static size_t
load_reply_bytes(struct conn *c)
{
	c->in[c->n < REPLY_BYTES ? c->n : REPLY_BYTES - 1] = '\0';
	char *end = strstr(c->in, "\r\n\r\n");
	char *length = strcasestr(c->in, "\r\nContent-Length:");

	if (!end)
		return 0;
	return (size_t)(end - c->in) + 4 +
	       (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

static void
load_answered(struct load *l, struct conn *c)
{
	int64_t took = (load_now_ns() - c->due_ns) / 1000;

	c->busy = false;
	if (strncmp(c->in, "HTTP/1.1 2", 10) != 0) {
		l->bad++;
		return;
	}
	if (l->done < l->took_room)
		l->took_us[l->done++] = (uint32_t)took;
}

static void
load_readable(struct load *l, struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->n, sizeof c->in - 1 - c->n, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		load_close(l, c);
		return;
	}
	c->n += (size_t)n;
	size_t whole = load_reply_bytes(c);
	if (whole && c->n >= whole && c->busy)
		load_answered(l, c);
}

static void
load_wait(struct load *l, int64_t until_ns)
{
	struct epoll_event ev[64];
	int64_t left_ns = until_ns - load_now_ns();
	struct timespec ts = {
	    .tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};

	if (left_ns < 0)
		ts = (struct timespec){0};
	int n = epoll_pwait2(l->epoll, ev, 64, &ts, NULL);
	for (int i = 0; i < n; i++)
		load_readable(l, ev[i].data.ptr);
}

static void
load_run(struct load *l, double rate, double seconds)
{
	int64_t began = load_now_ns(), end = began + (int64_t)(seconds * 1e9);
	int64_t due = began;

	for (uint64_t i = 1; due < end; i++) {
		while (load_now_ns() < due)
			load_wait(l, due);
		load_send(l, due);
		load_wait(l, 0);
		due = began + (int64_t)((double)i * 1e9 / rate);
	}
	end = load_now_ns() + DRAIN_NS;
	while (l->done + l->bad + l->dropped < l->sent && load_now_ns() < end)
		load_wait(l, end);
}

/* Whoever was answered asks again. */
static void
load_run_closed(struct load *l, int conns, double seconds)
{
	int64_t end = load_now_ns() + (int64_t)(seconds * 1e9), now;

	while ((now = load_now_ns()) < end) {
		for (int busy = (int)(l->sent - l->done - l->bad - l->dropped);
		     busy < conns; busy++)
			load_send(l, now);
		load_wait(l, end);
	}
}

static int
load_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t
load_part(const struct load *l, double part)
{
	return l->done ? l->took_us[(uint64_t)((double)(l->done - 1) * part)] : 0;
}

int
main(int argc, char **argv)
{
	static struct load l;
	FILE *f = argc == 5 || argc == 6 ? fopen(argv[4], "re") : NULL;
	int conns = argc == 6 ? atoi(argv[5]) : 0;

	if (!f) {
		fprintf(stderr, "usage: load PORT RATE SECONDS FILE [CONNS]\n");
		return 64;
	}
	l.request_bytes = fread(l.request, 1, sizeof l.request, f);
	fclose(f);
	l.port = atoi(argv[1]);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.took_room =
	    (uint64_t)((conns ? CLOSED_RATE_MAX : atof(argv[2])) * atof(argv[3])) + 16;
	l.took_us = calloc(l.took_room, sizeof *l.took_us);
	if (l.epoll < 0 || !l.took_us)
		return 71;
	if (conns)
		load_run_closed(&l, conns, atof(argv[3]));
	else
		load_run(&l, atof(argv[2]), atof(argv[3]));
	qsort(l.took_us, l.done, sizeof *l.took_us, load_compare);
	printf(
	    "{\"sent\":%llu,\"done\":%llu,\"bad\":%llu,\"dropped\":%llu,\"p50_us\":%u,"
	    "\"p90_us\":%u,\"p99_us\":%u,\"max_us\":%u}\n",
	    (unsigned long long)l.sent, (unsigned long long)l.done,
	    (unsigned long long)l.bad, (unsigned long long)l.dropped,
	    load_part(&l, 0.5), load_part(&l, 0.9), load_part(&l, 0.99),
	    load_part(&l, 1));
	free(l.took_us);
	return 0;
}

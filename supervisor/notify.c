/*
 * notify.c: see notify.h.
 */
#include "notify.h"
#include "../common/buf.h"
#include "../common/fd.h"
#include "../common/log.h"
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NOTIFY_PATIENCE_MS 100 /* while the manager's queue is full */
#define NOTIFY_MORE_MS 5000    /* for goodbyes after the grace */
#define NOTIFY_TEXT_BYTES 512

static const char *const notify_variables[] = {
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
#define NOTIFY_VARIABLES COUNT_OF(notify_variables)

struct notify {
	int fd; /* -1: nobody asked */
	struct sockaddr_un to;
	socklen_t to_bytes;
	struct event *watchdog;      /* or NULL */
	struct timeval every;        /* half of what the manager gave */
	char *was[NOTIFY_VARIABLES]; /* their values, owned; or NULL */
};

/* "/path" or "@abstract", as systemd gives it. */
static bool
notify_parse_address(struct notify *n, const char *text)
{
	size_t bytes = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || bytes < 2 ||
	    bytes >= sizeof n->to.sun_path) {
		log_warn("NOTIFY_SOCKET is %s, which is no socket's name: the service "
			 "manager is told nothing",
		    text);
		return false;
	}
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, text, bytes + 1);
	n->to_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
	if (text[0] == '@')
		n->to.sun_path[0] = '\0';
	else
		n->to_bytes++;
	return true;
}

static void
notify_send(struct notify *n, const char *text, bool vital)
{
	struct pollfd p = {.fd = n->fd, .events = POLLOUT};
	ssize_t r = -1;

	if (n->fd < 0)
		return;
	for (int tries = vital ? 2 : 1; r < 0 && tries > 0; tries--) {
		r = sendto(n->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		    (const struct sockaddr *)&n->to, n->to_bytes);
		if (r < 0 && errno == EAGAIN && tries > 1)
			poll(&p, 1, NOTIFY_PATIENCE_MS);
	}
	if (r < 0 && vital)
		log_warn("cannot tell the service manager \"%.*s\": %s",
		    (int)strcspn(text, "\n"), text, strerror(errno));
}

/* --- the watchdog --- */

static void
notify_feed_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	notify_send(arg, "WATCHDOG=1", false);
}

static void
notify_open_watchdog(struct notify *n, struct event_base *base)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long us = usec ? strtoll(usec, NULL, 10) : 0;

	if (us < 2 || (pid && strtoll(pid, NULL, 10) != getpid()))
		return;
	n->every =
	    (struct timeval){.tv_sec = us / 2000000, .tv_usec = us / 2 % 1000000};
	n->watchdog = event_new(base, -1, EV_PERSIST, notify_feed_cb, n);
}

struct notify *
notify_new(struct event_base *base)
{
	struct notify *n = xcalloc(1, sizeof *n);
	const char *address = getenv("NOTIFY_SOCKET");

	n->fd = -1;
	if (address && notify_parse_address(n, address)) {
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		notify_open_watchdog(n, base);
	}
	for (size_t i = 0; i < NOTIFY_VARIABLES; i++) {
		const char *value = getenv(notify_variables[i]);
		if (value)
			n->was[i] = xmemdup(value, strlen(value) + 1);
		unsetenv(notify_variables[i]);
	}
	return n;
}

void
notify_put_back(const struct notify *n)
{
	for (size_t i = 0; i < NOTIFY_VARIABLES; i++)
		if (n->was[i])
			setenv(notify_variables[i], n->was[i], 1);
}

void
notify_free(struct notify *n)
{
	if (!n)
		return;
	if (n->watchdog)
		event_free(n->watchdog);
	for (size_t i = 0; i < NOTIFY_VARIABLES; i++)
		free(n->was[i]);
	fd_close(&n->fd);
	free(n);
}

/* --- what there is to say --- */

void
notify_watch(struct notify *n)
{
	if (n->watchdog && !event_pending(n->watchdog, EV_TIMEOUT, NULL)) {
		notify_send(n, "WATCHDOG=1", false);
		event_add(n->watchdog, &n->every);
	}
}

void
notify_ready(struct notify *n)
{
	notify_send(n, "READY=1", true);
	notify_watch(n);
}

void
notify_reloading(struct notify *n)
{
	char text[96];
	struct timespec t;

	/* systemd compares it with its own clock, in the same units */
	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	notify_send(n, text, true);
}

void
notify_stopping(struct notify *n, int64_t grace_ms)
{
	char text[96] = "STOPPING=1";

	if (grace_ms >= 0)
		snprintf(text, sizeof text, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld",
		    (long long)(grace_ms + NOTIFY_MORE_MS) * 1000);
	notify_send(n, text, true);
}

void
notify_status(struct notify *n, const char *fmt, ...)
{
	char text[NOTIFY_TEXT_BYTES] = "STATUS=";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + 7, sizeof text - 7, fmt, ap);
	va_end(ap);
	/* a second line would be another variable */
	text[7 + strcspn(text + 7, "\n")] = '\0';
	notify_send(n, text, false);
}

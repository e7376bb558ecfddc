#include "config.h"
#include "ctlclient.h"
#include "../../common/clock.h"
#include "../../common/fd.h"
#include "../../common/log.h"
#include "t.h"
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct room room;

static void
on_stop(void *arg UNUSED)
{
	room.stops++;
	event_base_loopbreak(room.base); /* nothing is written by the loop any more */
}

struct control *
room_listen(void)
{
	static const char *const urls[] = {NULL};
	struct control_ops ops = {.stop = on_stop, .urls = urls};

	return control_new(room.base, &room.core, &ops, &(struct handover){0});
}

void
room_begin_without_control(void)
{
	snprintf(room.dir, sizeof room.dir, "/tmp/deferd-t-XXXXXX");
	if (!mkdtemp(room.dir))
		t_fail(__FILE__, __LINE__, "mkdtemp: %s", strerror(errno));
	snprintf(room.path, sizeof room.path, "%s/control.sock", room.dir);
	signal(SIGPIPE, SIG_IGN);
	log_open("/dev/null");
	ctlcore_init(&room.core, room.path);
	room.base = event_base_new();
	room.stops = 0;
}

void
room_begin(void)
{
	room_begin_without_control();
	room.control = room_listen();
	OK(room.control != NULL);
}

void
room_end_control(void)
{
	control_free(room.control);
	room.control = NULL;
}

void
room_end(void)
{
	room_end_control();
	event_base_free(room.base);
	ctlcore_fini(&room.core);
	rmdir(room.dir);
}

void
room_turn(void)
{
	event_base_loop(room.base, EVLOOP_NONBLOCK);
}

void
client_open(struct client *c)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	c->closed = false;
	ctl_reader_init(&c->reader, 64 << 20);
	memcpy(sa.sun_path, room.path, strlen(room.path) + 1);
	if (connect(c->fd, (struct sockaddr *)&sa, sizeof sa) != 0)
		t_fail(
		    __FILE__, __LINE__, "connect %s: %s", room.path, strerror(errno));
	fd_nonblock(c->fd);
}

void
client_close(struct client *c)
{
	fd_close(&c->fd);
	ctl_reader_fini(&c->reader);
}

bool
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
		room_turn();
	}
	return true;
}

bool
client_say(struct client *c, const char *text)
{
	return client_send(c, text, strlen(text));
}

static void
client_pump(struct client *c)
{
	char bytes[65536];
	ssize_t n;

	room_turn();
	while ((n = recv(c->fd, bytes, sizeof bytes, 0)) > 0)
		OK(ctl_reader_feed(&c->reader, span_of(bytes, (size_t)n)) == 0);
	c->closed = n == 0 || errno != EAGAIN;
}

int
client_next(struct client *c, struct span *body)
{
	int64_t until = clock_now_ms() + CLIENT_DEADLINE_MS;
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
	t_fail(__FILE__, __LINE__, "no answer within %d ms", CLIENT_DEADLINE_MS);
}

int
client_ask(struct client *c, const char *line, struct span *body)
{
	client_say(c, line);
	return client_next(c, body);
}

bool
room_is_served(void)
{
	struct client c;
	struct span body;
	int code;

	client_open(&c);
	code = client_ask(&c, "show lanes\n", &body);
	client_close(&c);
	room_turn();
	return code == 200;
}

bool
span_has(struct span body, const char *text)
{
	return memmem(body.p, body.n, text, strlen(text)) != NULL;
}

void
room_emit(const char *name, const char *text)
{
	struct jsonw *w = events_begin(room.core.events, name);

	if (w)
		jsonw_kstr(w, "text", text);
	events_end(room.core.events);
}

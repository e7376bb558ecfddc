/* Conversations over the control socket: clients that behave, and clients that do not.
 */
#include "config.h"
#include "../../common/clock.h"
#include "ctlclient.h"
#include "t.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void
t_requests(void)
{
	static const char three[] = "show lanes\nbogus\n-j show info\n";
	struct client c;
	struct span body;

	room_begin();
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
	OK(span_has(body, "open quote"));
	EQ_INT((int)ctlcore_requests(&room.core), 10);
	client_close(&c);
	room_end();
}

/* An answer that comes later holds back those after it, and nobody else's. */
static void
t_later(void)
{
	struct client c, other;
	struct span body;

	room_begin();
	room.core.unsettled = 2;
	client_open(&c);
	client_open(&other);
	client_say(&c, "-j scale 22\nshow lanes\n");
	EQ_INT(client_ask(&other, "show lanes\n", &body), 200);
	OK(ctl_reader_next(&c.reader, &(int){0}, &body) == 0);
	EQ_INT(room.core.conf.workers.concurrent, 22);
	room.core.unsettled = 0;
	EQ_INT(client_next(&c, &body), 200);
	OK(span_has(body, "{\"schema\":1,\"workers\":22,"));
	EQ_INT(client_next(&c, &body), 200);
	/* Time is up. */
	room.core.unsettled = 1;
	client_say(&c, "recycle all\n");
	shutdown(c.fd, SHUT_WR);
	EQ_INT(client_ask(&other, "show lanes\n", &body), 200);
	room.core.now_ms += 30000;
	EQ_INT(client_next(&c, &body), 202);
	OK(span_has(body, "after 30 s 1 workers are still to come or to go"));
	EQ_INT(client_next(&c, &body), 0);
	client_close(&c);
	/* One that goes away while it waits is forgotten. */
	client_say(&other, "scale 3\n");
	room_turn();
	client_close(&other);
	for (int i = 0; i < 10; i++)
		room_turn();
	OK(room_is_served());
	room_end();
}

/* The end of the input counts as the end of a line, and what was asked is answered. */
static void
t_half_close(void)
{
	struct client c;
	struct span body;

	room_begin();
	client_open(&c);
	client_say(&c, "show lanes\nshow info");
	shutdown(c.fd, SHUT_WR);
	EQ_INT(client_next(&c, &body), 200);
	EQ_INT(client_next(&c, &body), 200);
	OK(span_has(body, "phase"));
	EQ_INT(client_next(&c, &body), 0);
	client_close(&c);
	room_end();
}

static void
t_long_lines(void)
{
	char *line = malloc(CTL_LINE_BYTES + 1);
	struct client c;
	struct span body;

	room_begin();
	memset(line, 'x', CTL_LINE_BYTES + 1);
	line[CTL_LINE_BYTES - 1] = '\n';
	client_open(&c);
	client_send(&c, line, CTL_LINE_BYTES);
	EQ_INT(client_next(&c, &body), 400);
	OK(span_has(body, "unknown"));
	line[CTL_LINE_BYTES - 1] = 'x';
	client_send(&c, line, CTL_LINE_BYTES + 1);
	EQ_INT(client_next(&c, &body), 413);
	EQ_INT(client_next(&c, &body), 0);
	client_close(&c);
	OK(room_is_served());
	free(line);
	room_end();
}

/* Noise in every shape: an answer or a closed connection, and the next client is
 * served. */
static void
t_garbage(void)
{
	uint64_t seed = t_seed();

	room_begin();
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
		noise[0] = 1; /* the first line is no "h", which would be help */
		client_open(&c);
		if (client_send(&c, noise, n) && t_below(&seed, 2))
			shutdown(c.fd, SHUT_WR);
		if (t_below(&seed, 2)) {
			client_say(&c, "\n");
			OK(client_next(&c, &body) != 200);
		}
		client_close(&c);
		room_turn();
	}
	EQ_INT(room.stops, 0);
	OK(room_is_served());
	room_end();
}

static void
t_many_clients(void)
{
	struct client c[65];
	struct span body;

	room_begin();
	for (size_t i = 0; i < 64; i++) {
		client_open(&c[i]);
		EQ_INT(client_ask(&c[i], "show lanes\n", &body), 200);
	}
	client_open(&c[64]);
	EQ_INT(client_next(&c[64], &body), 503);
	OK(span_has(body, "too many control connections"));
	EQ_INT(client_next(&c[64], &body), 0);
	client_close(&c[0]);
	room_turn();
	OK(room_is_served());
	for (size_t i = 1; i < 65; i++)
		client_close(&c[i]);
	room_end();
}

/* Requests whose answers nobody reads do not pile up in the daemon. */
static void
t_unread_replies(void)
{
	struct client c;
	struct span body;
	size_t sent = 0, got = 0;

	room_begin();
	room.core.worker_n = CTLCORE_WORKERS;
	client_open(&c);
	while (sent < 2000 && send(c.fd, "-j show workers\n", 16, MSG_NOSIGNAL) == 16) {
		sent++;
		room_turn();
	}
	for (; got < sent; got++)
		EQ_INT(client_next(&c, &body), 200);
	OK(sent > 100);
	client_close(&c);
	room_end();
}

static void
t_subscribe(void)
{
	struct client c;
	struct span body;

	room_begin();
	room_emit("before", "x");
	client_open(&c);
	EQ_INT(client_ask(&c, "sub ev\n", &body), 200);
	OK(span_has(body, "{\"schema\":1,\"seq\":2,") &&
	    span_has(body, "\"event\":\"subscribe\",\"uid\":"));
	room_emit("one", "x");
	room_emit("two", "y");
	EQ_INT(client_next(&c, &body), 200);
	OK(span_has(body, "{\"schema\":1,\"seq\":3,") &&
	    span_has(body, "\"event\":\"one\",\"text\":\"x\"}\n"));
	client_say(&c, "show info\n"); /* not read any more */
	shutdown(c.fd, SHUT_WR);
	EQ_INT(client_next(&c, &body), 200);
	OK(span_has(body, "{\"schema\":1,\"seq\":4,"));
	room_turn();
	room_emit("three", "half-closed goes on");
	EQ_INT(client_next(&c, &body), 200);
	OK(span_has(body, "{\"schema\":1,\"seq\":5,"));
	client_close(&c);
	int64_t until = clock_now_ms() + CLIENT_DEADLINE_MS;
	while (events_begin(room.core.events, "anybody")) {
		events_end(room.core.events);
		OK(clock_now_ms() < until);
		event_base_loop(room.base, EVLOOP_ONCE);
	}
	room_end();
}

static void
t_subscriber_closes(void)
{
	struct client c;
	struct span body;

	room_begin();
	client_open(&c);
	EQ_INT(client_ask(&c, "subscribe events\n", &body), 200);
	client_close(&c);
	room_turn();
	OK(events_begin(room.core.events, "anybody") == NULL);
	room_end();
}

/* What was lost plus what came is what happened; then the end. */
static void
t_slow_subscriber(void)
{
	char text[1001], want[64];
	struct client c;
	struct span body;
	int emitted = 0, got = 0, code;

	room_begin();
	memset(text, 'x', 1000);
	text[1000] = '\0';
	client_open(&c);
	EQ_INT(client_ask(&c, "subscribe events\n", &body), 200);
	for (; emitted < 5000; emitted++) {
		room_emit("noise", text);
		room_turn();
	}
	OK(room_is_served());
	while ((code = client_next(&c, &body)) == 200)
		got++;
	EQ_INT(code, 429);
	OK(got > 900 && got < 2000);
	snprintf(want, sizeof want, "\"lost\":%d}}\n", emitted - got);
	OK(span_has(body, want));
	EQ_INT(client_next(&c, &body), 0);
	OK(events_begin(room.core.events, "anybody") == NULL);
	client_close(&c);
	room_end();
}

static void
t_stop(void)
{
	struct client c;
	struct span body;

	room_begin();
	client_open(&c);
	client_say(&c, "stop\n");
	while (room.stops == 0)
		room_turn();
	room_end_control(); /* at once: the answer was written all the same */
	EQ_INT(client_next(&c, &body), 202);
	EQ_INT(client_next(&c, &body), 0);
	client_close(&c);
	room_end();
}

TESTS(TEST(requests), TEST(later), TEST(half_close), TEST(long_lines), TEST(garbage),
    TEST(many_clients), TEST(unread_replies), TEST(subscribe), TEST(subscriber_closes),
    TEST(slow_subscriber), TEST(stop))

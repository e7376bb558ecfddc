/*
 * The web page: who gets in, what the replies forbid a browser, and streams that end,
 * leave, stall and are too many.
 */
#include "httpcore.h"
#include "t.h"
#include "../../common/clock.h"
#include "../../supervisor/handover.h"
#include "../../supervisor/ui_session.h"
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define MASTER "Authorization: Bearer master-key-1\r\n"
#define REST "Authorization: Bearer rest-key-1\r\n"

static struct reply r;

static int
ask(struct core *c, const char *verb, const char *path, const char *headers)
{
	OK(client_call(c, verb, path, headers, NULL, &r));
	return r.status;
}

/* The header of a new session. */
static const char *
sign_in(struct core *c)
{
	static char header[128];

	EQ_INT(ask(c, "POST", "/ui/session", MASTER), 201);
	const char *token = strstr(r.body, "ui-");
	OK(token != NULL);
	snprintf(header, sizeof header, "Authorization: Bearer %.*s\r\n",
	    UI_TOKEN_BYTES - 1, token);
	return header;
}

static void
t_the_page_forbids_what_it_does_not_need(void)
{
	static const char *const files[] = {"/ui", "/ui/", "/ui/app.js",
	    "/ui/style.css", "/ui/icon.svg", "/ui/none", "/ui/tasks", "/ui/session"};
	struct core c;

	httpcore_init(&c);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		ask(&c, "GET", files[i], "");
		EQ_INT(r.status, i < 5 ? 200 : i == 7 ? 405 : 401);
		const char *csp = reply_get(&r, "Content-Security-Policy");
		OK(csp && strstr(csp, "default-src 'none'"));
		OK(!strstr(csp, "unsafe") && !strstr(csp, "http"));
		EQ_STR(reply_get(&r, "X-Content-Type-Options"), "nosniff");
		EQ_STR(reply_get(&r, "X-Frame-Options"), "DENY");
		EQ_STR(reply_get(&r, "Referrer-Policy"), "no-referrer");
		OK(!reply_get(&r, "Set-Cookie"));
	}
	EQ_INT(ask(&c, "HEAD", "/ui/app.js", ""), 200);
	EQ_STR(reply_get(&r, "Content-Type"), "text/javascript; charset=utf-8");
	EQ_INT(ask(&c, "POST", "/ui", "Content-Length: 0\r\n"), 405);
	httpcore_fini(&c);
}

/* The test's listener is on loopback. */
static void
t_off_is_off(void)
{
	struct core c;

	httpcore_init(&c);
	c.conf.ui = SWITCH_OFF;
	EQ_INT(ask(&c, "GET", "/ui", ""), 404);
	EQ_INT(ask(&c, "POST", "/ui/session", MASTER), 404);
	EQ_INT(ask(&c, "GET", "/ui/stream", MASTER), 404);
	c.conf.ui = SWITCH_ON;
	EQ_INT(ask(&c, "GET", "/ui", ""), 200);
	httpcore_fini(&c);
}

static void
t_a_session_opens_what_its_key_opens(void)
{
	struct core c;

	httpcore_init(&c);
	EQ_INT(ask(&c, "GET", "/ui/tasks", MASTER), 200); /* the key itself does too */
	const char *session = sign_in(&c);
	EQ_STR(reply_get(&r, "Cache-Control"), "no-store");
	OK(!strstr(buf_cstr(&r.text), "master-key"));
	EQ_INT(ask(&c, "GET", "/ui/tasks", session), 200);
	EQ_INT(ask(&c, "GET", "/ui/deaths", session), 200);
	EQ_INT(ask(&c, "POST", "/ui/session", session), 400); /* none from another */
	/* nowhere else */
	EQ_INT(ask(&c, "GET", "/v1/apps/demo/tasks", session), 403);
	EQ_INT(ask(&c, "DELETE", "/ui/session", session), 204);
	EQ_INT(ask(&c, "GET", "/ui/tasks", session), 401);
	httpcore_fini(&c);
}

static void
t_sessions_end_with_time_and_with_their_key(void)
{
	struct core c;

	httpcore_init(&c);
	const char *session = sign_in(&c);
	c.later_ms = UI_IDLE_MS - 1000;
	EQ_INT(ask(&c, "GET", "/ui/tasks", session), 200);
	c.later_ms += UI_IDLE_MS + 1000;
	EQ_INT(ask(&c, "GET", "/ui/tasks", session), 401);
	session = sign_in(&c);
	c.conf_app.keys.master.n = 0; /* as a reload does */
	EQ_INT(ask(&c, "GET", "/ui/tasks", session), 401);
	c.conf_app.keys.master.n = 1;
	EQ_INT(ask(&c, "GET", "/ui/tasks", session), 401);
	httpcore_fini(&c);
}

static void
t_wrong_keys_wait_old_sessions_do_not(void)
{
	struct core c;

	httpcore_init(&c);
	const char *session = sign_in(&c);
	char wrong[128];
	snprintf(wrong, sizeof wrong, "%s", session);
	wrong[30] ^= 1;
	for (int i = 0; i < 2 * UI_DOOR_TRIES; i++)
		EQ_INT(ask(&c, "GET", "/ui/tasks", wrong), 401);
	EQ_INT(ask(&c, "POST", "/ui/session", ""), 401);
	for (int i = 0; i < UI_DOOR_TRIES; i++)
		EQ_INT(ask(&c, "POST", "/ui/session", REST), 403);
	EQ_INT(ask(&c, "POST", "/ui/session", MASTER), 429);
	OK(reply_get(&r, "Retry-After") != NULL);
	EQ_INT(ask(&c, "GET", "/ui/tasks", session), 200); /* who is in, is in */
	c.later_ms = UI_DOOR_MS + 1000;
	EQ_INT(ask(&c, "POST", "/ui/session", MASTER), 201);
	httpcore_fini(&c);
}

static void
t_buttons(void)
{
	struct core c;
	char path[128], id[TASKID_TEXT_BYTES];

	httpcore_init(&c);
	c.plan.what = PLAN_NEVER;
	OK(client_call(
	    &c, "POST", "/v1/apps/demo/tasks", REST, "{\"name\":\"hello\"}", &r));
	taskid_text(&c.last->id, id);
	EQ_INT(ask(&c, "GET", "/ui/tasks?show=waiting", MASTER), 200);
	OK(strstr(r.body, id) != NULL);
	EQ_INT(ask(&c, "GET", "/ui/tasks?show=all", MASTER), 400);
	snprintf(path, sizeof path, "/ui/tasks/%s/kill", id);
	EQ_INT(ask(&c, "POST", path, MASTER), 409);
	EQ_INT(ask(&c, "GET", path, MASTER), 405);
	snprintf(path, sizeof path, "/ui/tasks/%s/cancel", id);
	EQ_INT(ask(&c, "POST", path, REST), 403);
	EQ_INT(ask(&c, "POST", path, MASTER), 200);
	EQ_INT(ask(&c, "POST", path, MASTER), 409);
	snprintf(path, sizeof path, "/ui/tasks/%s", id);
	EQ_INT(ask(&c, "GET", path, MASTER), 200);
	OK(strstr(r.body, "\"state\":\"cancelled\"") != NULL);
	EQ_INT(ask(&c, "POST", "/ui/lanes/low/pause", MASTER), 200);
	OK(c.paused[LANE_LOW] && !c.paused[LANE_MAIN]);
	EQ_INT(ask(&c, "POST", "/ui/lanes/low/resume", MASTER), 200);
	OK(!c.paused[LANE_LOW]);
	EQ_INT(ask(&c, "POST", "/ui/lanes/high/pause", MASTER), 404);
	EQ_INT(ask(&c, "GET", "/ui/lanes/low/pause", MASTER), 405);
	httpcore_fini(&c);
}

/* --- streams --- */

static int
open_stream(struct core *c, const char *headers)
{
	char request[256];
	int fd = client_open(c);

	snprintf(request, sizeof request,
	    "GET /ui/stream HTTP/1.1\r\nHost: x\r\n%s\r\n", headers);
	client_send(c, fd, span_str(request));
	OK(client_read(c, fd, false, &r));
	return fd;
}

/* Reads on until the text is there. */
static bool
stream_says(struct core *c, int fd, const char *text)
{
	int64_t end_ms = clock_now_ms() + 3000;
	char part[4096];

	while (!strstr(buf_cstr(&r.text), text) && clock_now_ms() < end_ms) {
		ssize_t n = recv(fd, part, sizeof part, MSG_DONTWAIT);
		if (n == 0)
			return false;
		if (n > 0)
			buf_add(&r.text, part, (size_t)n);
		event_base_loop(c->base, EVLOOP_NONBLOCK);
	}
	return strstr(buf_cstr(&r.text), text) != NULL;
}

static bool
no_streams(struct core *c)
{
	return c->stats.value[STAT_UI_STREAMS] == 0;
}

static void
t_a_stream_outlives_idling_and_ends_with_its_session(void)
{
	struct core c;

	httpcore_init(&c);
	const char *session = sign_in(&c);
	int fd = open_stream(&c, session);
	EQ_INT(r.status, 200);
	EQ_STR(reply_get(&r, "Content-Type"), "text/event-stream; charset=utf-8");
	OK(stream_says(&c, fd, "event: hello\ndata: {\"version\":"));
	OK(stream_says(&c, fd, "event: pool\ndata: {\"now\":"));
	EQ_INT(c.stats.value[STAT_UI_STREAMS], 1);
	EQ_INT(http_pending(c.http), 0); /* a stop does not wait for it */
	c.phase = CORE_DRAINING;
	OK(stream_says(&c, fd, "\"phase\":\"draining\""));
	EQ_INT(ask(&c, "DELETE", "/ui/session", session), 204);
	buf_reset(&r.text);
	OK(stream_says(&c, fd, "event: end\n"));
	OK(!stream_says(&c, fd, "event: never\n")); /* closed */
	OK(client_until(&c, no_streams));
	client_turn(&c);
	EQ_INT(c.stats.value[STAT_HTTP_CONNECTIONS], 0);
	close(fd);
	httpcore_fini(&c);
}

static void
t_a_stream_is_not_idle(void)
{
	struct core c;

	httpcore_init(&c);
	http_free(c.http);
	c.conf.http.idle_ms = 300;
	c.http = http_new(c.base, &c, &(struct handover){0});
	int fd = open_stream(&c, MASTER);
	buf_reset(&r.text);
	for (int64_t end_ms = clock_now_ms() + 800; clock_now_ms() < end_ms;)
		client_turn(&c);
	EQ_INT(c.stats.value[STAT_UI_STREAMS], 1);
	OK(stream_says(&c, fd, "event: pool\n"));
	close(fd);
	httpcore_fini(&c);
}

static void
t_a_page_that_is_closed_is_noticed(void)
{
	struct core c;

	httpcore_init(&c);
	int64_t before_ms = clock_now_ms();
	close(open_stream(&c, MASTER));
	OK(client_until(&c, no_streams));
	OK(clock_now_ms() - before_ms < 2000);
	client_turn(&c);
	EQ_INT(c.stats.value[STAT_HTTP_CONNECTIONS], 0);
	httpcore_fini(&c);
}

static void
t_streams_are_bounded(void)
{
	struct core c;
	int fd[16];

	httpcore_init(&c);
	for (size_t i = 0; i < COUNT_OF(fd); i++) {
		fd[i] = open_stream(&c, MASTER);
		EQ_INT(r.status, 200);
	}
	close(open_stream(&c, MASTER));
	EQ_INT(r.status, 429);
	close(fd[0]);
	while (c.stats.value[STAT_UI_STREAMS] == COUNT_OF(fd))
		client_turn(&c);
	close(open_stream(&c, MASTER));
	EQ_INT(r.status, 200);
	for (size_t i = 1; i < COUNT_OF(fd); i++)
		close(fd[i]);
	httpcore_fini(&c); /* with open streams */
}

/* What cannot leave is not made; who never reads is dropped. */
static void
t_a_page_that_does_not_read_is_dropped(void)
{
	struct core c;

	httpcore_init(&c);
	c.seats = 510; /* about 80 KiB a picture */
	int fd = open_stream(&c, MASTER);
	int64_t end_ms = clock_now_ms() + 3000;
	while (clock_now_ms() < end_ms)
		client_turn(&c);
	EQ_INT(c.stats.value[STAT_UI_STREAMS], 1);
	c.later_ms = 11000;
	OK(client_until(&c, no_streams));
	close(fd);
	httpcore_fini(&c);
}

TESTS(TEST(the_page_forbids_what_it_does_not_need), TEST(off_is_off),
    TEST(a_session_opens_what_its_key_opens),
    TEST(sessions_end_with_time_and_with_their_key),
    TEST(wrong_keys_wait_old_sessions_do_not), TEST(buttons),
    TEST(a_stream_outlives_idling_and_ends_with_its_session),
    TEST(a_stream_is_not_idle), TEST(a_page_that_is_closed_is_noticed),
    TEST(streams_are_bounded), TEST(a_page_that_does_not_read_is_dropped))

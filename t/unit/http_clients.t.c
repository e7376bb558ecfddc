/*
 * The HTTP face and its clients: those that leave, half-close, are slow or too many.
 */
#include "httpcore.h"
#include "t.h"
#include "../../common/clock.h"
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TASKS "/v1/apps/demo/tasks"
#define KEY "Authorization: Bearer rest-key-1\r\n"
#define SYNC "{\"name\":\"hello\",\"execution\":\"sync\"}"

static struct reply r;

static bool
one_waits(struct core *c)
{
	return http_pending(c->http) == 1;
}
static bool
one_abandoned(struct core *c)
{
	return c->abandoned == 1 && http_pending(c->http) == 0;
}

static int
ask_and_wait(struct core *c, const char *version)
{
	static struct buf b;
	int fd = client_open(c);

	buf_reset(&b);
	buf_printf(&b,
	    "POST " TASKS " HTTP/%s\r\nHost: x\r\n" KEY
	    "Content-Length: 35\r\n\r\n" SYNC,
	    version);
	client_send(c, fd, buf_span(&b));
	OK(client_until(c, one_waits));
	return fd;
}

static void
t_a_client_that_leaves_is_noticed(void)
{
	struct core c;

	httpcore_init(&c);
	c.plan.what = PLAN_NEVER;
	int64_t before_ms = clock_now_ms();
	close(ask_and_wait(&c, "1.1"));
	OK(client_until(&c, one_abandoned));
	OK(clock_now_ms() - before_ms < 500);
	EQ_INT(c.stats.value[STAT_HTTP_DISCONNECTS], 1);
	client_turn(&c);
	EQ_INT(c.stats.value[STAT_HTTP_CONNECTIONS], 0);
	httpcore_fini(&c);
}

static void
finish_last(struct core *c)
{
	struct task *t = c->last;
	task_done_cb *done = t->done;

	task_move(t, TASK_LEASED, 1);
	task_move(t, TASK_DONE, 2);
	t->done = NULL;
	done(t, t->done_arg);
}

static void
check_half_close(const char *version)
{
	struct core c;

	httpcore_init(&c);
	c.plan.what = PLAN_NEVER;
	int fd = ask_and_wait(&c, version);
	shutdown(fd, SHUT_WR);
	for (int64_t end_ms = clock_now_ms() + 150; clock_now_ms() < end_ms;)
		client_turn(&c);
	EQ_INT(c.abandoned, 0);
	finish_last(&c);
	OK(client_read(&c, fd, false, &r));
	EQ_INT(r.status, 200);
	close(fd);
	httpcore_fini(&c);
}

static void
t_a_half_close_is_not_leaving(void)
{
	check_half_close("1.1");
	check_half_close("1.0");
}

static void
t_a_pipelined_request_waits_its_turn(void)
{
	struct core c;

	httpcore_init(&c);
	c.plan.what = PLAN_NEVER;
	int fd = ask_and_wait(&c, "1.1");
	client_send(&c, fd, span_str("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
	for (int64_t end_ms = clock_now_ms() + 100; clock_now_ms() < end_ms;)
		client_turn(&c);
	EQ_INT(c.stats.value[STAT_HTTP_REQUESTS], 1);
	close(fd);
	OK(client_until(&c, one_abandoned));
	httpcore_fini(&c);
}

static void
t_stopping_refuses_connections_and_closes_kept_ones(void)
{
	struct core c;

	httpcore_init(&c);
	c.plan.what = PLAN_NEVER;
	int fd = ask_and_wait(&c, "1.1");
	http_stop_accepting(c.http, true);
	EQ_INT(client_open(&c), -1);
	finish_last(&c);
	OK(client_read(&c, fd, false, &r));
	EQ_STR(reply_get(&r, "Connection"), "close");
	client_turn(&c);
	EQ_INT(http_pending(c.http), 0);
	close(fd);
	httpcore_fini(&c);
}

static bool
none_pends(struct core *c)
{
	return http_pending(c->http) == 0;
}

static void
t_an_answer_pends_until_it_has_left(void)
{
	static struct buf big;
	struct core c;
	char part[65536];

	httpcore_init(&c);
	buf_reset(&big);
	buf_add_byte(&big, '"');
	while (big.n < 8000000)
		buf_add_str(&big, "0123456789012345678901234567890123456789");
	buf_add_byte(&big, '"');
	c.plan.result = buf_cstr(&big);
	for (int leaves = 0; leaves < 2; leaves++) {
		int fd = client_open(&c);
		client_send(&c, fd,
		    span_str("POST " TASKS " HTTP/1.1\r\nHost: x\r\n" KEY
			     "Content-Length: 35\r\n\r\n" SYNC));
		for (int i = 0; i < 50; i++)
			client_turn(&c);
		EQ_INT(http_pending(c.http), 1);
		while (!leaves && http_pending(c.http)) {
			OK(recv(fd, part, sizeof part, MSG_DONTWAIT) != 0);
			client_turn(&c);
		}
		close(fd);
		OK(client_until(&c, none_pends));
	}
	for (int i = 0; i < 20; i++)
		client_turn(&c);
	EQ_INT(c.stats.value[STAT_HTTP_CONNECTIONS], 0);
	httpcore_fini(&c);
}

/* --- connections --- */

static void
t_connections_are_counted_and_bounded(void)
{
	struct core c;
	int fd[4];

	httpcore_init(&c);
	http_free(c.http);
	c.conf.http.connections = 2;
	c.http = http_new(c.base, &c, &(struct handover){0});
	for (int i = 0; i < 4; i++) {
		fd[i] = client_open(&c);
		client_turn(&c);
	}
	EQ_INT(c.stats.value[STAT_HTTP_CONNECTIONS], 2);
	client_send(&c, fd[2], span_str("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
	client_turn(&c);
	EQ_INT(c.stats.value[STAT_HTTP_REQUESTS], 0);
	close(fd[0]);
	OK(client_read(&c, fd[2], false, &r));
	EQ_INT(r.status, 200);
	EQ_INT(c.stats.value[STAT_HTTP_CONNECTIONS], 2);
	for (int i = 1; i < 4; i++)
		close(fd[i]);
	for (int i = 0; i < 20; i++)
		client_turn(&c);
	EQ_INT(c.stats.value[STAT_HTTP_CONNECTIONS], 0);
	httpcore_fini(&c);
}

static void
t_a_slow_client_is_dropped(void)
{
	struct core c;

	httpcore_init(&c);
	http_free(c.http);
	c.conf.http.idle_ms = 100;
	c.http = http_new(c.base, &c, &(struct handover){0});
	int fd = client_open(&c);
	client_send(&c, fd, span_str("GET /healthz HTTP/1.1\r\nHo"));
	int64_t before_ms = clock_now_ms();
	OK(!client_read(&c, fd, false, &r));
	OK(clock_now_ms() - before_ms < 2000);
	close(fd);
	/* a call that waits is not idle */
	c.plan.what = PLAN_NEVER;
	fd = ask_and_wait(&c, "1.1");
	for (int64_t end_ms = clock_now_ms() + 300; clock_now_ms() < end_ms;)
		client_turn(&c);
	EQ_INT(http_pending(c.http), 1);
	close(fd);
	httpcore_fini(&c);
}

TESTS(TEST(a_client_that_leaves_is_noticed), TEST(a_half_close_is_not_leaving),
    TEST(a_pipelined_request_waits_its_turn),
    TEST(stopping_refuses_connections_and_closes_kept_ones),
    TEST(an_answer_pends_until_it_has_left), TEST(connections_are_counted_and_bounded),
    TEST(a_slow_client_is_dropped))

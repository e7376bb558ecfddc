/*
 * http.c: the fuzz target of the HTTP face, over loopback: an input is sent as it is on
 * a connection of its own, and as the body of a call in each dialect on a kept one. The
 * core behind it answers each task at once. Whatever comes in, what comes out is whole
 * replies with a status of the table, and no call is left waiting.
 */
#include "fuzz.h"
#include "../unit/httpcore.h"
#include "../../common/clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HALF_CLOSED                                                                    \
	16 /* one in so many inputs ends with a FIN, the others do not end */

static const struct span words[] = {FUZZ_WORD("\r\n"), FUZZ_WORD("\r\n\r\n"),
    FUZZ_WORD(" HTTP/1.1\r\nHost: x\r\n"), FUZZ_WORD("Content-Length: 5\r\n"),
    FUZZ_WORD("Transfer-Encoding: chunked\r\n"), FUZZ_WORD("0\r\n\r\n"),
    FUZZ_WORD("GET /healthz"), FUZZ_WORD("POST /parse/functions/hello"),
    FUZZ_WORD("POST /v1/apps/demo/tasks"), FUZZ_WORD("/demo/rest-key-1/services/S/"),
    FUZZ_WORD("Authorization: Bearer rest-key-1\r\n"), FUZZ_WORD("%2f"), FUZZ_WORD("%"),
    FUZZ_WORD("?a=%ff&b"), FUZZ_WORD("Expect: 100-continue\r\n"),
    FUZZ_WORD("bl-execution-type: async\r\n"), FUZZ_WORD("\"execution\":\"sync\""),
    FUZZ_WORD("\"_method\":\"GET\""), FUZZ_WORD("\"_context\":{}"),
    FUZZ_WORD("{\"__type\":\"Date\",\"iso\":\"2026-01-01T00:00:00Z\"}"),
    FUZZ_WORD("{\"name\":\"hello\","), FUZZ_WORD("\xff"), FUZZ_WORD(" ")};

static struct core core;
static int kept = -1;
static struct reply reply;

static void
start(void)
{
	if (core.base)
		return;
	httpcore_init(&core);
	core.plan.result = "{\"a\":[1,\"x\"]}";
	kept = client_open(&core);
}

/* Closed with a reset: nothing stays in TIME_WAIT, unless a FIN was sent before. */
static void
hang_up(int fd)
{
	struct linger at_once = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

static void
send_raw(struct span input)
{
	char part[65536];
	size_t seen = 0;
	int fd = client_open(&core);

	OK(fd >= 0);
	ssize_t n = send(fd, input.p, input.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	OK(n == (ssize_t)input.n);
	if (input.n % HALF_CLOSED == 0) /* each leaves a port in TIME_WAIT */
		shutdown(fd, SHUT_WR);
	client_turn(&core);
	while ((n = recv(fd, part, sizeof part, MSG_DONTWAIT)) > 0)
		seen += (size_t)n;
	OK(seen == 0 || seen > sizeof "HTTP/1.1 200 OK");
	hang_up(fd);
	client_turn(&core);
}

static void
send_body(const char *path, const char *headers, struct span body)
{
	static struct buf b;

	buf_reset(&b);
	buf_printf(&b, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n",
	    path, headers, body.n);
	buf_add_span(&b, body);
	client_send(&core, kept, buf_span(&b));
	OK(client_read(&core, kept, false, &reply));
	OK(reply.status == 200 || reply.status == 202 ||
	    (reply.status >= 400 && reply.status < 500));
	OK(reply.body_bytes > 0 && reply.text.p[reply.text.n - 1] != ',');
}

static void
target(struct span input)
{
	static const struct {
		const char *path, *headers;
	} calls[] = {
	    {"/v1/apps/demo/tasks", "Authorization: Bearer master-key-1\r\n"},
	    {"/demo/rest-key-1/services/S/m", "Content-Type: application/json\r\n"},
	    {"/api/servercode/events/e", ""},
	    {"/parse/functions/hello", "X-Parse-Application-Id: demo\r\n"
				       "X-Parse-Master-Key: master-key-1\r\n"},
	};

	start();
	send_raw(input);
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		send_body(calls[i].path, calls[i].headers, input);
}

static void
finish(void)
{
	close(kept);
	client_turn(&core);
	EQ_INT(http_pending(core.http), 0);
	httpcore_fini(&core);
	buf_fini(&reply.text);
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "http",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words)};
	int status = fuzz_main(argc, argv, &f);

	if (core.base)
		finish();
	return status;
}

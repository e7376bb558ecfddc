/*
 * The HTTP face as a server: framing that two readers could understand differently is
 * refused, limits of size hold, everything is JSON.
 */
#include "httpcore.h"
#include "t.h"
#include "../../common/clock.h"
#include <jansson.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TASKS "/v1/apps/demo/tasks"
#define KEY "Authorization: Bearer rest-key-1\r\n"
#define SYNC "{\"name\":\"hello\",\"execution\":\"sync\"}"

static struct reply r;

static bool
is_json(void)
{
	json_t *v = json_loadb(r.body, r.body_bytes, JSON_DECODE_ANY, NULL);
	bool json = v != NULL;

	json_decref(v);
	return json && strstr(reply_get(&r, "Content-Type"), "application/json");
}

/* --- what is not HTTP, or could be read in two ways --- */

static const char *const refused[] = {
    "BAD\r\n\r\n",
    "GET /healthz\r\n\r\n",
    "GET /healthz HTTP/2.0\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: "
    "0\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: "
    "0\r\n\r\nx",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\nx",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /healthz HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HEAD /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
};

static void
t_odd_framing_is_refused_and_closed(void)
{
	struct core c;

	httpcore_init(&c);
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		int fd = client_open(&c);
		client_send(&c, fd, span_str(refused[i]));
		/* it must not be taken for a request of its own */
		client_send(
		    &c, fd, span_str("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
		bool head = strncmp(refused[i], "HEAD", 4) == 0;
		if (!client_read(&c, fd, head, &r))
			t_fail(__FILE__, __LINE__, "no answer to %s", refused[i]);
		if (r.status != 400 && r.status != 501 && r.status != 413)
			t_fail(__FILE__, __LINE__, "%d for %s", r.status, refused[i]);
		if (!head && !is_json())
			t_fail(__FILE__, __LINE__, "%s: %s", refused[i],
			    buf_cstr(&r.text));
		EQ_STR(reply_get(&r, "Connection"), "close");
		OK(!client_read(&c, fd, false, &r));
		close(fd);
	}
	EQ_INT(c.submitted, 0);
	httpcore_fini(&c);
}

static void
t_every_path_is_answered_in_json(void)
{
	static const char *const paths[] = {"/", "//", "*", "/nope", "/v1", "/v1/apps",
	    "/v1/apps/demo/tasks/x/y", "/a/b/c/d", "/api", "/api/x", "/parse",
	    "/parse/x", "/%00", "/%zz/%2/%", "http://h/nope", "/healthz/x",
	    "/demo/rest-key-1/none", "/demo/rest-key-1/services",
	    "/demo/rest-key-1/servercode/events/", "/parse/functions",
	    "/parse/functions/a/b", "/?a", "/nope?x=%ff"};
	struct core c;

	httpcore_init(&c);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		OK(client_call(&c, "GET", paths[i], "", NULL, &r));
		OK(r.status >= 400 && r.status < 500);
		OK(is_json());
		OK(client_call(&c, "POST", paths[i], "", "{", &r));
		OK(r.status >= 400 && r.status < 500);
		OK(is_json());
	}
	httpcore_fini(&c);
}

static void
t_system_pages(void)
{
	struct core c;

	httpcore_init(&c);
	OK(client_call(&c, "GET", "/healthz", "", NULL, &r));
	EQ_INT(r.status, 200);
	EQ_STR(r.body, "{\"status\":\"ok\"}");
	OK(client_call(&c, "HEAD", "/healthz", "", NULL, &r));
	EQ_INT(r.status, 200);
	EQ_STR(reply_get(&r, "Content-Length"), "15");
	EQ_STR(r.body, "");
	c.not_ready = "no worker is ready";
	OK(client_call(&c, "GET", "/readyz", "", NULL, &r));
	EQ_INT(r.status, 503);
	OK(strstr(r.body, "no worker is ready") && reply_get(&r, "Retry-After"));
	OK(client_call(&c, "POST", "/healthz", "", "", &r));
	EQ_INT(r.status, 405);
	EQ_STR(reply_get(&r, "Allow"), "GET, HEAD");
	OK(client_call(&c, "GET", "/metrics", "", NULL, &r));
	EQ_INT(r.status, 200);
	OK(strstr(r.body, "\ndeferd_http_requests_total 5\n") != NULL);
	OK(strstr(r.body, "\ndeferd_http_connections 1\n") != NULL);
	EQ_STR(r.body + r.body_bytes - 6, "# EOF\n");
	httpcore_fini(&c);
}

/* Each metric is announced once, and its samples follow at once. */
static void
t_metrics_are_openmetrics(void)
{
	char name[100] = "", seen[8000] = "", sample[100];
	struct core c;
	size_t n = 0;

	httpcore_init(&c);
	OK(client_call(&c, "GET", "/metrics", "", NULL, &r));
	OK(strstr(reply_get(&r, "Content-Type"), "application/openmetrics-text"));
	for (const char *line = r.body; *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "# TYPE %99s", name) == 1) {
			snprintf(sample, sizeof sample, " %s ", name);
			OK(!strstr(seen, sample));
			strcat(seen, sample);
		} else if (*line != '#') {
			OK(strncmp(line, name, strlen(name)) == 0);
			OK(strcspn(line, " {") - strlen(name) <= strlen("_bucket"));
			n++;
		}
	}
	OK(n > 30);
	httpcore_fini(&c);
}

/* --- bodies and limits --- */

static void
t_bodies_arrive_in_every_framing(void)
{
	static const char chunked[] =
	    "POST " TASKS " HTTP/1.1\r\nHost: x\r\n" KEY
	    "Transfer-Encoding: chunked\r\n\r\n10\r\n{\"name\":\"hello\",\r\n"
	    "13\r\n\"execution\":\"sync\"}\n\r\n0\r\n\r\n";
	static const char two[] = "POST " TASKS " HTTP/1.1\r\nHost: x\r\n" KEY
				  "Content-Length: 35\r\n\r\n" SYNC
				  "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct core c;

	httpcore_init(&c);
	OK(client_ask(&c, chunked, &r));
	EQ_INT(r.status, 200);
	int fd = client_open(&c);
	client_send(&c, fd, span_str(two));
	OK(client_read(&c, fd, false, &r));
	EQ_INT(r.status, 200);
	OK(strstr(r.body, "\"state\":\"done\"") != NULL);
	if (!strstr(r.body, "{\"status\":\"ok\"}"))
		OK(client_read(&c, fd, false, &r));
	OK(strstr(r.body, "{\"status\":\"ok\"}") != NULL);
	close(fd);
	httpcore_fini(&c);
}

static void
check_large(struct core *c, const char *path, size_t n, const char *want)
{
	static struct buf body;

	buf_reset(&body);
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&body, ' ');
	OK(client_call(c, "POST", path, "", buf_cstr(&body), &r));
	EQ_INT(r.status, 413);
	OK(is_json());
	OK(strstr(r.body, want) != NULL);
}

static void
t_limits_of_size(void)
{
	struct core c;
	static struct buf head;

	httpcore_init(&c);
	check_large(&c, TASKS, 10001, "\"code\":\"too_large\"");
	check_large(
	    &c, "/demo/rest-key-1/services/S/m", 10001, "{\"code\":0,\"message\"");
	check_large(&c, "/parse/functions/hello", 10001, "{\"code\":107,\"error\"");
	check_large(&c, TASKS, 3000000, "too large");
	buf_reset(&head);
	buf_add_str(&head, "X-Long: ");
	for (int i = 0; i < 9000; i++)
		buf_add_byte(&head, 'x');
	buf_add_str(&head, "\r\n");
	OK(client_call(&c, "GET", "/healthz", buf_cstr(&head), NULL, &r));
	EQ_INT(r.status, 400);
	OK(is_json());
	httpcore_fini(&c);
}

TESTS(TEST(odd_framing_is_refused_and_closed), TEST(every_path_is_answered_in_json),
    TEST(system_pages), TEST(metrics_are_openmetrics),
    TEST(bodies_arrive_in_every_framing), TEST(limits_of_size))

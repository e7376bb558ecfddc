#include "httpcore.h"
#include "t.h"
#include "../../common/clock.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 5000

int
client_open(struct core *c)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* little room, so that a large reply cannot leave at once */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){8192}, sizeof(int));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)atoi(strrchr(http_url(c->http, 0), ':') + 1));
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void
client_turn(struct core *c)
{
	for (int i = 0; i < 3; i++)
		event_base_loop(c->base, EVLOOP_NONBLOCK);
}

void
client_send(struct core *c, int fd, struct span bytes)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0)
			bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
		client_turn(c);
	}
}

/* The head's end, once it is there, and then the body's length. */
static bool
reply_is_whole(struct reply *r, bool head_only)
{
	const char *text = buf_cstr(&r->text), *end = strstr(text, "\r\n\r\n");

	while (end && strncmp(text, "HTTP/1.1 1", 10) == 0) { /* interim */
		buf_drop(&r->text, (size_t)(end + 4 - text));
		text = buf_cstr(&r->text);
		end = strstr(text, "\r\n\r\n");
	}
	if (!end)
		return false;
	r->status = atoi(text + 9);
	r->body = end + 4;
	const char *length = reply_get(r, "Content-Length");
	r->body_bytes = length && !head_only ? (size_t)atol(length) : 0;
	return r->text.n >= (size_t)(r->body - text) + r->body_bytes;
}

bool
client_read(struct core *c, int fd, bool head_only, struct reply *r)
{
	int64_t end_ms = clock_now_ms() + WAIT_MS;
	char part[4096];

	buf_reset(&r->text);
	while (clock_now_ms() < end_ms) {
		ssize_t n = recv(fd, part, sizeof part, MSG_DONTWAIT);
		if (n > 0)
			buf_add(&r->text, part, (size_t)n);
		if (n > 0 && reply_is_whole(r, head_only))
			return true;
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return false;
		event_base_loop(c->base, EVLOOP_NONBLOCK);
	}
	t_note("no reply in time: %s", buf_cstr(&r->text));
	return false;
}

bool
client_ask(struct core *c, const char *request, struct reply *r)
{
	int fd = client_open(c);

	client_send(c, fd, span_str(request));
	bool got = client_read(c, fd, strncmp(request, "HEAD", 4) == 0, r);
	close(fd);
	return got;
}

bool
client_call(struct core *c, const char *verb, const char *path, const char *headers,
    const char *body, struct reply *r)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "%s %s HTTP/1.1\r\nHost: x\r\n%s", verb, path, headers);
	if (body)
		buf_printf(&b, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	else
		buf_add_str(&b, "\r\n");
	bool got = client_ask(c, buf_cstr(&b), r);
	buf_fini(&b);
	return got;
}

const char *
reply_get(const struct reply *r, const char *name)
{
	static char value[512];
	const char *line = strstr((const char *)r->text.p, "\r\n");
	size_t n = strlen(name);

	for (; line && line + 2 < r->body; line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
			continue;
		const char *from = line + 2 + n + 1 + strspn(line + 3 + n, " ");
		snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r"), from);
		return value;
	}
	return NULL;
}

bool
client_until(struct core *c, bool (*holds)(struct core *))
{
	int64_t end_ms = clock_now_ms() + WAIT_MS;

	while (!holds(c) && clock_now_ms() < end_ms)
		event_base_loop(c->base, EVLOOP_NONBLOCK);
	return holds(c);
}

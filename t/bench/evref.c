/*
 * evref.c: the yardstick of the benchmarks: evhttp that answers every request with the
 * same bytes. What it reaches is what libevent, the kernel and the load generator
 * allow.
 *
 *   evref BODY     prints the port it took on 127.0.0.1; ends when stdin closes
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
evref_answer(struct evhttp_request *req, void *body)
{
	struct evbuffer *out = evhttp_request_get_output_buffer(req);

	evhttp_add_header(
	    evhttp_request_get_output_headers(req), "Content-Type", "application/json");
	evbuffer_add_reference(out, body, strlen(body), NULL, NULL);
	evhttp_send_reply(req, HTTP_OK, "OK", NULL);
}

static void
evref_stdin_closed(evutil_socket_t fd, short what, void *base)
{
	char byte;

	(void)what;
	if (read(fd, &byte, 1) <= 0)
		event_base_loopbreak(base);
}

static int
evref_port(struct evhttp_bound_socket *bound)
{
	struct sockaddr_in in;
	socklen_t n = sizeof in;

	if (getsockname(evhttp_bound_socket_get_fd(bound), (void *)&in, &n) != 0)
		return -1;
	return ntohs(in.sin_port);
}

int
main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = base ? evhttp_new(base) : NULL;
	struct evhttp_bound_socket *bound;
	struct event *end;

	if (argc != 2 || !http) {
		fprintf(stderr, "usage: evref BODY\n");
		return 64;
	}
	bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	end = event_new(base, 0, EV_READ | EV_PERSIST, evref_stdin_closed, base);
	if (!bound || !end || event_add(end, NULL) != 0) {
		perror("evref");
		return 71;
	}
	evhttp_set_gencb(http, evref_answer, argv[1]);
	printf("%d\n", evref_port(bound));
	fflush(stdout);
	event_base_dispatch(base);
	event_free(end);
	evhttp_free(http);
	event_base_free(base);
	return 0;
}

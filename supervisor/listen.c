/*
 * listen.c: see listen.h.
 */
#include "listen.h"
#include "../common/fd.h"
#include "../common/log.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LISTEN_BACKLOG 1024

static struct addrinfo *
listen_resolve(const struct conf_listen *l, struct buf *why)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
			    .ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
			*a = NULL;
	char port[16];

	snprintf(port, sizeof port, "%d", l->port);
	int r = getaddrinfo(l->host, port, &hints, &a);
	if (r != 0)
		buf_printf(why, "cannot listen on %s: %s", l->url, gai_strerror(r));
	return r == 0 ? a : NULL;
}

static int
listen_bind(const struct addrinfo *a)
{
	int on = 1;
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* accepted sockets inherit it: an answer does not wait for an ACK */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, LISTEN_BACKLOG) != 0)
		fd_close(&fd);
	return fd;
}

/* --- those that are there --- */

/* Any port will do when the entry has none. */
static bool
listen_is_at(int fd, const struct addrinfo *a)
{
	struct sockaddr_storage ss = {0};
	const struct sockaddr_in *x4 = (const void *)&ss,
				 *y4 = (const void *)a->ai_addr;
	const struct sockaddr_in6 *x6 = (const void *)&ss,
				  *y6 = (const void *)a->ai_addr;
	socklen_t n = sizeof ss;

	if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0 ||
	    ss.ss_family != a->ai_family)
		return false;
	if (a->ai_family == AF_INET)
		return x4->sin_addr.s_addr == y4->sin_addr.s_addr &&
		       (y4->sin_port == 0 || x4->sin_port == y4->sin_port);
	return memcmp(&x6->sin6_addr, &y6->sin6_addr, sizeof x6->sin6_addr) == 0 &&
	       (y6->sin6_port == 0 || x6->sin6_port == y6->sin6_port);
}

static struct listen_socket
listen_claim(const struct addrinfo *a, struct handover *h)
{
	struct listen_socket s = {.fd = -1};

	for (size_t i = 0; i < h->n && s.fd < 0; i++) {
		enum handover_kind kind = h->item[i].kind;

		if ((kind != HANDOVER_HTTP && kind != HANDOVER_KEPT) ||
		    !listen_is_at(h->item[i].fd, a))
			continue;
		s.fd = h->item[i].fd;
		s.kept = kind == HANDOVER_KEPT;
		handover_remove(h, i);
	}
	return s;
}

/* --- all of them --- */

static bool
listen_open_one(const struct conf_listen *l, struct handover *h,
    struct listen_socket *s, struct buf *why)
{
	struct addrinfo *a = listen_resolve(l, why);

	if (!a)
		return false;
	*s = listen_claim(a, h);
	if (s->fd < 0 && (s->fd = listen_bind(a)) < 0)
		buf_printf(why, "cannot listen on %s: %s", l->url, strerror(errno));
	freeaddrinfo(a);
	return s->fd >= 0;
}

static bool
listen_none_is_left(const struct handover *h, struct buf *why)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->item[i].kind != HANDOVER_KEPT)
			continue;
		char *url = listen_url(h->item[i].fd);
		buf_printf(why,
		    "the service manager listens on %s, which is not in listen: nobody "
		    "would answer there: add it, or take it out of the socket unit",
		    url);
		free(url);
		return false;
	}
	return true;
}

struct listen_socket *
listen_open(const struct conf *conf, struct handover *h, struct buf *why)
{
	struct listen_socket *s = xcalloc(conf->listen_n + 1, sizeof *s);
	bool good = true;

	for (size_t i = 0; i < conf->listen_n; i++)
		s[i].fd = -1;
	/* those with a port of their own choose first */
	for (int any = 0; any < 2; any++)
		for (size_t i = 0; good && i < conf->listen_n; i++)
			if ((conf->listen[i].port == 0) == any)
				good = listen_open_one(&conf->listen[i], h, &s[i], why);
	if (good && listen_none_is_left(h, why))
		return s;
	listen_close(s, conf->listen_n);
	return NULL;
}

void
listen_close(struct listen_socket *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close(&s[i].fd);
	free(s);
}

char *
listen_url(int fd)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof ss;
	char host[64], port[16];
	struct buf url;
	size_t len;

	buf_init(&url, 0);
	if (getsockname(fd, (struct sockaddr *)&ss, &n) == 0 &&
	    getnameinfo((struct sockaddr *)&ss, n, host, sizeof host, port, sizeof port,
		NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		buf_printf(&url, strchr(host, ':') ? "http://[%s]:%s" : "http://%s:%s",
		    host, port);
	else
		buf_add_str(&url, "http://?");
	buf_add_byte(&url, '\0');
	return (char *)buf_take(&url, &len);
}

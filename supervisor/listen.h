/*
 * listen.h: the listening TCP sockets of `listen`: opened, or found among those that were
 * handed over.
 */
#ifndef DEFERD_LISTEN_H
#define DEFERD_LISTEN_H

#include "conf.h"
#include "handover.h"

struct listen_socket {
	int fd;	   /* non-blocking, CLOEXEC; -1: none */
	bool kept; /* the service manager holds it, too: never to be shut down */
};

/* A socket for each entry of conf.listen, owned, in that order: what was handed over is
 * claimed by its address (an entry with port 0 takes any of its host), the others are
 * opened. NULL when one cannot be, or when a socket that the service manager holds has no
 * entry: then `why` says so, and all are closed. Blocks while a host name is looked up. */
struct listen_socket *listen_open(const struct conf *, struct handover *, struct buf *why);
void listen_close(struct listen_socket *, size_t n);
/* "http://127.0.0.1:7500", where it really listens; the caller frees. */
char *listen_url(int fd);

#endif

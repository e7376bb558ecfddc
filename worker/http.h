/*
 * http.h: outbound HTTP: libcurl's multi-socket interface in the worker's loop.
 *
 * libcurl and the thirty libraries behind it are opened only by apps whose handlers name
 * HTTP: by the forkserver once those are loaded, so that the workers share the pages;
 * else, at the first request, by the worker. It is initialised in the worker, at the first
 * request, so that one that makes none has nothing of it but mapped pages.
 *
 * A request is a pend of the scope that made it, of kind PEND_IO. Its time is the engine's:
 * it counts from the call on, over the wait for a free place, all redirects and the body.
 * Names are resolved by threads of libcurl, with all signals blocked. No request blocks the
 * loop.
 */
#ifndef DEFERD_WORKER_HTTP_H
#define DEFERD_WORKER_HTTP_H

#include "../common/hostrule.h"
#include <stdbool.h>

/* The codes of HTTP::Error, with what its message says first. */
#define HTTP_FAULT_TABLE(X)                                                               \
	X(URL, "url", "the URL cannot be used")                                           \
	X(DENIED, "denied", "denied")                                                     \
	X(DNS, "dns", "the host's name has no address")                                   \
	X(REFUSED, "refused", "no connection")                                            \
	X(TLS, "tls", "no trusted connection")                                            \
	X(TIMEOUT, "timeout", "not answered in time")                                     \
	X(CLOSED, "closed", "the connection broke off")                                   \
	X(PROTOCOL, "protocol", "the answer is not HTTP as it should be")                 \
	X(REDIRECTS, "redirects", "redirected too often")                                 \
	X(TOO_LARGE, "too_large", "too large")                                            \
	X(UNAVAILABLE, "unavailable", "HTTP cannot be used here")

enum http_fault {
	HTTP_FINE,
#define X(name, code, text) HTTP_##name,
	HTTP_FAULT_TABLE(X)
#undef X
};

struct http_conf {
	struct hostpolicy policy;
	size_t body_bytes; /* of a response, unpacked */
	size_t held_bytes; /* of all bodies that are held; 0: no limit */
	unsigned concurrent, per_task; /* 0: the default */
	const char *ca; /* file, or NULL: the system's; borrowed */
};

struct engine;
struct event_base;

/* Opens libcurl. False, and logged: it cannot be. Before any fork is best; again is fine. */
bool http_preload(struct engine *);
/* Says which loop requests are made in. Without it there are none. */
void http_set_loop(struct engine *, struct event_base *);
/* Ends all requests; the pends must be gone. */
void http_close(struct engine *);
/* The module HTTP's C half; before the prelude is loaded. */
void http_define(struct engine *);

#endif

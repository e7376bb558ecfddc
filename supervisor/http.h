/*
 * http.h: the HTTP face: listeners, limits, routing to the three dialects.
 */
#ifndef DEFERD_HTTP_H
#define DEFERD_HTTP_H

#include "core.h"
#include "handover.h"

struct http;

/* May enough files be open for this config? Raises the limit as far as it is allowed to.
 * False: too few for a start, and logged why. */
bool http_has_files(const struct conf *);
/* Listens on every address of the config: what was handed over is claimed, the rest is
 * opened. NULL with a logged sentence when that cannot be. The core is borrowed. */
struct http *http_new(struct event_base *, struct core *, struct handover *);
/* Stops accepting; answers in flight go on, and close their connections. refuse: new clients
 * are refused from now on; else they wait in the kernel's queue for who listens next. */
void http_stop_accepting(struct http *, bool refuse);
/* Adds copies of the listening sockets. 0 or -ERR_SYSTEM. */
int http_hand_over(const struct http *, struct handover *) MUST_USE;
/* Open connections. */
size_t http_connections(const struct http *);
/* Requests that still wait for their answer, or whose answer has not left yet. */
size_t http_pending(const struct http *);
void http_free(struct http *);
/* Where it really listens (port 0 resolved): "http://127.0.0.1:7500"; NULL past the end. */
const char *http_url(const struct http *, size_t i);

#endif

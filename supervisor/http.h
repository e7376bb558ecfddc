/*
 * http.h: the HTTP face: listeners, limits, routing to the three dialects.
 */
#ifndef DEFERD_HTTP_H
#define DEFERD_HTTP_H

#include "core.h"

struct http;

/* Binds every listener of the config. NULL with a logged sentence when one cannot be
 * bound (errno says why). The core is borrowed. */
struct http *http_new(struct event_base *, struct core *);
/* Stops accepting; answers in flight go on. */
void http_stop_accepting(struct http *);
/* Requests that still wait for their answer, or whose answer has not left yet. */
size_t http_pending(const struct http *);
void http_free(struct http *);
/* Where it really listens (port 0 resolved): "http://127.0.0.1:7500"; NULL past the end. */
const char *http_url(const struct http *, size_t i);

#endif

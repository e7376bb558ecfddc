/*
 * http_backendless.h: what the files of the Backendless dialect share.
 */
#ifndef DEFERD_HTTP_BACKENDLESS_H
#define DEFERD_HTTP_BACKENDLESS_H

#include "http_impl.h"

/* rest: the event's name, still encoded. */
void bl_serve_event(struct http_req *, struct span rest);
/* rest: "<service>[/<version>]/<method or route>", still encoded. */
void bl_serve_service(struct http_req *, struct span rest);

#endif

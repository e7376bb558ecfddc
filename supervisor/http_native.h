/*
 * http_native.h: what the files of the native dialect share.
 */
#ifndef DEFERD_HTTP_NATIVE_H
#define DEFERD_HTTP_NATIVE_H

#include "http_impl.h"

/* POST /v1/apps/<app>/tasks; the caller has been admitted. */
void native_post(struct http_req *);

#endif

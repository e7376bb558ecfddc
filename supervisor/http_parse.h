/*
 * http_parse.h: what the files of the Parse dialect share.
 */
#ifndef DEFERD_HTTP_PARSE_H
#define DEFERD_HTTP_PARSE_H

#include "http_impl.h"

struct parse_req {
	struct http_req *r;
	enum verb verb;	 /* with _method taken into account */
	json_t *body;	 /* owned; an object, without what is not a parameter; NULL: none */
	json_t *context; /* owned; an object; NULL: none */
	/* credentials, wherever they came from; borrowed from request, scratch or keep */
	struct span app_id, master_key, client_key;
	json_t *keep; /* owned: what was taken out of the body */
};

/* http_parse_read.c: reads the body and admits the caller. False: refused, answered. */
bool parse_read(struct parse_req *) MUST_USE;
void parse_fini(struct parse_req *);
/* False: refused, because the master key is missing. */
bool parse_needs_master(struct parse_req *);

/* http_parse_job.c: rest is what follows the room's name in the path. */
void parse_serve_jobs(struct parse_req *, struct span rest);
void parse_serve_classes(struct parse_req *, struct span rest);
void parse_serve_cloud_code(struct parse_req *, struct span rest);

#endif

/*
 * http_log.h: the access log: a line for each HTTP request, text or JSON. Lines gather in
 * memory and are written once a turn of the loop. Besides the log of common/log.h it is the
 * only thing that is not owned by somebody: evhttp's error pages know no instance.
 *
 * Of the target only the path is written, without a query, and where a key may stand in the
 * path there are three stars.
 */
#ifndef DEFERD_HTTP_LOG_H
#define DEFERD_HTTP_LOG_H

#include "../common/log.h"
#include "task.h"

struct http_log_entry {
	int64_t wall_ms;
	const char *ip, *method; /* NULL: not known */
	struct span path;	 /* as it came: still encoded, keys not masked; no query */
	int status;
	size_t bytes; /* of the reply's body */
	const char *app; /* NULL: nobody has proved that he may */
	const struct task *task; /* or NULL */
	int64_t now_ms;	  /* monotonic */
	int64_t total_us; /* since the request was whole; -1: not known */
	const char *agent; /* or NULL */
};

/* "off" or NULL; "log": to go with the other lines, at the level info; or a file's path
 * (appended, 0640). 0 or -ERR_SYSTEM with errno. */
int http_log_open(const char *target);
/* Opens the file again under its name. 0 or -ERR_SYSTEM; then the old one stays. */
int http_log_reopen(void);
bool http_log_is_on(void);
void http_log_add(const struct http_log_entry *);
/* Writes what has gathered; to be called at the end of each turn. What cannot be written is
 * lost, counted, and told in the log. */
void http_log_flush(void);
/* Flushes and closes. */
void http_log_close(void);

/* The line itself, without a newline. in_log: it goes with other lines, which say when. */
void http_log_format(
    const struct http_log_entry *, enum log_format, bool in_log, struct buf *out);

#endif

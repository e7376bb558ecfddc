/*
 * error.h: exceptions and reasons as text, for messages and logs.
 */
#ifndef DEFERD_ERROR_H
#define DEFERD_ERROR_H

#include "../common/kinds.h"
#include "gate.h"

#define ERROR_MESSAGE_BYTES 8192
#define ERROR_FRAMES_MAX 30 /* of the backtrace, and of the trail */

struct error_text {
	struct buf class, message; /* UTF-8; the message is cut at ERROR_MESSAGE_BYTES */
	struct buf code;	   /* msgpack: an integer, a string, or empty */
	struct buf backtrace;	   /* msgpack: array of strings, or empty */
	unsigned status;	   /* a Cloud::Error's; 0: none */
	bool cloud_error;	   /* it is a Cloud::Error with a code or a status */
	uint64_t again, again_ms;  /* as in FAILED */
	char place[256];	   /* of the first frame in a handlers' file; "" */
};
void error_text_init(struct error_text *);
void error_text_fini(struct error_text *);
/* Fills it in; a reason that is no exception is described as Deferred::Rejected. Runs
 * Ruby (message is a method) in gates of its own, and never fails. */
void error_describe(struct vm *, mrb_value reason, struct error_text *);

/* New exceptions, protected until gate_release. Within Ruby or outside. */
mrb_value error_make(struct vm *, struct RClass *, const char *message);
mrb_value error_cancelled(struct vm *, const char *message);
mrb_value error_cut(struct vm *, enum cause, const char *message);

/* A deferred's @place (see deferred.c) as "file:line". */
void error_place(struct vm *, mrb_value place, char *out, size_t n);

#endif

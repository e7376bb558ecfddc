/*
 * jsonw.h: writes JSON text straight into a buf: commas, nesting and escapes are its
 * business. One writer for HTTP replies, control replies and events.
 */
#ifndef DEFERD_JSONW_H
#define DEFERD_JSONW_H

#include "buf.h"

struct jsonw {
	struct buf *out; /* borrowed */
	int depth;
	uint64_t has; /* bit d: the container at depth d has an element */
	bool after_key;
};

void jsonw_init(struct jsonw *, struct buf *out);
void jsonw_object(struct jsonw *);
void jsonw_array(struct jsonw *);
void jsonw_end_object(struct jsonw *);
void jsonw_end_array(struct jsonw *);
void jsonw_key(struct jsonw *, const char *key);
void jsonw_key_span(struct jsonw *, struct span key);
/* Invalid UTF-8 in s becomes U+FFFD. */
void jsonw_span(struct jsonw *, struct span s);
void jsonw_str(struct jsonw *, const char *s); /* NULL: null */
void jsonw_int(struct jsonw *, int64_t);
void jsonw_uint(struct jsonw *, uint64_t);
/* Shortest text that reads back as the same double; 2.0 stays 2.0; not finite: null. */
void jsonw_real(struct jsonw *, double);
void jsonw_bool(struct jsonw *, bool);
void jsonw_null(struct jsonw *);
/* Text that is JSON already. */
void jsonw_raw(struct jsonw *, struct span json);
/* key and value in one */
void jsonw_kstr(struct jsonw *, const char *key, const char *s);
void jsonw_kspan(struct jsonw *, const char *key, struct span s);
void jsonw_kint(struct jsonw *, const char *key, int64_t);
void jsonw_kreal(struct jsonw *, const char *key, double);
void jsonw_kbool(struct jsonw *, const char *key, bool);

/* The shortest decimal text of d that strtod reads back as d: "0.1", "2.0", "1e+100".
 * d must be finite; out has at least 32 bytes. */
const char *real_format(double d, char out[32]);

#endif

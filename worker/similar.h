/*
 * similar.h: the name that was probably meant, for messages about unknown ones.
 */
#ifndef DEFERD_SIMILAR_H
#define DEFERD_SIMILAR_H

#include "../common/buf.h"

#define SIMILAR_BYTES_MAX 40 /* a longer name resembles none */

struct similar {
	char name[SIMILAR_BYTES_MAX];
	size_t name_bytes; /* 0: nothing resembles it */
	unsigned edits;	   /* of the best one so far */
	char best[SIMILAR_BYTES_MAX + 1]; /* "" while there is none */
};

/* Inserted, removed, replaced bytes and swapped neighbours that make b of a; limit + 1 when
 * there are more than limit. Both have at most SIMILAR_BYTES_MAX bytes. */
unsigned similar_edits(struct span a, struct span b, unsigned limit);
void similar_init(struct similar *, struct span name);
/* One that exists. */
void similar_try(struct similar *, struct span candidate);

#endif

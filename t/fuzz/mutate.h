/*
 * mutate.h: the driver's inside: the seeds, and changing an input a little, so that it
 * gets deep into a parser and goes wrong there.
 */
#ifndef DEFERD_MUTATE_H
#define DEFERD_MUTATE_H

#include "../unit/t.h"

struct fuzz_corpus {
	struct span *seeds; /* at least one */
	size_t n_seeds;
	const struct span *words;
	size_t n_words;
};

/* Writes a changed copy of one of the seeds to out, of at most max_bytes; returns its
 * length. The same *state gives the same input. */
size_t fuzz_mutate(
    const struct fuzz_corpus *, uint64_t *state, uint8_t *out, size_t max_bytes);
/* Add one seed, or all of t/fuzz/seeds/<name>/ in the order of their names. */
void fuzz_read_file(const char *path);
void fuzz_read_folder(const char *name);

#endif

/*
 * fuzz.h: a small mutation driver for parsers. A target is a program:
 *
 *	static void
 *	target(struct span input)
 *	{
 *		(parse it, free everything; OK() and EQ_INT() of t.h may be used)
 *	}
 *
 *	int
 *	main(int argc, char **argv)
 *	{
 *		static const struct fuzz f = {.name = "json", .target = target};
 *		return fuzz_main(argc, argv, &f);
 *	}
 *
 * Its seeds are the files of t/fuzz/seeds/<name>/: whole inputs, as small as can be; a
 * file named *.hex is hexadecimal text with # comments. An input that once broke
 * something is added there and stays. Automake needs:
 *
 *	check_PROGRAMS += t/fuzz/json
 *	t_fuzz_json_SOURCES = t/fuzz/json.c t/fuzz/fuzz.h
 *	t_fuzz_json_LDADD = t/fuzz/libfuzz.a (what the parser needs) common/libcommon.a
 *
 * The program prints TAP: one test for the seeds as they are, one for the mutations.
 * The input ends right before a page that cannot be read, so reading past it is a crash
 * without any sanitizer; memory is limited to 1 GiB, one input to 10 s. What an
 * input that ended the process was is printed, with the seed, and written to
 * crash-<name> in the current folder.
 *
 *	t/fuzz/json FILE...	only these inputs, as they are
 *	T_SEED=0x...		the generator's seed (printed by every run)
 *	T_FUZZ_ROUNDS=n		mutated inputs; 100,000 when not set
 *	T_FUZZ_SECONDS=n	over 120 s of processor time (when not set) the test fails
 */
#ifndef DEFERD_FUZZ_H
#define DEFERD_FUZZ_H

#include "../unit/t.h"

typedef void fuzz_target(struct span input);

struct fuzz {
	const char *name;
	fuzz_target *target;
	const struct span *words; /* the format's words, to be inserted; may be NULL */
	size_t n_words;
	size_t max_bytes; /* of an input; 0: 4096 */
	size_t rounds;	  /* 0: 100,000; less only for a slow parser */
	/* Gives seeds that are made by code, with fuzz_add_seed(); may be NULL. */
	void (*more_seeds)(void);
};

/* A row of words: FUZZ_WORD("\xc1"), NUL bytes included. */
#define FUZZ_WORD(text)                                                                   \
	{                                                                                 \
		(const uint8_t *)(text), sizeof(text) - 1                                 \
	}

/* The exit status for main. */
int fuzz_main(int argc, char **argv, const struct fuzz *);
/* A copy is made; a longer one than max_bytes is cut. */
void fuzz_add_seed(struct span);

#endif

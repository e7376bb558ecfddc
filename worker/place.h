/*
 * place.h: where in the handlers' files something happens.
 */
#ifndef DEFERD_PLACE_H
#define DEFERD_PLACE_H

#include "gate.h"

/* The innermost running Ruby that is not the prelude's: its file and *line. "?" and 0
 * when there is none. The string belongs to the interpreter. */
const char *place_here(struct vm *, int *line);
/* The same for a method that was given a block: mruby says that a call with a block of
 * several lines stands at the block's `end`; this is where it begins. */
const char *place_of_call(struct vm *, mrb_value block, int *line);
/* The same as one Integer, file symbol << 24 | line; 0: there is none. MAY_RAISE. */
mrb_value place_code(struct vm *, mrb_value block);
/* Before the interpreter is closed: lets go of the code whose lines are known. */
void place_forget(struct vm *);
/* What the present fiber runs of the handlers' files, the innermost first; their
 * number. */
struct place_frame {
	const char *file;
	int line;
	mrb_sym method; /* 0: none */
};
size_t place_stack(struct vm *, struct place_frame *out, size_t max);
/* All of it, innermost first, at most PLACE_WALK_MAX frames of any kind. Only reads, so
 * that a signal handler may try it: whether what it reads makes sense at that moment is
 * the handler's risk. word[n] is what the processor worked with when it was interrupted:
 * where in the innermost frame it was can only be found there. name is the method, or
 * NULL. */
#define PLACE_WALK_MAX 200
void place_walk(struct vm *, const uintptr_t *word, size_t n,
    void (*visit)(void *arg, const char *file, int line, const char *name), void *arg);
/* True for a file of the prelude. */
bool place_is_ours(const char *file);

#endif

/*
 * gate.h: the only entry from C into Ruby. Everything that may raise (any call of mruby
 * that can allocate through user code, call a method, or mrb_raise) runs in a body that
 * gate_call protects; such functions of other rooms are marked MAY_RAISE and must be
 * called inside a body (or from a C method, which is inside one).
 *
 * A body must hold no C resource across a MAY_RAISE call: a raise jumps over it.
 */
#ifndef DEFERD_GATE_H
#define DEFERD_GATE_H

#include "vm.h"

#define MAY_RAISE /* see above */

typedef mrb_value gate_body(mrb_state *, void *arg);

/* Runs body from the root context. True: *out is its value; false: it raised, and *out
 * is the exception. Either way *out is safe from the collector until gate_release. */
bool gate_call(struct vm *, gate_body *, void *arg, mrb_value *out) MUST_USE;
/* Brackets a step: values that gate_call gave out in between may go. */
int gate_mark(struct vm *);
void gate_release(struct vm *, int mark);

#endif

/*
 * pin.h: the values that C holds on to. All of them stand in one Ruby Array, the only
 * root that is registered (mrb_gc_register searches linearly: measured 38 times slower).
 */
#ifndef DEFERD_PIN_H
#define DEFERD_PIN_H

#include "gate.h"

typedef uint32_t pin; /* 0: none */

int pin_init(struct vm *) MUST_USE;
/* The value must be safe from the collector meanwhile (in the arena or on the stack). */
pin pin_put(struct vm *, mrb_value);
mrb_value pin_get(const struct vm *, pin); /* nil for 0 */
/* Lets go and sets *p to 0. No-op for 0. */
void pin_drop(struct vm *, pin *p);
/* pin_get and pin_drop in one; the value is put into the arena. */
mrb_value pin_take(struct vm *, pin *p);

#endif

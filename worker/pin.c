/* pin.c: see pin.h. A free entry holds the index of the next free one. */
#include "pin.h"
#include "../common/err.h"
#include <mruby/array.h>

static mrb_value
pin_make_table(mrb_state *mrb, void *arg)
{
	struct vm *vm = arg;

	vm->pins = mrb_ary_new_capa(mrb, 256);
	mrb_gc_register(mrb, vm->pins);
	mrb_ary_push(mrb, vm->pins, mrb_nil_value()); /* 0 names none */
	return vm->pins;
}

int
pin_init(struct vm *vm)
{
	mrb_value out;
	int mark = gate_mark(vm);
	bool ok = gate_call(vm, pin_make_table, vm, &out);

	gate_release(vm, mark);
	return ok ? 0 : -ERR_NOMEM;
}

pin
pin_put(struct vm *vm, mrb_value v)
{
	mrb_int i = vm->pin_free;

	if (i)
		vm->pin_free = (uint32_t)mrb_fixnum(RARRAY_PTR(vm->pins)[i]);
	else
		i = RARRAY_LEN(vm->pins);
	mrb_ary_set(vm->mrb, vm->pins, i, v);
	return (pin)i;
}

mrb_value
pin_get(const struct vm *vm, pin p)
{
	return RARRAY_PTR(vm->pins)[p];
}

void
pin_drop(struct vm *vm, pin *p)
{
	if (!*p)
		return;
	RARRAY_PTR(vm->pins)[*p] = mrb_fixnum_value((mrb_int)vm->pin_free);
	vm->pin_free = *p;
	*p = 0;
}

mrb_value
pin_take(struct vm *vm, pin *p)
{
	mrb_value v = pin_get(vm, *p);

	mrb_gc_protect(vm->mrb, v);
	pin_drop(vm, p);
	return v;
}

/* gate.c: see gate.h. Nobody else calls mrb_protect_error. */
#include "gate.h"
#include <mruby/error.h>

bool
gate_call(struct vm *vm, gate_body *body, void *arg, mrb_value *out)
{
	mrb_state *mrb = vm->mrb;
	mrb_bool raised = FALSE;
	int mark = mrb_gc_arena_save(mrb);

	ASSERT(mrb->c == mrb->root_c);
	*out = mrb_protect_error(mrb, body, arg, &raised);
	mrb->exc = NULL;
	mrb_gc_arena_restore(mrb, mark);
	mrb_gc_protect(mrb, *out);
	return !raised;
}

int
gate_mark(struct vm *vm)
{
	return mrb_gc_arena_save(vm->mrb);
}

void
gate_release(struct vm *vm, int mark)
{
	mrb_gc_arena_restore(vm->mrb, mark);
}

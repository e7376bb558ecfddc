/* place.c: see place.h. */
#include "place.h"
#include <mruby/proc.h> /* before debug.h, which needs it */
#include <mruby/debug.h>
#include <string.h>

#define PRELUDE_FOLDER "worker/rb/" /* as Makefile.am names the files to mrbc */

struct place {
	const mrb_irep *irep;
	uint32_t at; /* the instruction */
	const char *file;
};

bool
place_is_ours(const char *file)
{
	return strncmp(file, PRELUDE_FOLDER, sizeof PRELUDE_FOLDER - 1) == 0;
}

static bool
place_of_frame(mrb_state *mrb, const mrb_callinfo *ci, struct place *p)
{
	if (!ci->proc || MRB_PROC_CFUNC_P(ci->proc) || !ci->pc)
		return false;
	p->irep = ci->proc->body.irep;
	if (!p->irep || !p->irep->debug_info || ci->pc <= p->irep->iseq)
		return false;
	p->at = (uint32_t)(ci->pc - 1 - p->irep->iseq);
	p->file = mrb_debug_get_filename(mrb, p->irep, p->at);
	return p->file && !place_is_ours(p->file);
}

static bool
place_find(mrb_state *mrb, struct place *p)
{
	for (struct mrb_context *c = mrb->c; c; c = c->prev)
		for (mrb_callinfo *ci = c->ci; ci >= c->cibase; ci--)
			if (place_of_frame(mrb, ci, p))
				return true;
	return false;
}

size_t
place_stack(struct vm *vm, struct place_frame *out, size_t max)
{
	struct mrb_context *c = vm->mrb->c;
	struct place p;
	size_t n = 0;

	for (mrb_callinfo *ci = c->ci; ci >= c->cibase && n < max; ci--)
		if (place_of_frame(vm->mrb, ci, &p))
			out[n++] = (struct place_frame){
			    p.file, mrb_debug_get_line(vm->mrb, p.irep, p.at), ci->mid};
	return n;
}

/* The code of a block that is written in that very caller; NULL: it comes from
 * elsewhere. */
static const mrb_irep *
place_block(const mrb_irep *caller, mrb_value block)
{
	const struct RProc *proc = mrb_proc_p(block) ? mrb_proc_ptr(block) : NULL;
	const mrb_irep *irep = proc && !MRB_PROC_CFUNC_P(proc) ? proc->body.irep : NULL;

	for (int i = 0; irep && irep->debug_info && i < caller->rlen; i++)
		if (caller->reps[i] == irep)
			return irep;
	return NULL;
}

/* The first line of a block that is not the one of its end. */
static int
place_body_line(mrb_state *mrb, const mrb_irep *block, int end)
{
	int line = end;

	for (uint32_t i = 0; i < block->ilen && line == end; i++)
		line = mrb_debug_get_line(mrb, block, i);
	return line;
}

static int
place_call_line(mrb_state *mrb, const struct place *p, const mrb_irep *block)
{
	int line = mrb_debug_get_line(mrb, p->irep, p->at);
	int body = block ? place_body_line(mrb, block, line) : line;

	for (uint32_t i = body < line ? p->at : 0; i-- > 0 && line > body;)
		line = mrb_debug_get_line(mrb, p->irep, i);
	return line;
}

/* Finding a line takes mruby a walk through the code before it, so lines are kept. The
 * code is, too: another could come to stand at its address. */
static struct place_line *
place_known(struct vm *vm, const struct place *p, const mrb_irep *block)
{
	uintptr_t where = (uintptr_t)p->irep / 16 + p->at;
	struct place_line *l = &vm->lines[where % PLACE_LINES];

	if (l->caller == p->irep && l->block == block && l->at == p->at)
		return l;
	if (l->caller)
		mrb_irep_decref(vm->mrb, (mrb_irep *)l->caller);
	*l = (struct place_line){p->irep, block, p->at, p->file, 0, 0};
	mrb_irep_incref(vm->mrb, (mrb_irep *)p->irep);
	l->line = place_call_line(vm->mrb, p, block);
	return l;
}

void
place_forget(struct vm *vm)
{
	for (int i = 0; i < PLACE_LINES; i++) {
		if (vm->lines[i].caller)
			mrb_irep_decref(vm->mrb, (mrb_irep *)vm->lines[i].caller);
		vm->lines[i].caller = NULL;
	}
}

const char *
place_of_call(struct vm *vm, mrb_value block, int *line)
{
	struct place p;

	*line = 0;
	if (!place_find(vm->mrb, &p))
		return "?";
	*line = place_known(vm, &p, place_block(p.irep, block))->line;
	return p.file;
}

const char *
place_here(struct vm *vm, int *line)
{
	return place_of_call(vm, mrb_nil_value(), line);
}

mrb_value
place_code(struct vm *vm, mrb_value block)
{
	struct place p;

	if (!place_find(vm->mrb, &p))
		return mrb_fixnum_value(0);
	struct place_line *l = place_known(vm, &p, place_block(p.irep, block));
	if (!l->code)
		l->code = (mrb_int)mrb_intern_cstr(vm->mrb, l->file) << 24 |
			  (l->line & 0xffffff);
	return mrb_fixnum_value(l->code);
}

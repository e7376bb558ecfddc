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

/* pc: behind the instruction that runs. */
static bool
place_of_code(
    mrb_state *mrb, const mrb_callinfo *ci, const mrb_code *pc, struct place *p)
{
	if (!ci->proc || MRB_PROC_CFUNC_P(ci->proc) || !pc)
		return false;
	p->irep = ci->proc->body.irep;
	if (!p->irep || !p->irep->debug_info || pc <= p->irep->iseq ||
	    pc > p->irep->iseq + p->irep->ilen)
		return false;
	p->at = (uint32_t)(pc - 1 - p->irep->iseq);
	p->file = mrb_debug_get_filename(mrb, p->irep, p->at);
	return p->file && !place_is_ours(p->file);
}

static bool
place_find(mrb_state *mrb, struct place *p)
{
	for (struct mrb_context *c = mrb->c; c; c = c->prev)
		for (mrb_callinfo *ci = c->ci; ci >= c->cibase; ci--)
			if (place_of_code(mrb, ci, ci->pc, p))
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
		if (place_of_code(vm->mrb, ci, ci->pc, &p))
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

/* The interpreter keeps the pc of the innermost frame to itself until that calls
 * something: it is among the words that the processor worked with, or nowhere. It
 * points to the instruction that runs or the one after: taken for the one that runs, it
 * stays within a loop (measured: else a tight one is seen on the line before it). */
static const mrb_code *
place_find_pc(const mrb_callinfo *ci, const uintptr_t *word, size_t n)
{
	if (!ci->proc || MRB_PROC_CFUNC_P(ci->proc) || !ci->proc->body.irep)
		return ci->pc;
	uintptr_t first = (uintptr_t)ci->proc->body.irep->iseq;
	for (size_t i = 0; i < n; i++)
		if (word[i] > first && word[i] - first < ci->proc->body.irep->ilen)
			return (const mrb_code *)word[i] + 1;
	return ci->pc;
}

void
place_walk(struct vm *vm, const uintptr_t *word, size_t n,
    void (*visit)(void *arg, const char *file, int line, const char *name), void *arg)
{
	mrb_state *mrb = vm->mrb;
	int left = PLACE_WALK_MAX;
	struct place p;

	for (struct mrb_context *c = mrb->c; c; c = c->prev)
		for (mrb_callinfo *ci = c->ci; ci >= c->cibase && left-- > 0; ci--) {
			const mrb_code *pc =
			    ci == mrb->c->ci ? place_find_pc(ci, word, n) : ci->pc;
			if (place_of_code(mrb, ci, pc, &p))
				visit(arg, p.file,
				    mrb_debug_get_line(mrb, p.irep, p.at),
				    ci->mid ? mrb_sym_name_len(mrb, ci->mid, NULL)
					    : NULL);
		}
}

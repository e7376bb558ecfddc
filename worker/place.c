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
	int line;
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
	if (!p->file || place_is_ours(p->file))
		return false;
	p->line = mrb_debug_get_line(mrb, p->irep, p->at);
	return true;
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
			out[n++] = (struct place_frame){p.file, p.line, ci->mid};
	return n;
}

const char *
place_here(struct vm *vm, int *line)
{
	struct place p;

	if (!place_find(vm->mrb, &p)) {
		*line = 0;
		return "?";
	}
	*line = p.line;
	return p.file;
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

const char *
place_of_call(struct vm *vm, mrb_value block, int *line)
{
	struct place p;

	if (!place_find(vm->mrb, &p)) {
		*line = 0;
		return "?";
	}
	*line = p.line;
	const mrb_irep *irep = place_block(p.irep, block);
	int body = irep ? place_body_line(vm->mrb, irep, p.line) : p.line;
	if (body >= p.line)
		return p.file;
	for (uint32_t i = p.at; i-- > 0 && *line > body;)
		*line = mrb_debug_get_line(vm->mrb, p.irep, i);
	return p.file;
}

/* place.c: see place.h. */
#include "place.h"
#include <mruby/proc.h> /* before debug.h, which needs it */
#include <mruby/debug.h>
#include <string.h>

#define PRELUDE_FOLDER "worker/rb/" /* as Makefile.am names the files to mrbc */

bool
place_is_ours(const char *file)
{
	return strncmp(file, PRELUDE_FOLDER, sizeof PRELUDE_FOLDER - 1) == 0;
}

static const char *
place_of_frame(mrb_state *mrb, const mrb_callinfo *ci, int *line)
{
	if (!ci->proc || MRB_PROC_CFUNC_P(ci->proc) || !ci->pc)
		return NULL;
	const mrb_irep *irep = ci->proc->body.irep;
	if (!irep || !irep->debug_info || ci->pc <= irep->iseq)
		return NULL;
	uint32_t at = (uint32_t)(ci->pc - 1 - irep->iseq);
	const char *file = mrb_debug_get_filename(mrb, irep, at);
	if (!file || place_is_ours(file))
		return NULL;
	*line = mrb_debug_get_line(mrb, irep, at);
	return file;
}

const char *
place_here(struct vm *vm, int *line)
{
	mrb_state *mrb = vm->mrb;

	for (struct mrb_context *c = mrb->c; c; c = c->prev)
		for (mrb_callinfo *ci = c->ci; ci >= c->cibase; ci--) {
			const char *file = place_of_frame(mrb, ci, line);
			if (file)
				return file;
		}
	*line = 0;
	return "?";
}

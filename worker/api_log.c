/*
 * api_log.c: what handlers say: req.log.info and so on, puts, print, p. It becomes LOG
 * messages of the task, bounded by log_bytes for each; while files are loaded, log
 * lines.
 */
#include "../common/log.h"
#include "api.h"
#include "text.h"
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/string.h>

#define LOG_TEXT_BYTES 16384 /* of one message */

static void
log_send(struct engine *e, const struct task *t, int level, struct span text)
{
	struct msg_log m = {
	    .task = span_of(t->id.b, sizeof t->id.b),
	    .attempt = t->attempt,
	    .worker = e->worker,
	    .level = (uint64_t)level,
	    .text = text,
	};

	outbox_put(&e->out, MSG_LOG, &m);
}

void
api_log(struct engine *e, int level, struct span text)
{
	struct task *t = e->scope ? e->scope->task : NULL;

	if (level == LOG_LEVEL_DEBUG && log_level() < LOG_LEVEL_DEBUG)
		return;
	buf_reset(&e->text);
	text_add_clean(&e->text, text, LOG_TEXT_BYTES);
	if (!t) {
		log_line((enum log_level)level, "handlers: %.*s",
		    SPAN_FMT(buf_span(&e->text)));
		return;
	}
	if (t->log_bytes > e->conf.log_bytes)
		return;
	t->log_bytes += e->text.n + 1;
	if (t->log_bytes > e->conf.log_bytes) {
		buf_reset(&e->text);
		buf_printf(&e->text,
		    "(the task's log is over its limit of %zu bytes: the "
		    "rest is dropped)",
		    e->conf.log_bytes);
		level = LOG_LEVEL_WARN;
	}
	log_send(e, t, level, buf_span(&e->text));
}

static struct span
span_of_str(mrb_value s)
{
	return span_of(RSTRING_PTR(s), (size_t)RSTRING_LEN(s));
}

/* Deferd.__log(level, text) */
static mrb_value
log_say(mrb_state *mrb, mrb_value self UNUSED)
{
	mrb_int level;
	mrb_value text;

	mrb_get_args(mrb, "iS", &level, &text);
	if (level < LOG_LEVEL_ERROR || level > LOG_LEVEL_DEBUG)
		level = LOG_LEVEL_INFO;
	api_log(engine_of(mrb), (int)level, span_of_str(text));
	return mrb_nil_value();
}

void
api_log_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;

	mrb_define_module_function(
	    mrb, mrb_define_module(mrb, "Deferd"), "__log", log_say, MRB_ARGS_REQ(2));
}

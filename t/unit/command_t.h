/*
 * command_t.h: runs command lines against the canned core, for the tests of commands.
 * Each test program has one of its own.
 */
#ifndef DEFERD_COMMAND_T_H
#define DEFERD_COMMAND_T_H

#include "../../supervisor/command.h"
#include "../../common/err.h"
#include "ctlcore.h"
#include "t.h"
#include <stdio.h>

static struct core core;
static struct buf body;
static int stops;

static void
on_stop(void *arg UNUSED)
{
	stops++;
	core.phase = CORE_STOPPING;
}

static const char *const urls[] = {"http://127.0.0.1:7500", NULL};

/* Runs a line at a level; the code. The body is in `body`. */
static int
run_as(enum command_level level, const char *line)
{
	static const struct control_ops ops = {.stop = on_stop, .urls = urls};
	struct command_call call = {
	    .core = &core, .ops = &ops, .level = level, .uid = 1000};
	struct ctl_words w;

	buf_reset(&body);
	EQ_INT(ctl_split(span_str(line), &w), 0);
	EQ_INT(command_run(&call, w.word, w.n, &body), 0);
	ctl_words_fini(&w);
	return call.wants_events ? 1 : call.code;
}

#define run(line) run_as(LEVEL_ADMIN, line)

static bool
said(const char *text)
{
	return strstr(buf_cstr(&body), text) != NULL;
}

#define SAID(text)                                                                     \
	do {                                                                           \
		if (!said(text))                                                       \
			t_fail(__FILE__, __LINE__, "not in the answer: %s\n%s", text,  \
			    buf_cstr(&body));                                          \
	} while (0)

static void
begin(void)
{
	ctlcore_init(&core, "/run/deferd/control.sock");
	buf_init(&body, 0);
}

static void
end(void)
{
	buf_fini(&body);
	ctlcore_fini(&core);
}

#endif

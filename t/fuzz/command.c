/*
 * command.c: the fuzz target of the command table: any line, in both forms, gets an
 * answer with a code; JSON answers are closed, text ones end with a newline.
 */
#include "../../supervisor/command.h"
#include "../unit/ctlcore.h"
#include "fuzz.h"

static const struct span words[] = {FUZZ_WORD("-j "), FUZZ_WORD("show "),
    FUZZ_WORD("task "), FUZZ_WORD("tasks "), FUZZ_WORD("state "), FUZZ_WORD("failed "),
    FUZZ_WORD("limit "), FUZZ_WORD("lane "), FUZZ_WORD("low "), FUZZ_WORD("name "),
    FUZZ_WORD("app "), FUZZ_WORD("help "), FUZZ_WORD("cancel "), FUZZ_WORD("kill "),
    FUZZ_WORD("scale 3"), FUZZ_WORD("recycle all"), FUZZ_WORD("''"), FUZZ_WORD("-1"),
    FUZZ_WORD("99999999999999999999"), FUZZ_WORD("\xc3\xa9")};

static struct core core;

static void
on_stop(void *arg UNUSED)
{
}

static void
target(struct span input)
{
	static const char *const urls[] = {NULL};
	static const struct control_ops ops = {.stop = on_stop, .urls = urls};
	struct command_call call = {.core = &core, .ops = &ops, .level = LEVEL_ADMIN};
	struct ctl_words w;
	struct buf body;

	if (ctl_split(input, &w) != 0)
		return;
	buf_init(&body, 1 << 20);
	EQ_INT(command_run(&call, w.word, w.n, &body), 0);
	if (call.wait.poll) {
		OK(body.n == 0);
		EQ_INT(command_poll(&call, core.now_ms + COMMAND_WAIT_MS, &body), 0);
		OK(!call.wait.poll);
	}
	OK(call.wants_events ? body.n == 0 : call.code >= 200 && call.code < 600);
	if (!call.wants_events) {
		OK(body.n > 0);
		EQ_INT(body.p[body.n - 1], call.json ? '}' : '\n');
	}
	core.phase = CORE_RUNNING;
	buf_fini(&body);
	ctl_words_fini(&w);
}

static void
more_seeds(void)
{
	for (size_t i = 0; i < command_count; i++)
		fuzz_add_seed(span_str(command_table[i].syntax));
	fuzz_add_seed(span_str("-j show task 000000"));
	fuzz_add_seed(span_str("show tasks state failed limit 3 lane main"));
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "command",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words),
	    .max_bytes = 512,
	    .more_seeds = more_seeds};
	int status;

	ctlcore_init(&core, "/run/deferd/control.sock");
	status = fuzz_main(argc, argv, &f);
	ctlcore_fini(&core);
	return status;
}

/*
 * handler.c: the fuzz target of what reaches Ruby: the input is the envelope of a task
 * whose handler asks for every part of its request, and then a text for JSON.parse.
 * Each task must end, once, and what JSON.parse takes must survive JSON.generate.
 */
#include "fuzz.h"
#include "../../common/err.h"
#include "../../common/log.h"
#include "../../worker/engine.h"
#include "../../worker/load.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char handlers[] =
    "Cloud.function('echo') do |req|\n"
    "  [req.params, req.body, req.query, req.path_params, req.headers, req.ip,\n"
    "   req.context, req.master?]\n"
    "end\n"
    "Cloud.function('json') do |req|\n"
    "  begin\n"
    "    v = JSON.parse(req.body)\n"
    "    text = JSON.generate(v)\n"
    "    JSON.generate(JSON.parse(text)) == text ? 'same' : raise('not the same: ' + "
    "text)\n"
    "  rescue JSON::ParserError, JSON::GeneratorError => e\n"
    "    'refused'\n"
    "  end\n"
    "end\n";

static const struct span words[] = {FUZZ_WORD("{\"a\":"), FUZZ_WORD("[["),
    FUZZ_WORD("]]"), FUZZ_WORD("\\u0000"), FUZZ_WORD("\\ud83d\\ude00"),
    FUZZ_WORD("\\ud800"), FUZZ_WORD("9223372036854775807"),
    FUZZ_WORD("-9223372036854775808"), FUZZ_WORD("1e308"), FUZZ_WORD("-0.0"),
    FUZZ_WORD("null"), FUZZ_WORD("\xc3\xa9"), FUZZ_WORD("\xdf\xff\xff\xff\xff"),
    FUZZ_WORD("\x91\x91\x91"), FUZZ_WORD("\xd7\xff"),
    FUZZ_WORD("\x98\x80\xc0\xc0\xc0\xc0\xc0\xc0\x00"), FUZZ_WORD("\x81\xa1\x61"),
    FUZZ_WORD("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), FUZZ_WORD("\xc4\x02\xff\x00"),
    FUZZ_WORD("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00")};

static struct engine *engine;

static void
open_engine(void)
{
	char folder[] = "/tmp/fuzz-handler-XXXXXX", path[64];
	struct engine_conf conf = {.handlers = folder,
	    .memory_bytes = 128 << 20,
	    .result_bytes = 1 << 20,
	    .log_bytes = 65536,
	    .batch_bytes = 1 << 20,
	    .timeout_ms = 15000};
	struct load_report report;

	log_open("/dev/null"); /* each bad envelope is logged */
	ASSERT(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/a.rb", folder);
	FILE *f = fopen(path, "w");
	ASSERT(f && fputs(handlers, f) >= 0 && fclose(f) == 0);
	engine = engine_new(&conf);
	load_report_init(&report);
	ASSERT(engine && load_folder(engine, &report) == 0);
	load_report_fini(&report);
	unlink(path);
	rmdir(folder);
	engine->conf.handlers = "";
}

/* Takes the message that must have come; its number. A trace may come before it. */
static enum msg_number
take_end(void)
{
	struct batch *b = outbox_peek(&engine->out);
	struct msg m;

	OK(b != NULL);
	struct mp c = mp_over(buf_span(&b->bytes));
	EQ_INT(msg_parse(&c, MSG_UP, &m), 0);
	if (m.number == MSG_TRACE)
		EQ_INT(msg_parse(&c, MSG_UP, &m), 0);
	OK(mp_at_end(&c));
	outbox_drop(&engine->out);
	OK(outbox_empty(&engine->out));
	EQ_INT(engine->task_n, 0);
	return m.number;
}

static enum msg_number
run(unsigned handler, struct span envelope)
{
	static const struct taskid id;
	struct msg_run m = {.task = span_of(id.b, sizeof id.b),
	    .attempt = 1,
	    .handler = handler,
	    .timeout_ms = 15000,
	    .envelope = envelope};

	engine_run(engine, &m);
	while (engine_turn(engine, 1000000000))
		;
	return take_end();
}

static void
target(struct span input)
{
	struct buf b;
	enum msg_number end;

	if (!engine)
		open_engine();
	end = run(0, input);
	OK(end == MSG_DONE || end == MSG_FAILED);
	buf_init(&b, 0);
	msgpack_packer pk = mp_packer(&b);
	msgpack_pack_array(&pk, ENV_COUNT);
	mp_put_str(&pk, input);
	for (int i = ENV_BODY + 1; i < ENV_COUNT; i++)
		msgpack_pack_nil(&pk);
	EQ_INT(run(1, buf_span(&b)), MSG_DONE);
	buf_fini(&b);
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "handler",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words)};

	return fuzz_main(argc, argv, &f);
}

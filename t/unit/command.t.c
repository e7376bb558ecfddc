/* The command table: what words mean, who may, and both forms of every answer. */
#include "command_t.h"
#include "../../common/err.h"

static void
t_words(void)
{
	static const struct {
		const char *line;
		int code;
		const char *said;
	} cases[] = {
	    {"show lanes", 200, "lane"},
	    {"sh l", 200, "lane"},
	    {"s l", 400,
		"\"s\" is ambiguous: it may be show, scale, set, stop, subscribe"},
	    {"show", 400,
		"\"show\" is incomplete; expected one of: info, lanes, workers, tasks, "
		"task, dead, handlers"},
	    {"show lan", 200, "lane"},
	    {"show bogus", 400,
		"\"show bogus\" is unknown; expected one of: info, lanes"},
	    {"show ta", 400, "\"show ta\" is ambiguous: it may be tasks, task"},
	    {"show task", 400, "an argument is missing; the syntax is: show task ID"},
	    {"", 400,
		"no command given; expected one of: show, trace, cancel, kill, retry, "
		"promote, bury"},
	    {"bogus", 400,
		"\"bogus\" is unknown; expected one of: show, trace, cancel"},
	    {"Show lanes", 400, "\"Show\" is unknown"},
	    {"show lanes now", 400,
		"unexpected word \"now\"; the syntax is: show lanes"},
	    {"show tasks state", 400, "a value is missing after \"state\""},
	    {"show tasks state done state dead", 400, "given twice: \"state\""},
	    {"show tasks l 3", 400, "unexpected word \"l\""}, /* lane, limit */
	    {"show tasks bogus 3", 400, "unexpected word \"bogus\""},
	    {"show tasks limit 0", 400, "a number from 1 to 10000"},
	    {"show tasks limit 10001", 400, "a number from 1 to 10000"},
	    {"show tasks limit x", 400, "a number from 1 to 10000"},
	    {"show tasks state odd", 400, "state is one of accepted, queued"},
	    {"show tasks lane odd", 400, "lane is main or low"},
	    {"show tasks app odd", 400, "there is no such app"},
	    {"show tasks name ''", 400, "name must not be empty"},
	    {"show '' x", 400, "ambiguous"},
	    {"cancel", 400, "the syntax is: cancel ID"},
	    {"cancel nosuchtask", 404, "no task \"nosuchtask\""},
	    {"top", 400, "drawn by deferctl"},
	    {"watch 1 show info", 400, "done by deferctl"},
	    {"drain now", 400, "unexpected word"},
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		EQ_INT(run(cases[i].line), cases[i].code);
		SAID(cases[i].said);
		OK(body.p[body.n - 1] == '\n');
	}
	end();
}

/* Every prefix of every first word either names it, or is called ambiguous. */
static void
t_prefixes(void)
{
	begin();
	for (size_t i = 0; i < command_count; i++) {
		const char *p = command_table[i].syntax;
		struct span w = command_token(&p);
		char text[64];

		for (size_t n = 1; n <= w.n; n++) {
			struct command_call call = {.core = &core, .level = LEVEL_NONE};
			char *words[] = {text};

			snprintf(text, sizeof text, "%.*s", (int)n, (const char *)w.p);
			buf_reset(&body);
			EQ_INT(command_run(&call, words, 1, &body), 0);
			if (call.code == CODE_DENIED)
				OK(call.command == &command_table[i]);
			else
				EQ_INT(call.code, CODE_SYNTAX);
		}
	}
	end();
}

static void
t_levels(void)
{
	static const char *const lines[] = {"show info", "cancel 123456", "stop"};

	begin();
	for (int need = LEVEL_VIEW; need <= LEVEL_ADMIN; need++)
		for (int level = LEVEL_NONE; level <= LEVEL_ADMIN; level++) {
			int code = run_as((enum command_level)level, lines[need - 1]);

			if (level < need)
				EQ_INT(code, 403);
			else
				OK(code != 403);
		}
	EQ_INT(run_as(LEVEL_VIEW, "kill 123456"), 403);
	SAID("kill needs the level operate; uid 1000 has view");
	EQ_INT(core.killed, 0);
	EQ_INT(run_as(LEVEL_OPERATE, "-j stop"), 403);
	SAID("{\"schema\":1,\"error\":{\"code\":403,\"message\":\"stop needs");
	EQ_INT(stops, 1);
	end();
	stops = 0;
}

static void
t_info(void)
{
	begin();
	core.peaks = (struct core_peaks){7, 20, 2, true};
	EQ_INT(run("show info"), 200);
	SAID("phase                running\n");
	SAID("ready                yes\n");
	SAID("memory: not durable");
	core.durable = true;
	core.conf.store.path = (char[]){"/srv/store"};
	run("show info");
	SAID("async tasks are on disk, in /srv/store\n");
	core.durable = false;
	run("show info");
	SAID("http://127.0.0.1:7500");
	SAID("demo: 1 handlers from /srv/handlers");
	SAID("20 workers x 1 slots: capacity 20, low at most 16");
	SAID("106 (main 3, low 103)");
	SAID("queued 7, running 20; no free slot 2 times\n");
	core.not_ready = "no worker is ready";
	EQ_INT(run("show info"), 200);
	SAID("no: no worker is ready");
	EQ_INT(run("-j show info"), 200);
	SAID("{\"schema\":1,\"version\":\"");
	SAID("\"ready\":false,\"not_ready\":\"no worker is ready\"");
	SAID("\"durable\":false");
	SAID("\"urls\":[\"http://127.0.0.1:7500\"]");
	SAID("\"apps\":[{\"id\":\"demo\",\"handlers\":1,");
	SAID("\"capacity\":20,\"low_limit\":16");
	end();
}

static void
t_lanes(void)
{
	begin();
	EQ_INT(run("show lanes"), 200);
	SAID("lane  queued  leasable  leased  limit  oldest  wait-p50  wait-p99  done  "
	     "failed  "
	     "paused\n");
	SAID("low      103         0      16     16    2.5s      12ms      1.8s     0  "
	     "     0  "
	     "no\n");
	EQ_INT(run("-j show lanes"), 200);
	SAID("{\"lane\":\"low\",\"queued\":103,\"leasable\":0,\"leased\":16,\"limit\":"
	     "16,"
	     "\"oldest_ms\":2500,\"wait_p50_ms\":12,\"wait_p99_ms\":1800,\"done\":0,"
	     "\"failed\":0,\"paused\":false}]}");
	core.lane[LANE_LOW].queued = 0;
	EQ_INT(run("-j show lanes"), 200);
	SAID("\"limit\":16,\"oldest_ms\":null");
	end();
}

static void
t_workers(void)
{
	begin();
	EQ_INT(run("show workers"), 200);
	SAID("main event myCustomEvent");
	SAID("low event myCustomEvent");
	SAID("\n\nseat 5, last death: worker 90, pid 3000: killed by signal 9\n");
	EQ_INT(run("-j show workers"), 200);
	SAID("\"task_lane\":\"low\"");
	SAID("\"obituary\":\"worker 90, pid 3000");
	SAID("\"worker\":null,\"pid\":null,\"state\":\"empty\",\"app\":null,\"task_"
	     "name\":null");
	core.worker_n = 0;
	EQ_INT(run("show workers"), 200);
	EQ_STR(buf_cstr(&body), "no seats\n");
	core.worker_n = CTLCORE_WORKERS;
	EQ_INT(run("show workers"), 200);
	end();
}

static void
t_handlers(void)
{
	begin();
	EQ_INT(run("show handlers"), 200);
	SAID("demo  event  myCustomEvent  demo.rb:1     3       1  1.0s  1.2s  0.90ms  "
	     "       0");
	SAID("gone from the files");
	EQ_INT(run("-j show handlers"), 200);
	SAID("\"run_avg_ms\":1000.0,\"run_max_ms\":1200.0,\"burst_max_ms\":0.9");
	SAID("\"name\":\"old\",\"place\":\"demo.rb:1\",\"present\":false,\"done\":0,"
	     "\"failed\":0,"
	     "\"run_avg_ms\":null");
	end();
}

static void
t_tasks(void)
{
	char id[TASKID_TEXT_BYTES];

	begin();
	EQ_INT(run("show tasks"), 200);
	SAID("handler_error");
	SAID("queued");
	EQ_INT(run("show tasks state failed lane main app demo name myCustomEvent "
		   "limit 5"),
	    200);
	SAID(taskid_text(&core.failed->id, id) + 24);
	OK(!said("queued"));
	EQ_INT(run("show tasks lane low state done"), 200);
	EQ_STR(buf_cstr(&body), "no such tasks\n");
	EQ_INT(run("-j show tasks lane low state done"), 200);
	EQ_STR(buf_cstr(&body), "{\"schema\":1,\"tasks\":[],\"more\":false}");
	EQ_INT(run("show tasks limit 1"), 200);
	SAID("... and more than these 1: use limit\n");
	EQ_INT(run("-j show tasks limit 1"), 200);
	SAID("\"more\":true}");
	ctlcore_add_tasks(&core, 60);
	EQ_INT(run("show tasks"), 200);
	SAID("... and more than these 50");
	end();
}

static void
run_with_id(const char *command, const struct task *t, int code)
{
	char line[128], id[TASKID_TEXT_BYTES];

	snprintf(line, sizeof line, "%s %s", command, taskid_text(&t->id, id));
	EQ_INT(run(line), code);
	/* The end that the table shows will do. */
	snprintf(line, sizeof line, "%s %s", command, id + 24);
	if (strncmp(command, "-j show", 7) == 0 || strncmp(command, "show", 4) == 0)
		EQ_INT(run(line), code);
}

static void
t_one_task(void)
{
	char line[64], id[TASKID_TEXT_BYTES];

	begin();
	run_with_id("show task", core.failed, 200);
	SAID("state           failed\n");
	SAID("accepted        2026-11-21T10:00:00.000Z\n");
	SAID("class      RuntimeError\n");
	SAID("message    no \"such\"\n           thing \\x1b[31mred\n");
	SAID("backtrace  demo.rb:3:in call\n           demo.rb:2\n");
	run_with_id("-j show task", core.failed, 200);
	SAID("\"error\":{\"fault\":\"handler_error\",\"class\":\"RuntimeError\"");
	SAID("\"backtrace\":[\"demo.rb:3:in call\",\"demo.rb:2\"]");
	run_with_id("show task", core.leased, 200);
	SAID("worker          101 (seat 1, pid 4000)\n");
	run_with_id("-j show task", core.queued, 200);
	SAID("\"started_at\":null");
	OK(!said("\"error\""));
	EQ_INT(run("show task 0000000000"), 404);
	EQ_INT(run("show task abc"), 404);
	SAID("6 characters or more");
	/* The time, which all three share. */
	snprintf(
	    line, sizeof line, "show task %.8s", taskid_text(&core.queued->id, id));
	EQ_INT(run(line), 409);
	SAID("several tasks");
	end();
}

static void
t_change(void)
{
	begin();
	run_with_id("cancel", core.leased, 202);
	SAID("at its next await");
	run_with_id("cancel", core.queued, 200);
	SAID(": cancelled\n");
	run_with_id("cancel", core.failed, 409);
	SAID("has ended already: it is failed");
	run_with_id("-j cancel", core.leased, 202);
	SAID("\"state\":\"leased\",\"message\":\"");
	EQ_INT(core.cancelled, 4);
	run_with_id("kill", core.leased, 202);
	run_with_id("kill", core.failed, 409);
	SAID("is failed, not running");
	EQ_INT(run("drain"), 200);
	SAID("106 queued and 20 running tasks are finished first");
	EQ_INT(core.drained, 1);
	EQ_INT(run("-j stop"), 202);
	SAID("{\"schema\":1,\"phase\":\"stopping\",\"message\":\"stopping: 106 queued");
	EQ_INT(run("stop"), 409);
	EQ_INT(stops, 1);
	EQ_INT(run("drain"), 409);
	EQ_INT(run("subscribe events"), 1);
	EQ_INT((int)body.n, 0);
	end();
}

static void
t_dead(void)
{
	begin();
	EQ_INT(run("show dead"), 200);
	SAID("no dead tasks");
	run_with_id("retry", core.failed, 409);
	SAID("is failed: only dead tasks can be retried");
	run_with_id("promote", core.queued, 409);
	SAID("is queued: only delayed tasks");
	run_with_id("bury", core.leased, 409);
	SAID("use cancel");
	run_with_id("bury", core.queued, 200);
	SAID(": dead; retry brings it back\n");
	core.queued->fault = FAULT_BURIED;
	core.queued->failures = 3;
	tasks_end(&core.tasks, core.queued, 100);
	EQ_INT(run("show dead"), 200);
	SAID("buried");
	SAID("an operator buried the task");
	EQ_INT(run("-j show dead fault buried app demo"), 200);
	SAID("\"handler\":\"myCustomEvent\",\"fault\":\"buried\",\"attempt\":0,"
	     "\"failures\":3,\"died_at\":\"2026-");
	EQ_INT(run("show dead fault timeout"), 200);
	SAID("no such tasks");
	EQ_INT(run("show dead fault odd"), 400);
	SAID("there is no such code");
	core.mend_fault = FAULT_QUEUE_FULL;
	run_with_id("retry", core.queued, 503);
	SAID("stays as it is: the queue is full");
	core.mend_fault = FAULT_NONE;
	run_with_id("-j retry", core.queued, 200);
	SAID("\"state\":\"queued\"");
	end();
}

static void
t_help(void)
{
	begin();
	EQ_INT(run("help"), 200);
	for (size_t i = 0; i < command_count; i++)
		SAID(command_table[i].syntax);
	EQ_INT(run("help show tasks"), 200);
	SAID("STATE is one of accepted");
	EQ_INT(run("help show task"), 200);
	SAID("abbreviated from either end");
	EQ_INT(run("help show"), 200);
	SAID("show handlers");
	OK(!said("cancel ID"));
	EQ_INT(run("he st"), 200);
	SAID("The reply comes at once");
	EQ_INT(run("help bogus"), 404);
	EQ_INT(run("-j help"), 200);
	SAID(
	    "{\"schema\":1,\"commands\":[{\"syntax\":\"show info\",\"level\":\"view\"");
	EQ_INT(run("-j help stop"), 200);
	SAID("{\"schema\":1,\"command\":{\"syntax\":\"stop\"");
	end();
}

/* A reply that does not fit its cap is an error, not a part of it. */
static void
t_reply_cap(void)
{
	struct command_call call = {.core = &core, .level = LEVEL_ADMIN};
	char *words[] = {(char *)(uintptr_t) "show", (char *)(uintptr_t) "workers"};
	struct buf small;

	begin();
	core.worker_n = CTLCORE_WORKERS;
	buf_init(&small, 1000);
	EQ_INT(command_run(&call, words, 2, &small), -ERR_NOMEM);
	EQ_INT((int)small.n, 0);
	buf_fini(&small);
	end();
}

TESTS(TEST(words), TEST(prefixes), TEST(levels), TEST(info), TEST(lanes), TEST(workers),
    TEST(handlers), TEST(tasks), TEST(one_task), TEST(change), TEST(dead), TEST(help),
    TEST(reply_cap))

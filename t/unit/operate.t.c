/* The commands that change the whole: lanes, drain, the log; and what deferd was told.
 */
#include "command_t.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../supervisor/timer.h"

static void
t_lane_commands(void)
{
	begin();
	EQ_INT(run("pause low"), 200);
	EQ_STR(buf_cstr(&body), "low: paused: 103 queued, 16 running\n");
	OK(core.lane[LANE_LOW].paused);
	OK(!core.lane[LANE_MAIN].paused);
	EQ_INT(run("-j pause low"), 200);
	SAID("\"lane\":\"low\",\"paused\":true,\"queued\":103,\"leased\":16}");
	EQ_INT(run("resume low"), 200);
	EQ_STR(buf_cstr(&body), "low: its tasks are started: 103 queued, 16 running\n");
	OK(!core.lane[LANE_LOW].paused);
	EQ_INT(run("pause lo"), 400);
	SAID("\"lo\" is no lane: they are main and low");
	EQ_INT(run_as(LEVEL_VIEW, "pause low"), 403);
	OK(!core.lane[LANE_LOW].paused);
	end();
}

static void
t_undrain(void)
{
	begin();
	EQ_INT(run("undrain"), 409);
	SAID("deferd is not draining");
	EQ_INT(run("drain"), 200);
	EQ_INT(run("-j undrain"), 200);
	SAID("{\"schema\":1,\"phase\":\"running\",\"message\":\"new tasks");
	core.phase = CORE_STOPPING;
	EQ_INT(run("undrain"), 409);
	SAID("there is no way back");
	end();
}

static void
t_told(void)
{
	enum log_level was = log_level();

	begin();
	EQ_INT(run("set loglevel debug"), 200);
	SAID("forkservers and workers keep theirs");
	EQ_INT((int)log_level(), LOG_LEVEL_DEBUG);
	EQ_INT(run("set loglevel loud"), 400);
	SAID("\"loud\" is no level: error, warn, info or debug");
	EQ_INT((int)log_level(), LOG_LEVEL_DEBUG);
	log_set_level(was);
	EQ_INT(run("show apps"), 200);
	SAID("demo         1           1       ");
	EQ_INT(run("-j show apps"), 200);
	SAID("\"app\":\"demo\",\"handlers\":1,\"generation\":1,\"workers\":");
	SAID("\"limit\":null");
	EQ_INT(run("show timers"), 200);
	EQ_STR(buf_cstr(&body), "no timers\n");
	core.event.kind = KIND_TIMER;
	struct timer timer = {
	    .schedule = {.every_ms = 60000, .due_ms = clock_wall_ms() + 1500999},
	    .cron = NULL,
	    .zone = (char[]){"Europe/Berlin"},
	    .last_ms = 1000,
	    .overlap = OVERLAP_QUEUE};
	core.event.timer = &timer;
	EQ_INT(run("-j show timers"), 200);
	SAID(
	    "\"every_ms\":60000,\"cron\":null,\"zone\":\"Europe/Berlin\",\"at\":null,");
	SAID("\"missed\":\"run_once\",\"overlap\":\"queue\",");
	SAID("\"last\":\"1970-01-01T00:00:01.000Z\",\"next\":\"2");
	SAID("\"next_in_ms\":150");
	SAID(",\"running\":false,\"owed\":0,");
	core.event.timer = NULL;
	OK(!said("\"old\""));
	EQ_INT(run("show config"), 200);
	SAID("socket: \"/run/deferd/control.sock\"\n");
	SAID("rest: [masked-rest-1]");
	OK(!said("rest-secret"));
	EQ_INT(run("-j show config"), 200);
	SAID("{\"schema\":1,\"yaml\":\"");
	end();
}

/* What the connection does with one that answers later. */
static int
run_later(const char *line, int64_t after_ms)
{
	struct command_call call = {.core = &core, .level = LEVEL_ADMIN};
	struct ctl_words w;

	buf_reset(&body);
	EQ_INT(ctl_split(span_str(line), &w), 0);
	EQ_INT(command_run(&call, w.word, w.n, &body), 0);
	ctl_words_fini(&w);
	if (call.wait.poll) {
		EQ_INT((int)body.n, 0);
		EQ_INT(command_poll(&call, core.now_ms + after_ms, &body), 0);
	}
	return call.wait.poll ? 0 : call.code;
}

static void
t_scale(void)
{
	begin();
	EQ_INT(run_later("scale 8", 0), 200);
	EQ_STR(buf_cstr(&body), "scaled: the pool has 8 workers, all ready\n");
	EQ_INT(core.conf.workers.concurrent, 8);
	core.unsettled = 3;
	EQ_INT(run_later("-j scale 9", 0), 0);
	EQ_STR(buf_cstr(&body), "");
	EQ_INT(run_later("-j scale 9", COMMAND_WAIT_MS), 202);
	SAID("{\"schema\":1,\"workers\":9,\"capacity\":9,\"unsettled\":3}");
	EQ_INT(run_later("scale 0", 0), 400);
	SAID("\"0\" is no size of a pool: a number from 1 to 4096");
	EQ_INT(run_later("scale 4097", 0), 400);
	EQ_INT(run_later("scale -3", 0), 400);
	EQ_INT(run_later("scale 3x", 0), 400);
	EQ_INT(run_later("scale 4294967297", 0), 400);
	EQ_INT(core.conf.workers.concurrent, 9);
	core.phase = CORE_STOPPING;
	EQ_INT(run_later("scale 3", 0), 409);
	end();
}

static void
t_recycle(void)
{
	begin();
	core.recycled = 7;
	EQ_INT(run_later("recycle all", 0), 200);
	SAID("recycled: the pool has 20 workers, all ready");
	EQ_INT((int)core.recycled, 0);
	EQ_INT(run_later("recycle 101", 0), 0); /* it is there yet */
	EQ_INT((int)core.recycled, 101);
	EQ_INT(run_later("recycle 101", COMMAND_WAIT_MS), 202);
	SAID("1 workers are still to come or to go");
	EQ_INT(run_later("recycle 100", 0), 404);
	SAID("there is no worker 100");
	EQ_INT(run_later("recycle some", 0), 400);
	SAID("\"some\" is no worker");
	core.phase = CORE_STOPPING;
	EQ_INT(run_later("recycle all", 0), 409);
	end();
}

static void
t_obituaries(void)
{
	struct dossier *d = &core.dossier;

	begin();
	EQ_INT(run("show obituaries"), 200);
	EQ_STR(buf_cstr(&body), "no worker has died\n");
	*d = (struct dossier){.worker = 90,
	    .seat = 5,
	    .signal = 11,
	    .app = "demo",
	    .cause = "nobody",
	    .text = "worker 90 died",
	    .handler = "hello",
	    .burst_ms = -1};
	dossier_lines_add(&d->lines, 1, span_str("one\033[31m"));
	dossier_lines_add(&d->lines, 1, span_str("two"));
	EQ_INT(run("show obituaries"), 200);
	SAID("hello");
	EQ_INT(run("-j show obituaries"), 200);
	SAID("\"signal\":11,\"status\":0,\"handler\":\"hello\",\"burst_ms\":null");
	EQ_INT(run("show obituary 90"), 200);
	SAID("last log lines  warn: one\\x1b[31m\n                warn: two\n");
	EQ_INT(run("-j show obituary 90"), 200);
	SAID("\"log\":[\"warn: one\\u001b[31m\",\"warn: two\"]}");
	EQ_INT(run("show obituary 91"), 404);
	SAID("the last 100 are kept");
	EQ_INT(run("show obituary 90x"), 404);
	dossier_lines_clear(&d->lines);
	end();
}

static void
t_bulk(void)
{
	begin();
	core.bulk_number = 7;
	EQ_INT(run("bulk retry"), 400);
	SAID("say which tasks");
	EQ_INT(run("bulk retry app demo dry perhaps"), 400);
	SAID("dry is yes or no");
	EQ_INT(run("bulk retry app odd"), 400);
	EQ_INT(run_later("bulk retry app demo fault timeout limit 9 dry yes", 0), 0);
	EQ_INT(core.bulk_filter.fault, FAULT_TIMEOUT);
	EQ_INT(core.bulk_filter.limit, 9);
	OK(core.bulk.dry);
	EQ_INT(run_later("bulk retry app demo", COMMAND_WAIT_MS), 202);
	SAID("it goes on");
	core.bulk.over = true;
	core.bulk.fit = 7;
	core.bulk.shown_n = 1;
	core.bulk.shown[0] = (struct bulk_shown){"ID", "demo", "hello"};
	EQ_INT(run_later("-j bulk retry name hello", 0), 200);
	SAID("\"verb\":\"retry\",\"dry\":false,\"over\":true,\"count\":7,\"stopped\":"
	     "null,"
	     "\"tasks\":[{\"id\":\"ID\",\"app\":\"demo\",\"handler\":\"hello\"}]");
	core.bulk.stopped = FAULT_QUEUE_FULL;
	EQ_INT(run_later("bulk bury lane low", 0), 200);
	SAID("bury: 7 tasks; then it stopped: the queue is full\n  ID  demo/hello\n"
	     "  ... and 6 more\n");
	core.bulk_number = 0;
	EQ_INT(run("bulk promote app demo"), 409);
	SAID("another bulk command is under way");
	end();
}

TESTS(TEST(obituaries), TEST(scale), TEST(recycle), TEST(lane_commands), TEST(undrain),
    TEST(told), TEST(bulk))

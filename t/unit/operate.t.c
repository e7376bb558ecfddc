/* The commands that change the whole: lanes, drain, the log; and what deferd was told.
 */
#include "command_t.h"
#include "../../common/log.h"

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
	core.event.every_ms = 60000;
	core.event.tick_ms = core.now_ms + 1500;
	EQ_INT(run("-j show timers"), 200);
	SAID("\"every_ms\":60000,\"next_in_ms\":1500,\"running\":false,");
	OK(!said("\"old\""));
	EQ_INT(run("show config"), 200);
	SAID("socket: \"/run/deferd/control.sock\"\n");
	SAID("rest: [masked-rest-1]");
	OK(!said("rest-secret"));
	EQ_INT(run("-j show config"), 200);
	SAID("{\"schema\":1,\"yaml\":\"");
	end();
}

TESTS(TEST(lane_commands), TEST(undrain), TEST(told))

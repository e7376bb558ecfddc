/*
 * command_conf.c: what deferd was told: its config, apps and timers; and the log level.
 */
#include "../common/clock.h"
#include "../common/log.h"
#include "command.h"
#include "timer.h"

void
command_show_config(struct command_call *call)
{
	struct jsonw *w = sheet_json(&call->sheet);
	struct buf text;

	buf_init(&text, 0);
	if (conf_dump(core_conf(call->core), &text) != 0)
		command_refuse(call, CODE_INTERNAL, "out of memory");
	else if (w)
		jsonw_kstr(w, "yaml", buf_cstr(&text));
	else
		buf_add(call->sheet.out, text.p, text.n);
	buf_fini(&text);
}

/* --- apps --- */
static int64_t
conf_count_workers(const struct command_call *call, const struct app *app)
{
	struct worker_view v;
	int64_t n = 0;

	for (size_t i = 0; i < core_seat_count(call->core); i++) {
		core_view_worker(call->core, i, &v);
		n += v.worker != 0 && v.app && strcmp(v.app, app->conf->id) == 0;
	}
	return n;
}

static void
conf_show_app(struct command_call *call, const struct app *app)
{
	struct sheet *s = &call->sheet;
	int64_t handlers = 0;

	for (size_t i = 0; i < app->handler_n; i++)
		handlers += app->handler[i]->present;
	sheet_row(s);
	sheet_str(s, "app", "app", app->conf->id);
	sheet_int(s, "handlers", "handlers", handlers);
	sheet_int(s, "generation", "generation", (int64_t)app->generation);
	sheet_int(s, "workers", "workers", conf_count_workers(call, app));
	sheet_int(s, "queued_main", "main", (int64_t)app->queued[LANE_MAIN]);
	sheet_int(s, "queued_low", "low", (int64_t)app->queued[LANE_LOW]);
	sheet_int(s, "leased", "leased", (int64_t)app->leased);
	sheet_id(s, "limit", "limit", (uint64_t)app->conf->concurrent);
	sheet_ms(s, "timeout_ms", "timeout", app->conf->timeout_ms);
	sheet_ms(s, "job_timeout_ms", "jobs", app->conf->job_timeout_ms);
	sheet_str(s, "sandbox", "sandbox", app->sandbox[0] ? app->sandbox : NULL);
	sheet_str(s, "sandbox_lacks", NULL, app->lacks[0] ? app->lacks : NULL);
	sheet_str(s, "folder", "folder", app->conf->handlers);
}

void
command_show_apps(struct command_call *call)
{
	sheet_table(&call->sheet, "apps", "no apps");
	for (size_t i = 0; i < core_app_count(call->core); i++)
		conf_show_app(call, core_app(call->core, i));
	sheet_end_table(&call->sheet);
}

/* --- timers --- */
static void
conf_show_timer(struct command_call *call, const struct handler *h)
{
	const struct timer *t = h->timer;
	const struct schedule *when = &t->schedule;
	int64_t left_ms = when->due_ms - clock_wall_ms();
	struct sheet *s = &call->sheet;

	sheet_row(s);
	sheet_str(s, "app", "app", h->app->conf->id);
	sheet_str(s, "name", "name", h->name);
	sheet_str(s, "place", "place", h->place);
	sheet_ms(s, "every_ms", "every", when->every_ms ? when->every_ms : -1);
	sheet_str(s, "cron", "cron", t->cron);
	sheet_str(s, "zone", "zone", t->zone);
	sheet_wall(s, "at", NULL, when->at_ms);
	sheet_wall(s, "start", NULL, when->start_ms);
	sheet_wall(s, "expire", NULL, when->expire_ms);
	sheet_str(s, "missed", NULL, missed_text(when->missed));
	sheet_str(s, "overlap", NULL, overlap_text(t->overlap));
	sheet_wall(s, "last", "last", t->last_ms);
	sheet_wall(s, "next", "at", when->due_ms);
	sheet_ms(s, "next_in_ms", "next",
	    when->due_ms == 0 ? -1
	    : left_ms < 0     ? 0
			      : left_ms);
	sheet_bool(s, "running", "running", t->running > 0);
	sheet_int(s, "owed", NULL, t->owed);
	sheet_str(s, "lane", "lane",
	    lane_text(h->execution == EXEC_LOW ? LANE_LOW : LANE_MAIN));
	sheet_int(s, "done", "done", (int64_t)h->done);
	sheet_int(s, "failed", "failed", (int64_t)h->failed);
}

void
command_show_timers(struct command_call *call)
{
	sheet_table(&call->sheet, "timers", "no timers");
	for (size_t a = 0; a < core_app_count(call->core); a++) {
		const struct app *app = core_app(call->core, a);

		for (size_t i = 0; i < app->handler_n; i++)
			if (app->handler[i]->timer && app->handler[i]->present)
				conf_show_timer(call, app->handler[i]);
	}
	sheet_end_table(&call->sheet);
}

/* --- the log --- */
void
command_set_loglevel(struct command_call *call)
{
	const char *name = command_arg(call, "LEVEL");
	int level = log_level_parse(name);

	if (level < 0) {
		command_refuse(call, CODE_SYNTAX,
		    "\"%.40s\" is no level: error, warn, info or debug", name);
		return;
	}
	log_set_level((enum log_level)level);
	sheet_card(&call->sheet, NULL);
	sheet_str(&call->sheet, "loglevel", NULL, log_level_name(log_level()));
	sheet_end_card(&call->sheet);
	sheet_line(&call->sheet,
	    "deferd logs at the level %s now; forkservers and workers keep theirs",
	    log_level_name(log_level()));
}

/* --- reload: answers when it has ended --- */

/* number[0]: how many had ended when it was asked. */
static bool
conf_poll_reload(struct command_call *call, bool expired)
{
	const struct control_outcome *r = call->ops->reloaded;

	if (r->count == call->wait.number[0] && !expired)
		return false;
	if (r->count == call->wait.number[0]) {
		call->code = CODE_ASKED;
		sheet_line(
		    &call->sheet, "the reload goes on: the log tells how it ends");
	} else if (!r->ok) {
		command_refuse(call, CODE_STATE,
		    "not reloaded, the running handlers and config stay:\n%.900s",
		    r->text);
	} else {
		sheet_card(&call->sheet, NULL);
		sheet_str(&call->sheet, "text", NULL, r->text);
		sheet_end_card(&call->sheet);
		sheet_line(&call->sheet, "%.200s", r->text);
	}
	return true;
}

void
command_reload(struct command_call *call)
{
	const struct control_ops *ops = call->ops;
	uint64_t before = ops->reloaded ? ops->reloaded->count : 0;

	if (!ops->reload || !ops->reload(ops->arg)) {
		command_refuse(call, CODE_STATE,
		    "not now: deferd stops, or another reload is under way");
		return;
	}
	call->wait.number[0] = before;
	call->wait.poll = conf_poll_reload;
	call->wait.until_ms = core_now_ms(call->core) + COMMAND_WAIT_MS;
}

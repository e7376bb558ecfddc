/*
 * command_dossier.c: how workers died.
 */
#include "../common/human.h"
#include "command.h"
#include "dossier.h"
#include <stdio.h>
#include <stdlib.h>

void
command_show_obituaries(struct command_call *call)
{
	struct sheet *s = &call->sheet;
	const struct dossier *d;

	sheet_table(s, "obituaries", "no worker has died");
	for (size_t i = 0; (d = core_dossier(call->core, i)); i++) {
		sheet_row(s);
		sheet_id(s, "worker", "id", d->worker);
		sheet_wall(s, "at", "at", d->wall_ms);
		sheet_int(s, "seat", "seat", d->seat);
		sheet_str(s, "app", "app", d->app);
		sheet_int(s, "signal", "signal", d->signal);
		sheet_int(s, "status", "status", d->status);
		sheet_str(s, "handler", "handler", d->handler[0] ? d->handler : NULL);
		sheet_ms(s, "burst_ms", "burst", d->burst_ms);
		sheet_ms(s, "lived_ms", "lived", d->lived_ms);
		sheet_str(s, "killed_by", "killed by", d->cause);
	}
	sheet_end_table(s);
}

static void
dossier_show_lines(struct sheet *s, const struct dossier_lines *lines)
{
	struct jsonw *w = sheet_json(s);
	const char *line;

	if (w) {
		jsonw_key(w, "log");
		jsonw_array(w);
	}
	for (unsigned i = 0; (line = dossier_lines_at(lines, i)); i++) {
		if (w)
			jsonw_str(w, line);
		sheet_str(s, NULL, i == 0 ? "last log lines" : "", line);
	}
	if (w)
		jsonw_end_array(w);
}

static void
dossier_show_places(struct sheet *s, const struct dossier *d)
{
	char place[PAGE_FILE_BYTES + PAGE_NAME_BYTES + 16], text[300], ago[HUMAN_BYTES];

	if (sheet_json(s))
		dossier_put_places(sheet_json(s), d);
	for (size_t i = 0; i < d->frame_n; i++)
		sheet_str(s, NULL, i == 0 ? "its Ruby was at" : "",
		    dossier_place_text(&d->frame[i], place, sizeof place));
	for (size_t i = 0; i < d->await_n; i++) {
		const struct dossier_await *a = &d->await[i];
		snprintf(text, sizeof text, "%s:%u: %s, task %s, %s before its end%s",
		    a->place.file, a->place.line, a->place.name, a->task,
		    human_ms(a->ago_ms, ago), a->over ? "" : ", still waiting");
		sheet_str(s, NULL, i == 0 ? "last awaits" : "", text);
	}
}

static void
dossier_show(struct sheet *s, const struct dossier *d)
{
	sheet_card(s, "obituary");
	sheet_id(s, "worker", "worker", d->worker);
	sheet_wall(s, "at", "at", d->wall_ms);
	sheet_int(s, "seat", "seat", d->seat);
	sheet_int(s, "pid", "pid", d->pid);
	sheet_str(s, "app", "app", d->app);
	sheet_str(s, "killed_by", "killed by", d->cause);
	sheet_lines(s, "text", "obituary", d->text);
	sheet_int(s, "signal", "signal", d->signal);
	sheet_int(s, "status", "exit status", d->status);
	sheet_str(s, "handler", "handler", d->handler[0] ? d->handler : NULL);
	sheet_str(s, "task", "task", d->task[0] ? d->task : NULL);
	sheet_int(s, "attempt", "attempt", d->attempt);
	sheet_ms(s, "burst_ms", "burst", d->burst_ms);
	sheet_int(s, "leases", "leases", d->leases);
	sheet_int(s, "tasks_done", "tasks done", (int64_t)d->tasks_done);
	sheet_ms(s, "lived_ms", "lived", d->lived_ms);
	sheet_ms(s, "user_ms", "cpu, user", d->user_ms);
	sheet_ms(s, "system_ms", "cpu, system", d->system_ms);
	sheet_int(s, "peak_kib", NULL, d->peak_kib);
	sheet_bytes(s, NULL, "peak memory", d->peak_kib * 1024);
	sheet_bytes(s, "heap_bytes", "heap", (int64_t)d->heap_bytes);
	sheet_int(s, "fibers", "fibers", (int64_t)d->fibers);
	dossier_show_places(s, d);
	dossier_show_lines(s, &d->lines);
	sheet_end_card(s);
}

void
command_show_obituary(struct command_call *call)
{
	const char *text = command_arg(call, "ID");
	char *end;
	unsigned long long id = strtoull(text, &end, 10);
	const struct dossier *d =
	    *end == '\0' && id > 0 ? core_find_dossier(call->core, id) : NULL;

	if (d)
		dossier_show(&call->sheet, d);
	else
		command_refuse(call, CODE_UNKNOWN,
		    "no obituary \"%.40s\": it takes the number of a worker that died; "
		    "the last %d are kept, show obituaries lists them",
		    text, DOSSIER_COUNT);
}

/*
 * deferctl_model.c: reads three replies into the numbers of a picture. A member that is
 * missing counts as 0: an older daemon is drawn as well as it can be.
 */
#include "deferctl.h"
#include <stdio.h>
#include <stdlib.h>

void
model_init(struct model *m)
{
	memset(m, 0, sizeof *m);
	m->rate = -1;
}

void
model_fini(struct model *m)
{
	free(m->worker);
	m->worker = NULL;
	m->worker_n = 0;
}

static long long
get_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *
get_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void
copy_text(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from);
	for (char *p = to; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
}

static void
model_note(struct model_spark *s, double value)
{
	s->value[s->next] = value;
	s->next = (s->next + 1) % MODEL_SPARKS;
	if (s->n < MODEL_SPARKS)
		s->n++;
}

static void
model_take_info(struct model *m, const json_t *o, int64_t now_ms)
{
	long long ended;

	copy_text(m->version, sizeof m->version, get_str(o, "version"));
	copy_text(m->phase, sizeof m->phase, get_str(o, "phase"));
	copy_text(m->not_ready, sizeof m->not_ready, get_str(o, "not_ready"));
	m->pid = get_int(o, "pid");
	m->uptime_ms = get_int(o, "uptime_ms");
	m->capacity = get_int(o, "capacity");
	m->low_limit = get_int(o, "low_limit");
	m->queued = get_int(o, "queued");
	m->leased = get_int(o, "leased");
	m->rss_bytes = get_int(o, "rss_bytes");
	m->done = get_int(o, "tasks_done");
	m->failed = get_int(o, "tasks_failed") + get_int(o, "tasks_dead");
	m->refused = get_int(o, "tasks_refused");
	m->died = get_int(o, "workers_died");
	ended = m->done + m->failed + get_int(o, "tasks_cancelled");
	m->queued_max = get_int(o, "queued_max");
	m->leased_max = get_int(o, "leased_max");
	m->full_times = get_int(o, "full_times");
	if (m->at_ms > 0 && now_ms > m->at_ms) {
		m->rate =
		    (double)(ended - m->ended) * 1000 / (double)(now_ms - m->at_ms);
		model_note(&m->rates, m->rate);
	}
	m->ended = ended;
	m->at_ms = now_ms;
}

static void
model_take_lanes(struct model *m, const json_t *o)
{
	const json_t *lanes = json_object_get(o, "lanes");
	long long wait_ms = 0;

	for (size_t i = 0; i < json_array_size(lanes) && i < COUNT_OF(m->lane); i++) {
		const json_t *v = json_array_get(lanes, i);
		struct model_lane *lane = &m->lane[i];

		copy_text(lane->name, sizeof lane->name, get_str(v, "lane"));
		lane->queued = get_int(v, "queued");
		lane->leased = get_int(v, "leased");
		lane->limit = get_int(v, "limit");
		lane->oldest_ms = get_int(v, "oldest_ms");
		lane->p50_ms = get_int(v, "wait_p50_ms");
		lane->p99_ms = get_int(v, "wait_p99_ms");
		lane->paused = json_is_true(json_object_get(v, "paused"));
		wait_ms = lane->p50_ms > wait_ms ? lane->p50_ms : wait_ms;
	}
	model_note(&m->waits, (double)wait_ms);
}

static char
model_cell(const json_t *v)
{
	const char *state = get_str(v, "state");

	if (get_int(v, "worker") == 0 || strcmp(state, "killed") == 0)
		return CELL_NONE;
	if (strcmp(state, "starting") == 0)
		return CELL_STARTING;
	if (get_int(v, "burst_ms") > MODEL_BUSY_MS)
		return CELL_BUSY;
	if (json_is_string(json_object_get(v, "task_lane")))
		return strcmp(get_str(v, "task_lane"), "low") == 0 ? CELL_LOW
								   : CELL_MAIN;
	return strcmp(state, "ready") == 0 ? CELL_IDLE : CELL_CLOSING;
}

static void
model_add_line(struct model *m, const char *text)
{
	if (m->line_n == MODEL_LINES) {
		memmove(m->line[0], m->line[1], sizeof m->line - sizeof m->line[0]);
		m->line_n--;
	}
	copy_text(m->line[m->line_n++], MODEL_TEXT, text);
}

void
model_say(struct model *m, struct span text)
{
	char line[MODEL_TEXT];

	snprintf(line, sizeof line, "%.*s", SPAN_FMT(text));
	line[strcspn(line, "\n")] = '\0';
	model_add_line(m, line);
}

static void
model_take_workers(struct model *m, const json_t *o)
{
	const json_t *workers = json_object_get(o, "workers");
	bool first = m->worker == NULL;

	if (json_array_size(workers) > m->worker_n) {
		m->worker_n = json_array_size(workers);
		free(m->worker);
		m->worker = xcalloc(m->worker_n, sizeof *m->worker);
	}
	m->worker_n = json_array_size(workers);
	for (size_t i = 0; i < m->worker_n; i++) {
		const json_t *v = json_array_get(workers, i);
		char text[MODEL_TEXT];

		m->worker[i].seat = (int)get_int(v, "seat");
		m->worker[i].cell = model_cell(v);
		copy_text(
		    m->worker[i].task, sizeof m->worker[i].task, get_str(v, "task_id"));
		if (!first || get_str(v, "obituary")[0] == '\0')
			continue;
		snprintf(text, sizeof text, "seat %d, last death: %s",
		    m->worker[i].seat, get_str(v, "obituary"));
		model_add_line(m, text);
	}
}

int
model_update(struct model *m, struct link *l, int64_t now_ms)
{
	static const char *const ask[][3] = {
	    {"-j", "show", "info"}, {"-j", "show", "lanes"}, {"-j", "show", "workers"}};
	int rc = 0;

	for (size_t i = 0; i < COUNT_OF(ask); i++) {
		json_t *v = link_ask(l, ask[i], 3, &rc);

		if (!v)
			return rc;
		if (i == 0)
			model_take_info(m, v, now_ms);
		else if (i == 1)
			model_take_lanes(m, v);
		else
			model_take_workers(m, v);
		json_decref(v);
	}
	return 0;
}

void
model_event(struct model *m, struct span json)
{
	static const char *const shown[] = {
	    "death", "retire", "requeue", "drain", "stop"};
	json_t *v = json_loadb((const char *)json.p, json.n, 0, NULL);
	const char *name = get_str(v, "event"), *at = get_str(v, "at");
	char text[MODEL_TEXT];

	for (size_t i = 0; i < COUNT_OF(shown); i++) {
		const char *what = get_str(v, "text");

		if (strcmp(name, shown[i]) != 0)
			continue;
		if (what[0] == '\0')
			what = get_str(v, "reason");
		snprintf(text, sizeof text, "%.8s %s %s%.40s %s",
		    strlen(at) > 19 ? at + 11 : "", name,
		    get_str(v, "task")[0] ? "task " : "", get_str(v, "task"), what);
		model_add_line(m, text);
	}
	json_decref(v);
}

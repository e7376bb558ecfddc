/*
 * ui_task.c: tasks as the web page shows them: short in the list, whole on demand.
 * Times are wall times, so that a row is the same text until something happens to its
 * task.
 */
#include "http_impl.h"
#include "json.h"
#include "ui_feed.h"

/* So many are looked at for those that are to be shown: the newest come first. */
#define TASK_SCAN_MAX 5000
#define TASK_MESSAGE_BYTES 300 /* of an error, in the list */
#define TASK_VALUE_BYTES 4096  /* larger values are left out */

enum ui_show
ui_show_parse(struct span name)
{
	static const char *const names[] = {
#define X(sym, text) text,
	    UI_SHOW_TABLE(X)
#undef X
	};
	int show = 0;

	while (show < UI_SHOW_COUNT && !span_is(name, names[show]))
		show++;
	return (enum ui_show)show;
}

static void
task_write_head(struct jsonw *w, const struct task *t)
{
	char id[TASKID_TEXT_BYTES];

	jsonw_kstr(w, "id", taskid_text(&t->id, id));
	jsonw_kstr(w, "app", t->app->conf->id);
	jsonw_kstr(w, "kind", kind_name(t->handler->kind));
	jsonw_kstr(w, "name", t->handler->name);
	jsonw_kstr(w, "lane", lane_text(t->lane));
	jsonw_kstr(w, "state", task_state_name(t->state));
	jsonw_kint(w, "attempt", t->attempt);
	jsonw_kint(w, "accepted_at", t->accepted_wall_ms);
	if (task_due_wall_ms(t))
		jsonw_kint(w, "due_at", task_due_wall_ms(t));
	if (t->started_ms)
		jsonw_kint(w, "started_at", task_wall_ms(t, t->started_ms));
	if (t->ended_ms)
		jsonw_kint(w, "ended_at", task_wall_ms(t, t->ended_ms));
	if (t->flags & TASK_CANCELLING)
		jsonw_kbool(w, "cancelling", true);
	if (t->note && t->note->fraction >= 0)
		jsonw_kreal(w, "fraction", t->note->fraction);
	if (t->note && t->note->progress)
		jsonw_kstr(w, "progress", t->note->progress);
}

static void
task_write_error(struct jsonw *w, const struct task *t)
{
	struct trouble trouble = trouble_of(t);
	struct span text = span_str(trouble_text(&trouble));

	if (t->fault == FAULT_NONE)
		return;
	jsonw_kstr(w, "fault", fault_info((enum fault)t->fault)->native_code);
	if (trouble.class)
		jsonw_kstr(w, "class", trouble.class);
	/* a letter that this cuts becomes U+FFFD */
	if (text.n > TASK_MESSAGE_BYTES)
		text.n = TASK_MESSAGE_BYTES;
	jsonw_kspan(w, "message", text);
}

/* --- the list --- */

struct list {
	const struct ui_viewer *viewer;
	struct jsonw *w;
	enum ui_show show;
	size_t n;
};

static bool
list_visit(struct task *t, void *arg)
{
	struct list *l = arg;

	if (!ui_sees(l->viewer, t->app) ||
	    (l->show == UI_SHOW_WAITING && t->state != TASK_QUEUED &&
		t->state != TASK_DELAYED))
		return true;
	jsonw_object(l->w);
	task_write_head(l->w, t);
	task_write_error(l->w, t);
	jsonw_end_object(l->w);
	return ++l->n < UI_TASKS_SHOWN;
}

void
ui_task_list(const struct ui_viewer *v, enum ui_show show, struct jsonw *w)
{
	struct task_filter f = {
	    .state = TASK_STATE_COUNT, .lane = LANE_COUNT, .limit = TASK_SCAN_MAX};
	struct list l = {v, w, show, 0};

	jsonw_array(w);
	if (show == UI_SHOW_RUNNING)
		core_list_leased(v->core, list_visit, &l);
	else if (show == UI_SHOW_FAILED)
		core_list_failed(v->core, list_visit, &l);
	else
		core_list_tasks(v->core, &f, list_visit, &l);
	jsonw_end_array(w);
}

/* --- one --- */

static void
task_write_small(struct jsonw *w, const char *key, struct span value)
{
	if (value.n == 0)
		return;
	jsonw_key(w, key);
	if (value.n <= TASK_VALUE_BYTES)
		json_write_whole(w, value, JSON_PLAIN);
	else
		jsonw_null(w);
}

void
ui_task_write(const struct task *t, struct jsonw *w)
{
	struct mp c = mp_over(span_of(t->payload, t->payload_bytes));
	struct trouble trouble = trouble_of(t);
	struct span body;
	uint32_t n;

	jsonw_object(w);
	task_write_head(w, t);
	jsonw_kstr(w, "execution", execution_text(t->execution));
	jsonw_kint(w, "attempts", t->attempts_max);
	jsonw_kint(w, "deaths", t->deaths);
	jsonw_kint(w, "reruns", t->reruns);
	if (t->handler->place)
		jsonw_kstr(w, "place", t->handler->place);
	if (t->payload && mp_array(&c, &n) == 0 && n == ENV_COUNT &&
	    mp_skip(&c, &body) == 0)
		task_write_small(w, "params", body);
	if (t->state == TASK_DONE)
		task_write_small(w, "result", span_of(t->result, t->result_bytes));
	if (t->fault != FAULT_NONE) {
		jsonw_key(w, "error");
		native_write_error(w, &trouble);
	}
	jsonw_end_object(w);
}

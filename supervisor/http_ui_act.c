/*
 * http_ui_act.c: one task, and what the page's buttons do to tasks and lanes. A table
 * of verbs each: another one is another row.
 */
#include "../common/log.h"
#include "http_ui.h"

/* What was done, and what follows from it. */
static void
act_say(struct http_req *r, int status, const char *text)
{
	struct jsonw *w = reply_begin(r->http);

	jsonw_object(w);
	jsonw_kstr(w, "text", text);
	jsonw_end_object(w);
	reply_send(r->http, r->ev, r->dialect, status);
}

/* --- tasks --- */

static void
act_log_task(const struct http_req *r, const struct task *t, const char *verb)
{
	char id[TASKID_TEXT_BYTES];

	log_info("ui: %s: %s of task %s (%s)", http_req_ip(r), verb,
	    taskid_text(&t->id, id), t->handler->name);
}

static void
act_cancel(struct http_req *r, struct task *t)
{
	act_log_task(r, t, "cancel");
	switch (core_cancel(r->http->core, t, "cancelled on the web page")) {
	case CANCEL_ENDED_NOW: act_say(r, 200, "cancelled"); break;
	case CANCEL_ASKED:
		act_say(r, 202,
		    "its handler is told to cancel at its next await; if it never "
		    "awaits, kill it");
		break;
	case CANCEL_TOO_LATE:
		reply_refuse(r, FAULT_ENDED, "the task has already ended: it is %s",
		    task_state_name(t->state));
		break;
	}
}

static void
act_kill(struct http_req *r, struct task *t)
{
	act_log_task(r, t, "kill");
	if (core_kill(r->http->core, t) == 0)
		act_say(r, 202,
		    "its worker is killed; the task ends as cancelled, its neighbours "
		    "run again");
	else
		reply_refuse(r, FAULT_ENDED,
		    "the task is %s, not running: there is no worker to kill",
		    task_state_name(t->state));
}

static void
act_mend(struct http_req *r, struct task *t, const char *verb, core_mend_fn *mend)
{
	enum fault f = mend(r->http->core, t);

	if (f == FAULT_NOT_NOW)
		reply_refuse(r, f, "the task is %s", task_state_name(t->state));
	else if (f != FAULT_NONE)
		reply_refuse(r, f, "%s", fault_info(f)->text);
	else
		act_say(r, 200, "queued");
	if (f == FAULT_NONE)
		act_log_task(r, t, verb);
}

static void
act_retry(struct http_req *r, struct task *t)
{
	act_mend(r, t, "retry", core_revive);
}

static void
act_promote(struct http_req *r, struct task *t)
{
	act_mend(r, t, "promote", core_promote);
}

static const struct {
	const char *name;
	void (*act)(struct http_req *, struct task *);
} task_verbs[] = {{"cancel", act_cancel}, {"kill", act_kill}, {"retry", act_retry},
    {"promote", act_promote}};

static void
act_show(struct http_req *r, const struct task *t)
{
	if (r->verb != VERB_GET) {
		reply_refuse_method(r, "GET");
		return;
	}
	ui_task_write(t, reply_begin(r->http));
	reply_send(r->http, r->ev, r->dialect, 200);
}

void
ui_serve_task(
    struct http_req *r, const struct ui_viewer *v, struct span text, struct span verb)
{
	struct taskid id;
	struct task *t = NULL;

	if (taskid_parse((const char *)text.p, text.n, &id) == 0)
		t = core_find_task(r->http->core, &id);
	if (!t || !ui_sees(v, t->app)) {
		reply_refuse(r, FAULT_NOT_FOUND,
		    "no such task: it never was, or it ended more than results.ttl "
		    "ago");
		return;
	}
	if (verb.n == 0) {
		act_show(r, t);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(task_verbs); i++) {
		if (!span_is(verb, task_verbs[i].name))
			continue;
		if (r->verb == VERB_POST)
			task_verbs[i].act(r, t);
		else
			reply_refuse_method(r, "POST");
		return;
	}
	reply_refuse(r, FAULT_NOT_FOUND,
	    "a task can be cancelled, killed, retried and promoted");
}

/* --- lanes --- */

static enum lane_name
act_lane(struct span name)
{
	int lane = 0;

	while (lane < LANE_COUNT && !span_is(name, lane_text((enum lane_name)lane)))
		lane++;
	return (enum lane_name)lane;
}

void
ui_serve_lane(
    struct http_req *r, const struct ui_viewer *v, struct span name, struct span verb)
{
	enum lane_name lane = act_lane(name);
	bool pause = span_is(verb, "pause");

	if (lane == LANE_COUNT || (!pause && !span_is(verb, "resume"))) {
		reply_refuse(r, FAULT_NOT_FOUND,
		    "the lanes main and low can be paused and resumed");
	} else if (r->verb != VERB_POST) {
		reply_refuse_method(r, "POST");
	} else if (!v->all) {
		reply_refuse(r, FAULT_FORBIDDEN,
		    "the lanes are all apps': this needs a key that is the master key "
		    "of every app");
	} else {
		log_info("ui: %s: %s of lane %s", http_req_ip(r),
		    pause ? "pause" : "resume", lane_text(lane));
		core_pause_lane(r->http->core, lane, pause);
		act_say(r, 200, pause ? "paused" : "its tasks are started");
	}
}

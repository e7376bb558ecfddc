/*
 * http_parse_job.c: Parse's background jobs: starting them, and their rows in the class
 * _JobStatus, which are the tasks themselves. A row's objectId is its task's id.
 */
#include "../common/clock.h"
#include "http_parse.h"
#include "json.h"
#include <stdlib.h>

#define JOB_FIND_DEFAULT 100
#define JOB_FIND_MAX 1000

/* --- starting --- */

static bool
job_read_name(struct parse_req *p, struct span rest, struct span *name)
{
	const json_t *v = json_object_get(p->body, "jobName");
	struct span raw = path_next(&rest);

	if (raw.n)
		return rest.n == 0 && http_decode(p->r->http, raw, false, name);
	*name = json_is_string(v) ? span_of(json_string_value(v), json_string_length(v))
				  : SPAN_NONE;
	return true;
}

void
parse_serve_jobs(struct parse_req *p, struct span rest)
{
	struct call_input in = {.execution = EXEC_ASYNC,
	    .body = p->body,
	    .typed = true,
	    .params = PARAMS_BODY_QUERY,
	    .context = p->context};
	struct span name;

	if (p->verb != VERB_POST || !job_read_name(p, rest, &name)) {
		reply_refuse(p->r, FAULT_NOT_FOUND, NULL);
		return;
	}
	if (!parse_needs_master(p))
		return;
	in.handler = app_find(p->r->app, KIND_JOB, name);
	if (in.handler)
		call_submit(p->r, &in);
	else
		reply_refuse(p->r, FAULT_UNKNOWN_HANDLER, "Invalid job.");
}

/* --- rows --- */

static const char *
job_status(const struct task *t)
{
	if (!task_has_ended(t->state))
		return "running";
	return t->state == TASK_DONE ? "succeeded" : "failed";
}

/* What the job last said, the text it returned, or how it failed. */
static void
job_write_message(struct jsonw *w, const struct task *t)
{
	struct mp c = mp_over(span_of(t->result, t->result_bytes));
	struct trouble trouble = trouble_of(t);
	struct span text;

	if (t->fault != FAULT_NONE)
		jsonw_kstr(w, "message", trouble_text(&trouble));
	else if (t->state == TASK_DONE && t->result && mp_str(&c, &text) == 0)
		jsonw_kspan(w, "message", text);
	else if (t->note && t->note->progress)
		jsonw_kstr(w, "message", t->note->progress);
}

static void
job_write_row(struct jsonw *w, const struct task *t)
{
	int64_t last_ms = t->ended_ms     ? t->ended_ms
			  : t->started_ms ? t->started_ms
					  : t->accepted_ms;
	char text[TASKID_TEXT_BYTES];

	jsonw_object(w);
	jsonw_kstr(w, "objectId", taskid_text(&t->id, text));
	jsonw_kstr(w, "jobName", t->handler->name);
	jsonw_kstr(w, "source", "api");
	jsonw_kstr(w, "status", job_status(t));
	job_write_message(w, t);
	if (t->ended_ms) {
		jsonw_key(w, "finishedAt");
		jsonw_object(w);
		jsonw_kstr(w, "__type", "Date");
		jsonw_kstr(w, "iso",
		    clock_format_wall(task_wall_ms(t, t->ended_ms), text, sizeof text));
		jsonw_end_object(w);
	}
	jsonw_kstr(
	    w, "createdAt", clock_format_wall(t->accepted_wall_ms, text, sizeof text));
	jsonw_kstr(w, "updatedAt",
	    clock_format_wall(task_wall_ms(t, last_ms), text, sizeof text));
	jsonw_end_object(w);
}

static struct task *
job_of_id(struct parse_req *p, struct span text)
{
	struct taskid id;
	struct task *t;

	if (taskid_parse((const char *)text.p, text.n, &id) != 0)
		return NULL;
	t = core_find_task(p->r->http->core, &id);
	return t && t->app == p->r->app && t->handler->kind == KIND_JOB ? t : NULL;
}

static void
job_get(struct parse_req *p, struct span id)
{
	struct task *t = job_of_id(p, id);

	if (!t) {
		reply_refuse(p->r, FAULT_NOT_FOUND, "Object not found.");
		return;
	}
	job_write_row(reply_begin(p->r->http), t);
	reply_send(p->r->http, p->r->ev, p->r->dialect, 200);
}

/* --- finding --- */

struct job_find {
	struct jsonw *w;
	const char *id, *name, *status; /* equal to this; NULL: any */
	size_t left, skip;
};

static bool
job_visit(struct task *t, void *arg)
{
	struct job_find *f = arg;

	if (t->handler->kind != KIND_JOB ||
	    (f->name && strcmp(f->name, t->handler->name) != 0) ||
	    (f->status && strcmp(f->status, job_status(t)) != 0))
		return true;
	if (f->skip) {
		f->skip--;
		return true;
	}
	if (f->left == 0)
		return false;
	f->left--;
	job_write_row(f->w, t);
	return true;
}

/* A find's option: in the body, or in the query as text. */
static json_t *
find_option(struct parse_req *p, const char *option)
{
	struct span query = p->r->query, name, value;
	json_t *v = json_object_get(p->body, option), *found = NULL;
	char why[JSON_WHY_BYTES];

	if (v)
		return json_incref(v);
	while (!found && query_next(p->r->http, &query, &name, &value))
		if (span_is(name, option))
			found = json_read(value, why);
	return found;
}

static size_t
find_number(struct parse_req *p, const char *option, size_t otherwise)
{
	json_t *v = find_option(p, option);
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;

	json_decref(v);
	return n < 0 ? otherwise : n > JOB_FIND_MAX ? JOB_FIND_MAX : (size_t)n;
}

/* Equality on objectId, jobName and status is understood. */
static bool
find_read_where(const json_t *where, struct job_find *f)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)where, key, v)
	{
		const char **at = strcmp(key, "objectId") == 0  ? &f->id
				  : strcmp(key, "jobName") == 0 ? &f->name
				  : strcmp(key, "status") == 0  ? &f->status
								: NULL;
		if (!at || !json_is_string(v))
			return false;
		*at = json_string_value(v);
	}
	return !where || json_is_object(where);
}

static void
find_write(struct parse_req *p, struct job_find *f)
{
	struct task_filter filter = {.app = p->r->app,
	    .state = TASK_STATE_COUNT,
	    .lane = LANE_COUNT,
	    .limit = SIZE_MAX};
	struct task *t;

	f->w = reply_begin(p->r->http);
	jsonw_object(f->w);
	jsonw_key(f->w, "results");
	jsonw_array(f->w);
	if (!f->id)
		core_list_tasks(p->r->http->core, &filter, job_visit, f);
	else if ((t = job_of_id(p, span_str(f->id))))
		job_visit(t, f);
	jsonw_end_array(f->w);
	jsonw_end_object(f->w);
	reply_send(p->r->http, p->r->ev, p->r->dialect, 200);
}

static void
job_find(struct parse_req *p)
{
	struct job_find f = {.left = find_number(p, "limit", JOB_FIND_DEFAULT),
	    .skip = find_number(p, "skip", 0)};
	json_t *where = find_option(p, "where");

	if (find_read_where(where, &f))
		find_write(p, &f);
	else
		reply_refuse(p->r, FAULT_UNSUPPORTED,
		    "_JobStatus can be asked for objectId, jobName and status only, "
		    "each equal to a string");
	json_decref(where);
}

void
parse_serve_classes(struct parse_req *p, struct span rest)
{
	struct span class = path_next(&rest), id = path_next(&rest);

	if (!span_is(class, "_JobStatus"))
		reply_refuse(p->r, FAULT_UNSUPPORTED, "classes are not available yet");
	else if (!p->r->master)
		reply_refuse(p->r, FAULT_MASTER_ONLY, NULL);
	else if (p->verb != VERB_GET)
		reply_refuse(
		    p->r, FAULT_MASTER_ONLY, "_JobStatus is written by deferd only");
	else if (id.n)
		job_get(p, id);
	else
		job_find(p);
}

/* --- cloud_code/jobs --- */

static void
job_write_data(struct jsonw *w, const struct app *a)
{
	jsonw_object(w);
	jsonw_key(w, "in_use");
	jsonw_array(w);
	jsonw_end_array(w);
	jsonw_key(w, "jobs");
	jsonw_array(w);
	for (size_t i = 0; i < a->by_index_n; i++)
		if (a->by_index[i]->kind == KIND_JOB)
			jsonw_str(w, a->by_index[i]->name);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

void
parse_serve_cloud_code(struct parse_req *p, struct span rest)
{
	struct span jobs = path_next(&rest), data = path_next(&rest);
	struct jsonw *w;

	if (!span_is_nocase(jobs, "jobs") || rest.n || p->verb != VERB_GET ||
	    (data.n && !span_is_nocase(data, "data"))) {
		reply_refuse(p->r, FAULT_NOT_FOUND, "there is nothing at this path");
		return;
	}
	if (!parse_needs_master(p))
		return;
	w = reply_begin(p->r->http);
	if (data.n) {
		job_write_data(w, p->r->app);
	} else {
		jsonw_array(w);
		jsonw_end_array(w);
	}
	reply_send(p->r->http, p->r->ev, p->r->dialect, 200);
}

/*
 * http_native.c: deferd's own dialect: tasks as a resource, under
 * /v1/apps/<app>/tasks. What a POST may say is http_post.c's. See deferd-http(7).
 */
#include "../common/clock.h"
#include "http_impl.h"
#include "http_native.h"
#include "json.h"
#include <stdio.h>

#define NATIVE_LIST_DEFAULT 50
#define NATIVE_LIST_MAX 500

/* --- errors --- */

static int
native_status(const struct trouble *t)
{
	return t->status ? t->status : fault_info(t->fault)->native_status;
}

void
native_write_error(struct jsonw *w, const struct trouble *t)
{
	jsonw_object(w);
	if (t->has_code)
		jsonw_kint(w, "code", t->code);
	else
		jsonw_kstr(w, "code", fault_info(t->fault)->native_code);
	jsonw_kstr(w, "message", trouble_text(t));
	if (t->class)
		jsonw_kstr(w, "class", t->class);
	if (t->backtrace.n) {
		jsonw_key(w, "backtrace");
		json_write_whole(w, t->backtrace, JSON_PLAIN);
	}
	jsonw_end_object(w);
}

static void
native_write_trouble(struct jsonw *w, const struct trouble *t)
{
	jsonw_object(w);
	jsonw_key(w, "error");
	native_write_error(w, t);
	jsonw_end_object(w);
}

/* --- answers to calls --- */

static void
native_answer(struct call *c, struct task *t)
{
	struct http *http = c->http;
	struct trouble trouble = trouble_of(t);
	int status = t->fault == FAULT_NONE ? 200 : native_status(&trouble);

	task_write_json(reply_begin(http), http->core, t, c->master);
	if (status == 503)
		reply_header(c->ev, "Retry-After", "1");
	reply_send(http, c->ev, c->dialect, status);
}

static void
native_accepted(struct call *c, struct task *t)
{
	struct jsonw *w = reply_begin(c->http);
	char id[TASKID_TEXT_BYTES], location[160];
	bool ended = task_has_ended(t->state); /* its key was known already */

	taskid_text(&t->id, id);
	if (ended) {
		task_write_json(w, c->http->core, t, c->master);
	} else {
		jsonw_object(w);
		jsonw_kstr(w, "id", id);
		jsonw_kstr(w, "state", task_state_name(t->state));
		jsonw_kstr(w, "lane", lane_text(t->lane));
		jsonw_end_object(w);
	}
	snprintf(
	    location, sizeof location, "/v1/apps/%s/tasks/%s", t->app->conf->id, id);
	reply_header(c->ev, "Location", location);
	reply_add_durability(c);
	reply_send(c->http, c->ev, c->dialect, ended ? 200 : 202);
}

/* --- one task --- */

/* From 1 to most. */
static bool
native_read_number(struct span s, size_t most, size_t *out)
{
	size_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > most)
			return false;
		v = v * 10 + (size_t)(s.p[i] - '0');
	}
	*out = v;
	return s.n > 0 && v > 0 && v <= most;
}

/* The app's own task of that id; NULL: refused, and answered. */
static struct task *
native_find(struct http_req *r, struct span text)
{
	struct taskid id;
	struct task *t = NULL;

	if (taskid_parse((const char *)text.p, text.n, &id) == 0)
		t = core_find_task(r->http->core, &id);
	if (t && t->app == r->app)
		return t;
	reply_refuse(r, FAULT_NOT_FOUND,
	    "no such task: it never was, or it ended more "
	    "than results.ttl ago");
	return NULL;
}

static void
native_get(struct http_req *r, struct span id)
{
	struct task *t = native_find(r, id);

	if (!t)
		return;
	task_write_json(reply_begin(r->http), r->http->core, t, r->master);
	reply_send(r->http, r->ev, r->dialect, 200);
}

/* ?wait=SECONDS; false: refused. */
static bool
native_read_wait(struct http_req *r, int64_t *wait_ms)
{
	struct span query = r->query, name, value;
	size_t s = 0;

	while (query_next(r->http, &query, &name, &value)) {
		if (!span_is(name, "wait"))
			continue;
		if (!native_read_number(value, POLL_WAIT_MAX_S, &s) &&
		    !span_is(value, "0")) {
			reply_refuse(r, FAULT_BAD_REQUEST,
			    "wait: expected whole seconds, at most %d",
			    POLL_WAIT_MAX_S);
			return false;
		}
	}
	*wait_ms = (int64_t)s * MS_PER_S;
	return true;
}

static void
native_poll(struct http_req *r, struct span id)
{
	struct task *t = native_find(r, id);
	int64_t wait_ms;

	if (!t || !native_read_wait(r, &wait_ms))
		return;
	if (wait_ms > 0 && !task_has_ended(task_told_state(t)) && !r->http->stopping)
		poll_open(r, t, wait_ms);
	else
		native_get(r, id);
}

static bool
native_needs_master(struct http_req *r)
{
	if (!r->master)
		reply_refuse(r, FAULT_FORBIDDEN, "this needs the master key");
	return r->master;
}

static void
native_delete(struct http_req *r, struct span id)
{
	struct task *t = native_needs_master(r) ? native_find(r, id) : NULL;
	struct jsonw *w;

	if (!t)
		return;
	switch (core_cancel(r->http->core, t, "cancelled over HTTP")) {
	case CANCEL_TOO_LATE:
		reply_refuse(r, FAULT_ENDED, "the task has already ended: it is %s",
		    task_state_name(t->state));
		break;
	case CANCEL_ENDED_NOW: native_get(r, id); break;
	case CANCEL_ASKED:
		w = reply_begin(r->http);
		jsonw_object(w);
		jsonw_kspan(w, "id", id);
		jsonw_kstr(w, "state", task_state_name(t->state));
		jsonw_kbool(w, "cancelling", true);
		jsonw_end_object(w);
		reply_send(r->http, r->ev, r->dialect, 202);
		break;
	}
}

/* --- what an operator does to one --- */

static const struct {
	const char *name;
	core_mend_fn *mend;
} native_verbs[] = {
    {"retry", core_revive}, {"promote", core_promote}, {"bury", core_bury}};

static void
native_mend(struct http_req *r, struct span id, core_mend_fn *mend)
{
	struct task *t = native_needs_master(r) ? native_find(r, id) : NULL;
	enum fault f = t ? mend(r->http->core, t) : FAULT_NONE;

	if (f == FAULT_NOT_NOW)
		reply_refuse(r, f,
		    "the task is %s: a dead one can be retried, a delayed one "
		    "promoted, a queued or delayed one buried",
		    task_state_name(t->state));
	else if (f != FAULT_NONE)
		reply_refuse(r, f, "%s", fault_info(f)->text);
	else if (t)
		native_get(r, id);
}

static void
native_serve_verb(struct http_req *r, struct span id, struct span verb)
{
	for (size_t i = 0; i < COUNT_OF(native_verbs); i++) {
		if (!span_is(verb, native_verbs[i].name))
			continue;
		if (r->verb == VERB_POST)
			native_mend(r, id, native_verbs[i].mend);
		else
			reply_refuse_method(r, "POST");
		return;
	}
	reply_refuse(r, FAULT_NOT_FOUND, "a task takes retry, promote and bury");
}

/* --- the list --- */

struct native_list {
	struct http_req *r;
	struct task_filter filter;
	struct taskid after;
	struct taskid last; /* shown */
};

static bool
list_set(struct native_list *l, struct span name, struct span value)
{
	struct task_filter *f = &l->filter;

	if (span_is(name, "state"))
		return (f->state = task_state_parse(value)) != TASK_STATE_COUNT;
	if (span_is(name, "name"))
		return (f->name = value).n > 0;
	if (span_is(name, "lane")) {
		f->lane = span_is(value, "main")  ? LANE_MAIN
			  : span_is(value, "low") ? LANE_LOW
						  : LANE_COUNT;
		return f->lane != LANE_COUNT;
	}
	if (span_is(name, "limit"))
		return native_read_number(value, NATIVE_LIST_MAX, &f->limit);
	f->after = &l->after;
	return span_is(name, "after") &&
	       taskid_parse((const char *)value.p, value.n, &l->after) == 0;
}

static bool
list_visit(struct task *t, void *arg)
{
	struct native_list *l = arg;

	task_write_json(&l->r->http->w, l->r->http->core, t, true);
	l->last = t->id;
	return true;
}

static void
native_list(struct http_req *r)
{
	struct native_list l = {.r = r,
	    .filter = {.app = r->app,
		.state = TASK_STATE_COUNT,
		.lane = LANE_COUNT,
		.limit = NATIVE_LIST_DEFAULT}};
	struct span query = r->query, name, value;
	char id[TASKID_TEXT_BYTES];

	if (!native_needs_master(r))
		return;
	while (query_next(r->http, &query, &name, &value)) {
		if (list_set(&l, name, value))
			continue;
		reply_refuse(r, FAULT_BAD_REQUEST,
		    "%.*s is not understood: state, name, lane, limit (1 to %d) and "
		    "after (a task's id) may be asked for",
		    SPAN_FMT(name), NATIVE_LIST_MAX);
		return;
	}
	struct jsonw *w = reply_begin(r->http);
	jsonw_object(w);
	jsonw_key(w, "tasks");
	jsonw_array(w);
	bool more = core_list_tasks(r->http->core, &l.filter, list_visit, &l);
	jsonw_end_array(w);
	if (more)
		jsonw_kstr(w, "next", taskid_text(&l.last, id));
	jsonw_end_object(w);
	reply_send(r->http, r->ev, r->dialect, 200);
}

/* --- routing --- */

/* 401 without a key, else 403, the same for a wrong key and an unknown app. */
static bool
native_admit(struct http_req *r, struct span app_id)
{
	struct span key = key_bearer(r->header[HDR_AUTHORIZATION]);
	struct app *a = core_find_app(r->http->core, app_id);
	enum key_class class = a ? key_check(a, key) : KEY_WRONG;

	if (key.n == 0) {
		reply_refuse(r, FAULT_NO_CREDENTIALS,
		    "an app's key is needed: Authorization: Bearer <key>");
		return false;
	}
	if (class == KEY_WRONG) {
		reply_refuse(r, FAULT_FORBIDDEN, "this key does not open this app");
		return false;
	}
	r->app = a;
	r->master = class == KEY_MASTER;
	return true;
}

static void
native_serve_tasks(struct http_req *r)
{
	switch (r->verb) {
	case VERB_POST: native_post(r); break;
	case VERB_GET:
	case VERB_HEAD: native_list(r); break;
	default: reply_refuse_method(r, "GET, HEAD, POST"); break;
	}
}

static void
native_serve_task(struct http_req *r, struct span id)
{
	switch (r->verb) {
	case VERB_GET: native_poll(r, id); break;
	case VERB_HEAD: native_get(r, id); break;
	case VERB_DELETE: native_delete(r, id); break;
	default: reply_refuse_method(r, "GET, HEAD, DELETE"); break;
	}
}

static void
native_serve(struct http_req *r)
{
	struct span rest = r->path;
	struct span apps = path_next(&rest), app = path_next(&rest);
	struct span tasks = path_next(&rest), id = path_next(&rest);
	struct span verb = path_next(&rest);

	if (!span_is(apps, "apps") || !span_is(tasks, "tasks") || rest.n) {
		reply_refuse(r, FAULT_NOT_FOUND,
		    "there is nothing at this path: tasks are at "
		    "/v1/apps/<app>/tasks");
		return;
	}
	if (!native_admit(r, app))
		return;
	if (id.n == 0)
		native_serve_tasks(r);
	else if (verb.n)
		native_serve_verb(r, id, verb);
	else
		native_serve_task(r, id);
}

const struct dialect dialect_native = {
    .serve = native_serve,
    .answer = native_answer,
    .accepted = native_accepted,
    .trouble_status = native_status,
    .write_trouble = native_write_trouble,
};

#include "httpcore.h"
#include "t.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../supervisor/json.h"
#include <stdlib.h>

/* --- what the HTTP face asks --- */
size_t
core_app_count(const struct core *c UNUSED)
{
	return 1;
}
struct app *
core_app(const struct core *c, size_t i UNUSED)
{
	return c->app;
}
struct app *
core_find_app(const struct core *c, struct span id)
{
	return span_is(id, c->conf_app.id) ? c->app : NULL;
}
struct app *
core_default_app(const struct core *c)
{
	return c->conf.default_app ? c->app : NULL;
}
const struct conf *
core_conf(const struct core *c)
{
	return &c->conf;
}
struct stats *
core_stats(const struct core *c)
{
	return (struct stats *)(uintptr_t)&c->stats;
}
struct events *
core_events(const struct core *c UNUSED)
{
	return NULL;
}
int64_t
core_now_ms(const struct core *c)
{
	return clock_now_ms() + c->later_ms;
}
enum core_phase
core_phase(const struct core *c)
{
	return c->phase;
}
const char *
core_not_ready(const struct core *c)
{
	return c->not_ready;
}
const struct core_peaks *
core_peaks(const struct core *c UNUSED)
{
	static const struct core_peaks none;

	return &none;
}

int
core_capacity(const struct core *c UNUSED)
{
	return 4;
}
uint64_t
core_payload_bytes(const struct core *c UNUSED)
{
	return 0;
}
size_t
core_seat_count(const struct core *c)
{
	return c->seats;
}
void
core_view_worker(const struct core *c UNUSED, size_t seat, struct worker_view *v)
{
	*v = (struct worker_view){
	    .seat = (int)seat + 1, .worker = seat + 1, .state = "ready"};
}
void
core_view_lane(const struct core *c UNUSED, enum lane_name lane, struct lane_view *v)
{
	*v = (struct lane_view){.lane = lane, .limit = 4};
}
uint64_t
core_generation(const struct core *c UNUSED)
{
	return 0;
}
const struct dossier *
core_dossier(const struct core *c UNUSED, size_t i UNUSED)
{
	return NULL;
}
void
core_pause_lane(struct core *c, enum lane_name lane, bool paused)
{
	c->paused[lane] = paused;
}
int
core_kill(struct core *c UNUSED, struct task *t)
{
	return t->state == TASK_LEASED ? 0 : -1;
}
void
core_list_leased(const struct core *c UNUSED,
    bool (*visit)(struct task *, void *arg) UNUSED, void *arg UNUSED)
{
}
void
core_list_failed(
    const struct core *c, bool (*visit)(struct task *, void *arg), void *arg)
{
	tasks_list_failed(&c->tasks, visit, arg);
}
struct task *
core_find_task(const struct core *c, const struct taskid *id)
{
	return tasks_find(&c->tasks, id);
}
bool
core_list_tasks(const struct core *c, const struct task_filter *f,
    bool (*visit)(struct task *, void *arg), void *arg)
{
	return tasks_list(&c->tasks, f, visit, arg);
}

enum cancel_result
core_cancel(struct core *c, struct task *t, const char *reason UNUSED)
{
	if (task_has_ended(t->state))
		return CANCEL_TOO_LATE;
	if (t->state == TASK_LEASED)
		return CANCEL_ASKED;
	t->fault = FAULT_CANCELLED;
	task_move(t, TASK_CANCELLED, clock_now_ms());
	tasks_end(&c->tasks, t, 0);
	return CANCEL_ENDED_NOW;
}

const char *
core_durability(const struct core *c UNUSED, bool relaxed UNUSED)
{
	return "memory";
}

void
core_unwait_accept(struct core *c UNUSED, const struct task *t UNUSED)
{
	NEVER("nothing is kept here");
}

void
core_on_end(struct core *c UNUSED, core_ended_cb *cb UNUSED, void *arg UNUSED)
{
}

void
core_abandon(struct core *c, struct task *t)
{
	c->abandoned++;
	t->done = NULL;
}

/* --- what becomes of a task --- */

static void
see_envelope(struct core *c, struct span envelope)
{
	struct mp cursor = mp_over(envelope);
	struct jsonw w;

	buf_reset(&c->seen);
	jsonw_init(&w, &c->seen);
	jsonw_array(&w);
	uint32_t n;
	OK(mp_array(&cursor, &n) == 0 && n == ENV_COUNT);
	while (n-- > 0)
		OK(json_write_value(&w, &cursor, JSON_TYPED) == 0);
	jsonw_end_array(&w);
	OK(mp_at_end(&cursor));
}

static void
plan_result(struct task *t, const char *json)
{
	char why[JSON_WHY_BYTES];
	struct buf b;
	msgpack_packer pk;
	size_t n;

	buf_init(&b, 0);
	pk = mp_packer(&b);
	json_t *v = json_read(span_str(json ? json : "null"), why);
	OK(v != NULL);
	json_pack_value(&pk, v, true);
	json_decref(v);
	t->result = buf_take(&b, &n);
	t->result_bytes = (uint32_t)n;
}

static void
plan_note(struct task *t, const struct plan *p)
{
	struct task_note *n;
	struct buf b;

	if (!p->class && !p->message && !p->has_code && !p->status && !p->header)
		return;
	n = task_note(t);
	n->class = p->class ? strdup(p->class) : NULL;
	n->message = p->message ? strdup(p->message) : NULL;
	n->has_code = p->has_code;
	n->code = p->code;
	n->status = p->status;
	if (p->header) {
		buf_init(&b, 0);
		msgpack_packer pk = mp_packer(&b);
		msgpack_pack_map(&pk, 1);
		mp_put_cstr(&pk, p->header);
		mp_put_cstr(&pk, p->value);
		n->headers = buf_take(&b, &n->headers_bytes);
	}
}

static void
plan_run(struct core *c, struct task *t)
{
	enum task_state end = TASK_DONE;

	plan_note(t, &c->plan);
	if (c->plan.what == PLAN_RESULT) {
		plan_result(t, c->plan.result);
	} else {
		t->fault = (uint8_t)c->plan.fault;
		end = TASK_FAILED;
	}
	t->run_us = 1234;
	task_move(t, end, clock_now_ms());
	task_done_cb *done = t->done;
	t->done = NULL;
	if (done)
		done(t, t->done_arg);
	tasks_end(&c->tasks, t, 0);
}

struct due {
	struct core *core;
	struct task *task;
};

static void
plan_due_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct due *d = arg;

	plan_run(d->core, d->task);
	free(d);
}

enum fault
core_submit(struct core *c, const struct submission *s, struct task **out)
{
	struct taskid id;
	struct task *t;
	size_t n;

	c->submitted++;
	if (c->plan.what == PLAN_REFUSE)
		return c->plan.fault;
	see_envelope(c, buf_span(s->envelope));
	c->seen_handler = s->handler;
	c->seen_execution = s->execution;
	c->seen_timeout_ms = s->timeout_ms;
	taskid_next(&c->ids, clock_wall_ms(), &id);
	uint8_t *payload = buf_take(s->envelope, &n);
	t = task_new(&id, payload, n);
	t->app = c->app;
	t->handler = s->handler;
	t->execution = (uint8_t)s->execution;
	t->lane = s->execution == EXEC_LOW ? LANE_LOW : LANE_MAIN;
	t->accepted_ms = clock_now_ms();
	t->accepted_wall_ms = clock_wall_ms();
	t->timeout_ms = s->timeout_ms ? (uint32_t)s->timeout_ms : 15000;
	t->done = s->done;
	t->done_arg = s->done_arg;
	OK(tasks_add(&c->tasks, t) == 0);
	task_move(t, TASK_QUEUED, clock_now_ms());
	if (c->plan.what != PLAN_NEVER) {
		struct due *d = malloc(sizeof *d);
		*d = (struct due){c, t};
		t->attempt = 1;
		task_move(t, TASK_LEASED, clock_now_ms());
		event_base_once(
		    c->base, -1, EV_TIMEOUT, plan_due_cb, d, &(struct timeval){0, 0});
	}
	c->last = t;
	*out = t;
	return FAULT_NONE;
}

/* --- beginning and end --- */

static char *keys[] = {(char *)(uintptr_t) "rest-key-1",
    (char *)(uintptr_t) "javascript-key-1", (char *)(uintptr_t) "master-key-1"};

static void
fill_app(struct core *c)
{
	struct app *a = c->app = app_new(&c->conf_app, 0);
	struct handler *h;

	app_begin_catalogue(a);
	app_add_handler(a, KIND_FUNCTION, span_str("hello"), 0);
	app_add_handler(a, KIND_FUNCTION, span_str("odd\"name"), 1);
	app_add_handler(a, KIND_EVENT, span_str("e"), 2);
	app_add_handler(a, KIND_SERVICE, span_str("S/m"), 3);
	h = app_add_handler(a, KIND_ROUTE, span_str("S GET /r/:id"), 4);
	h->verb = strdup("GET");
	h->pattern = strdup("/r/:id");
	app_add_handler(a, KIND_JOB, span_str("j"), 5);
	app_end_catalogue(a);
}

static void
fill_conf(struct core *c)
{
	c->conf_app.id = (char *)(uintptr_t) "demo";
	c->conf_app.keys.rest = (struct conf_list){&keys[0], 1};
	c->conf_app.keys.javascript = (struct conf_list){&keys[1], 1};
	c->conf_app.keys.master = (struct conf_list){&keys[2], 1};
	c->conf_listen.url = (char *)(uintptr_t) "http://127.0.0.1:0";
	c->conf_listen.host = (char *)(uintptr_t) "127.0.0.1";
	c->conf.listen = &c->conf_listen;
	c->conf.listen_n = 1;
	c->conf.app = &c->conf_app;
	c->conf.app_n = 1;
	c->conf.default_app = c->conf_app.id;
	c->conf.store.engine = (char *)(uintptr_t) "memory";
	c->conf.http.body_bytes = 10000;
	c->conf.http.header_bytes = 8000;
	c->conf.http.connections = 100;
	c->conf.http.idle_ms = 3000;
	c->conf.workers.concurrent = 1;
}

void
httpcore_init(struct core *c)
{
	memset(c, 0, sizeof *c);
	log_init("t");
	log_set_level(LOG_LEVEL_ERROR);
	c->base = event_base_new();
	c->phase = CORE_RUNNING;
	c->seats = 1;
	buf_init(&c->seen, 0);
	tasks_init(&c->tasks, 60000, 1000, 1 << 20);
	fill_conf(c);
	fill_app(c);
	c->http = http_new(c->base, c, &(struct handover){0});
	OK(c->http != NULL);
}

void
httpcore_fini(struct core *c)
{
	struct task *t;

	client_turn(c); /* what is due is run, not leaked */
	http_free(c->http);
	TAILQ_FOREACH (t, &c->tasks.all, all)
		OK(!t->done);
	tasks_fini(&c->tasks);
	app_free(c->app);
	buf_fini(&c->seen);
	event_base_free(c->base);
}

#include "httpcore.h"
#include "t.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../supervisor/json.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 5000

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
core_now_ms(const struct core *c UNUSED)
{
	return clock_now_ms();
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
core_seat_count(const struct core *c UNUSED)
{
	return 1;
}
void
core_view_worker(const struct core *c UNUSED, size_t seat UNUSED, struct worker_view *v)
{
	*v = (struct worker_view){.state = "ready"};
}
void
core_view_lane(const struct core *c UNUSED, enum lane_name lane, struct lane_view *v)
{
	*v = (struct lane_view){.lane = lane, .limit = 4};
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
	buf_init(&c->seen, 0);
	tasks_init(&c->tasks, 60000, 1000, 1 << 20);
	fill_conf(c);
	fill_app(c);
	c->http = http_new(c->base, c);
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

/* --- the client --- */

int
client_open(struct core *c)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)atoi(strrchr(http_url(c->http, 0), ':') + 1));
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void
client_turn(struct core *c)
{
	for (int i = 0; i < 3; i++)
		event_base_loop(c->base, EVLOOP_NONBLOCK);
}

void
client_send(struct core *c, int fd, struct span bytes)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0)
			bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
		client_turn(c);
	}
}

/* The head's end, once it is there, and then the body's length. */
static bool
reply_is_whole(struct reply *r, bool head_only)
{
	const char *text = buf_cstr(&r->text), *end = strstr(text, "\r\n\r\n");

	while (end && strncmp(text, "HTTP/1.1 1", 10) == 0) { /* interim */
		buf_drop(&r->text, (size_t)(end + 4 - text));
		text = buf_cstr(&r->text);
		end = strstr(text, "\r\n\r\n");
	}
	if (!end)
		return false;
	r->status = atoi(text + 9);
	r->body = end + 4;
	const char *length = reply_get(r, "Content-Length");
	r->body_bytes = length && !head_only ? (size_t)atol(length) : 0;
	return r->text.n >= (size_t)(r->body - text) + r->body_bytes;
}

bool
client_read(struct core *c, int fd, bool head_only, struct reply *r)
{
	int64_t end_ms = clock_now_ms() + WAIT_MS;
	char part[4096];

	buf_reset(&r->text);
	while (clock_now_ms() < end_ms) {
		ssize_t n = recv(fd, part, sizeof part, MSG_DONTWAIT);
		if (n > 0)
			buf_add(&r->text, part, (size_t)n);
		if (n > 0 && reply_is_whole(r, head_only))
			return true;
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return false;
		event_base_loop(c->base, EVLOOP_NONBLOCK);
	}
	t_note("no reply in time: %s", buf_cstr(&r->text));
	return false;
}

bool
client_ask(struct core *c, const char *request, struct reply *r)
{
	int fd = client_open(c);

	client_send(c, fd, span_str(request));
	bool got = client_read(c, fd, strncmp(request, "HEAD", 4) == 0, r);
	close(fd);
	return got;
}

bool
client_call(struct core *c, const char *verb, const char *path, const char *headers,
    const char *body, struct reply *r)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "%s %s HTTP/1.1\r\nHost: x\r\n%s", verb, path, headers);
	if (body)
		buf_printf(&b, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	else
		buf_add_str(&b, "\r\n");
	bool got = client_ask(c, buf_cstr(&b), r);
	buf_fini(&b);
	return got;
}

const char *
reply_get(const struct reply *r, const char *name)
{
	static char value[512];
	const char *line = strstr((const char *)r->text.p, "\r\n");
	size_t n = strlen(name);

	for (; line && line + 2 < r->body; line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
			continue;
		const char *from = line + 2 + n + 1 + strspn(line + 3 + n, " ");
		snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r"), from);
		return value;
	}
	return NULL;
}

bool
client_until(struct core *c, bool (*holds)(struct core *))
{
	int64_t end_ms = clock_now_ms() + WAIT_MS;

	while (!holds(c) && clock_now_ms() < end_ms)
		event_base_loop(c->base, EVLOOP_NONBLOCK);
	return holds(c);
}

/* forkserver.c: see forkserver.h. */
#include "forkserver.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "load.h"
#include "sandbox.h"
#include "work.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORD_BYTES_MAX (64 * 1024)

struct forkserver {
	int sock;
	char *title;
	struct buf in, out;
	struct engine *engine;
	char *app, *handlers;
	struct hostpolicy hosts;
	char *ca; /* or NULL */
	int64_t beat_ms;
	struct sandbox sandbox;
};

/* The record's bytes stay in f->in; *fd is passed or -1. 0 or -ERR_*. */
static int
forkserver_receive(struct forkserver *f, struct msg *m, int *fd)
{
	buf_reset(&f->in);
	int r = fd_recv_record(f->sock, &f->in, fd);
	if (r != 0)
		return r;
	struct mp c = mp_over(buf_span(&f->in));
	r = msg_parse(&c, MSG_FDOWN, m);
	if (r != 0)
		log_error("the supervisor sent a record that is %s", err_text(r));
	return r;
}

static int
forkserver_send(struct forkserver *f, enum msg_number number, const void *fields)
{
	buf_reset(&f->out);
	int r = msg_pack(&f->out, number, fields);
	if (r == 0)
		r = fd_send_record(f->sock, buf_span(&f->out), -1);
	return r;
}

/* --- CONFIG --- */

/* False, and *why: it may not go on as who it is. */
static bool
forkserver_drop_to(const char *user, char *why, size_t n)
{
	if (!user[0])
		return true;
	errno = 0;
	struct passwd *pw = getpwnam(user);
	if (!pw) {
		snprintf(why, n, "user \"%s\": %s", user,
		    errno ? strerror(errno) : "does not exist");
		return false;
	}
	if (pw->pw_uid == geteuid() && geteuid() != 0)
		return true;
	if (initgroups(user, pw->pw_gid) == 0 && setgid(pw->pw_gid) == 0 &&
	    setuid(pw->pw_uid) == 0)
		return true;
	snprintf(why, n, "cannot become user \"%s\": %s", user, strerror(errno));
	return false;
}

/* From here on: whatever the handlers' files say. */
static bool
forkserver_confine(
    struct forkserver *f, const struct msg_config *c, char *why, size_t n)
{
	struct sandbox_plan plan = {
	    .mode = c->sandbox <= SWITCH_OFF ? (enum switch_mode)c->sandbox : SWITCH_ON,
	    .handlers = f->handlers,
	    .ca = f->ca,
	    .files = c->files,
	};

	/* Its paths end in zero bytes. */
	if (c->files.n && c->files.p[c->files.n - 1] != 0)
		plan.files = SPAN_NONE;
	return sandbox_enter(&f->sandbox, &plan, why, n) == 0;
}

static void
forkserver_take_hosts(struct hostrules *rules, struct span list)
{
	struct mp c = mp_over(list);
	uint32_t n = 0;
	struct span text;

	if (list.n && mp_array(&c, &n) != 0)
		n = 0; /* nil: none */
	for (; n && mp_str(&c, &text) == 0; n--) {
		char rule[HOSTRULE_TEXT_BYTES];
		snprintf(rule, sizeof rule, "%.*s", SPAN_FMT(text));
		if (!hostrules_add(rules, rule))
			log_warn("the host \"%s\" is no rule: ignored", rule);
	}
}

static struct http_conf
forkserver_http(struct forkserver *f, const struct msg_config *c)
{
	forkserver_take_hosts(&f->hosts.allow, c->http_allow);
	forkserver_take_hosts(&f->hosts.deny, c->http_deny);
	return (struct http_conf){
	    .policy = f->hosts,
	    .body_bytes = c->http_body_bytes,
	    .held_bytes = c->memory_bytes / 2,
	    .concurrent = (unsigned)c->http_concurrent,
	    .per_task = (unsigned)c->http_per_task,
	    .ca = f->ca,
	};
}

static struct engine *
forkserver_open_engine(struct forkserver *f, const struct msg_config *c)
{
	f->beat_ms = c->beat_ms ? (int64_t)c->beat_ms : 5000;
	struct engine_conf conf = {
	    .handlers = f->handlers,
	    .memory_bytes = c->memory_bytes,
	    .result_bytes = c->result_bytes,
	    .batch_bytes = c->batch_bytes,
	    .log_bytes = c->log_bytes,
	    .timeout_ms = (int64_t)c->timeout_ms,
	    .job_timeout_ms = (int64_t)c->job_timeout_ms,
	    .grace_ms = (int64_t)c->kill_grace_ms / 2,
	    .detached = c->detached <= DETACHED_FAIL ? (enum detached_policy)c->detached
						     : DETACHED_WAIT,
	    .blocking_io = c->blocking_io != 0,
	    .http = forkserver_http(f, c),
	};
	return engine_new(&conf);
}

static int
forkserver_send_handler(struct forkserver *f, const struct handler *h)
{
	struct msg_handler m = {
	    .index = h->index,
	    .kind = h->kind,
	    .name = span_str(h->name),
	    .place = span_str(h->place),
	    .timeout_ms = (uint64_t)h->timeout_ms,
	    .burst_ms = (uint64_t)h->burst_ms,
	    .every_ms = (uint64_t)h->every_ms,
	    .execution = h->execution,
	    .flags = h->flags,
	    .attempts = (uint64_t)h->attempts,
	    .verb = span_str(h->verb),
	    .pattern = span_str(h->pattern),
	    .cron = span_str(h->cron),
	    .zone = span_str(h->zone),
	    .at_ms = (uint64_t)h->at_ms,
	    .start_ms = (uint64_t)h->start_ms,
	    .expire_ms = (uint64_t)h->expire_ms,
	    .missed = (uint64_t)h->missed,
	    .overlap = (uint64_t)h->overlap,
	};

	return forkserver_send(f, MSG_HANDLER, &m);
}

static int
forkserver_send_catalog(struct forkserver *f, size_t files, int64_t began_ns)
{
	const struct catalog *c = &f->engine->catalog;
	int r = 0;

	for (size_t i = 0; i < c->n && r == 0; i++)
		r = forkserver_send_handler(f, c->item[i]);
	for (size_t i = 0; i < c->warning_n && r == 0; i++) {
		struct msg_warning m = {
		    span_str(c->warning[i].place), span_str(c->warning[i].text)};
		r = forkserver_send(f, MSG_WARNING, &m);
	}
	char sandbox[64];

	sandbox_describe(&f->sandbox, sandbox, sizeof sandbox);
	struct msg_loaded m = {
	    .sandbox = span_str(sandbox),
	    .lacks = span_str(f->sandbox.lacks),
	    .handlers = c->n,
	    .files = files,
	    .load_us = (uint64_t)(clock_now_ns() - began_ns) / 1000,
	};
	return r == 0 ? forkserver_send(f, MSG_LOADED, &m) : r;
}

/* The allocator's last word while files are loaded. */
static void
forkserver_on_no_memory(void *arg)
{
	struct forkserver *f = arg;
	struct msg_load_failed m = {span_str(load_current(f->engine)),
	    span_str("NoMemoryError"),
	    span_str("the memory limit (workers.maxMemory) is reached while loading")};

	if (forkserver_send(f, MSG_LOAD_FAILED, &m) != 0)
		log_error("out of memory while loading the handlers");
	_exit(EXIT_CONFIG_);
}

static int
forkserver_load(struct forkserver *f)
{
	int64_t began = clock_now_ns();
	struct load_report report;

	load_report_init(&report);
	f->engine->vm.no_memory = forkserver_on_no_memory;
	f->engine->vm.no_memory_arg = f;
	int r = load_folder(f->engine, &report), status = EXIT_ASKED;
	if (r != 0) {
		struct msg_load_failed m = {span_str(report.place),
		    buf_span(&report.class), buf_span(&report.message)};
		if (forkserver_send(f, MSG_LOAD_FAILED, &m) != 0)
			log_error("%s: %s: %s", report.place, buf_cstr(&report.class),
			    buf_cstr(&report.message));
		status = EXIT_CONFIG_;
	} else if (forkserver_send_catalog(f, report.files, began) != 0) {
		log_error("the catalogue of handlers cannot be sent: exiting");
		status = EXIT_UNAVAILABLE_;
	}
	load_report_fini(&report);
	if (status == EXIT_ASKED && f->engine->names_http)
		(void)http_preload(f->engine); /* else each request says so */
	return status;
}

static int
forkserver_configure(struct forkserver *f)
{
	struct msg m;
	int fd;

	if (forkserver_receive(f, &m, &fd) != 0 || m.number != MSG_CONFIG)
		return EXIT_UNAVAILABLE_;
	fd_close(&fd);
	const struct msg_config *c = &m.config;
	if (c->version != MSG_VERSION) {
		log_error(
		    "the supervisor is of another release (messages %llu, here %d)",
		    (unsigned long long)c->version, MSG_VERSION);
		return EXIT_UNAVAILABLE_;
	}
	char user[64];
	snprintf(user, sizeof user, "%.*s", SPAN_FMT(c->user));
	log_set_level(c->log_level <= LOG_LEVEL_DEBUG ? (enum log_level)c->log_level
						      : LOG_LEVEL_INFO);
	f->app = strndup((const char *)c->app.p, c->app.n);
	log_set_app(f->app);
	f->handlers = strndup((const char *)c->handlers.p, c->handlers.n);
	f->ca = c->http_ca.n ? strndup((const char *)c->http_ca.p, c->http_ca.n) : NULL;
	char why[SANDBOX_TEXT_BYTES + 96];
	if (!forkserver_drop_to(user, why, sizeof why) ||
	    !forkserver_confine(f, c, why, sizeof why)) {
		struct msg_load_failed failed = {
		    SPAN_NONE, span_str("Error"), span_str(why)};
		if (forkserver_send(f, MSG_LOAD_FAILED, &failed) != 0)
			log_error("%s: the handlers are not loaded", why);
		return EXIT_DENIED_;
	}
	f->engine = forkserver_open_engine(f, c);
	return f->engine ? forkserver_load(f) : EXIT_BUG_;
}

/* --- SPAWN --- */

static void
forkserver_send_failed(struct forkserver *f, uint64_t worker, int error)
{
	struct msg_spawn_failed m = {worker, (uint64_t)error};

	if (forkserver_send(f, MSG_SPAWN_FAILED, &m) != 0)
		log_error("worker %llu: cannot be forked: %s",
		    (unsigned long long)worker, strerror(error));
}

/* As long as before: the memory behind it is the environment's. */
static void
forkserver_retitle(char *title, uint64_t worker)
{
	size_t n = strlen(title);
	char text[64];

	int len = snprintf(text, sizeof text, "deferd-worker: worker %llu",
	    (unsigned long long)worker);
	memset(title, 0, n);
	memcpy(title, text, n < (size_t)len ? n : (size_t)len);
}

/* In the middle process: its death hands the worker over to the supervisor, which is a
 * subreaper. */
static void
forkserver_fork_worker(struct forkserver *f, const struct work_order *order)
{
	pid_t pid = fork();

	if (pid == 0) {
		fd_close(&f->sock);
		forkserver_retitle(f->title, order->worker);
		work_run(f->engine, order);
	}
	if (pid < 0) {
		forkserver_send_failed(f, order->worker, errno);
		_exit(1);
	}
	struct msg_spawned m = {order->worker, (uint64_t)pid};
	_exit(forkserver_send(f, MSG_SPAWNED, &m) == 0 ? 0 : 1);
}

static void
forkserver_spawn(struct forkserver *f, const struct msg_spawn *s, int page_fd)
{
	struct work_order order = {.worker = s->worker,
	    .supervisor_pid = (int)s->supervisor_pid,
	    .page_fd = page_fd,
	    .sandbox = &f->sandbox,
	    .beat_ms = f->beat_ms,
	    .token_bytes = s->token.n};

	if (s->token.n > sizeof order.token || s->address.n >= sizeof order.address) {
		forkserver_send_failed(f, s->worker, EINVAL);
		return;
	}
	memcpy(order.token, s->token.p, s->token.n);
	memcpy(order.address, s->address.p, s->address.n);
	pid_t middle = fork();
	if (middle == 0)
		forkserver_fork_worker(f, &order);
	if (middle < 0)
		forkserver_send_failed(f, s->worker, errno);
	while (middle > 0 && waitpid(middle, NULL, 0) < 0 && errno == EINTR)
		;
}

static void
forkserver_fini(struct forkserver *f)
{
	engine_free(f->engine);
	buf_fini(&f->in);
	buf_fini(&f->out);
	log_set_app(NULL);
	free(f->app);
	free(f->handlers);
	free(f->ca);
	hostrules_fini(&f->hosts.allow);
	hostrules_fini(&f->hosts.deny);
	fd_close(&f->sock);
}

int
forkserver_run(int sock, char *title)
{
	struct forkserver f = {.sock = sock, .title = title};
	struct msg m;
	int fd, r;

	buf_init(&f.in, RECORD_BYTES_MAX);
	buf_init(&f.out, RECORD_BYTES_MAX);
	int status = forkserver_configure(&f);
	while (status == EXIT_ASKED) {
		r = forkserver_receive(&f, &m, &fd);
		if (r != 0) {
			status = r == -ERR_CLOSED ? EXIT_ASKED : EXIT_UNAVAILABLE_;
			break;
		}
		if (m.number == MSG_SPAWN)
			forkserver_spawn(&f, &m.spawn, fd);
		fd_close(&fd);
	}
	forkserver_fini(&f);
	return status;
}

/*
 * spawn.c: the forkservers. See spawn.h.
 */
#include "spawn.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "../common/msg.h"
#include "catalogue.h"
#include "core_impl.h"
#include "spawn_exec.h"
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPAWN_RECORD_BYTES (64 * 1024)
#define SPAWN_RETRY_MS 1000
#define SPAWN_DEATHS_ALLOWED 5
#define SPAWN_WINDOW_MS 30000
#define SPAWN_TROUBLE_BYTES 256

struct forkserver {
	struct core *core; /* borrowed, like the app */
	struct app *app;
	pid_t pid; /* 0: none */
	int sock;  /* -1: none */
	struct event *readable;
	enum spawn_state state;
	int64_t started_ms, retry_ms; /* retry_ms 0: no try is planned */
	uint64_t fingerprint;         /* of the handler files that were loaded */
	struct brake brake;
	struct buf in, out;
	char trouble[SPAWN_TROUBLE_BYTES];
	spawn_report_cb *report;
	void *report_arg;
};

struct forkserver *
forkserver_new(struct core *c, struct app *app)
{
	struct forkserver *f = xcalloc(1, sizeof *f);

	f->core = c;
	f->app = app;
	f->sock = -1;
	buf_init(&f->in, SPAWN_RECORD_BYTES);
	buf_init(&f->out, SPAWN_RECORD_BYTES);
	brake_init(&f->brake, SPAWN_DEATHS_ALLOWED, SPAWN_WINDOW_MS, SPAWN_RETRY_MS);
	return f;
}

static void
forkserver_hang_up(struct forkserver *f)
{
	if (f->readable)
		event_free(f->readable);
	f->readable = NULL;
	fd_close(&f->sock);
}

void
forkserver_free(struct forkserver *f)
{
	/* The closed socket ends it; should it hang in a handler file, this does. */
	forkserver_hang_up(f);
	if (f->pid)
		kill(f->pid, SIGKILL);
	buf_fini(&f->in);
	buf_fini(&f->out);
	free(f);
}

static void
forkserver_report(struct forkserver *f, bool warning, const char *text)
{
	if (f->report)
		f->report(f->app, text, warning, f->report_arg);
	else if (warning)
		log_warn("app %s: %s", f->app->conf->id, text);
	else
		log_error("app %s: %s", f->app->conf->id, text);
}

static void
forkserver_set_state(struct forkserver *f, enum spawn_state state)
{
	f->state = state;
	lease_set_can_spawn(&f->core->lease, f->app->index, state == SPAWN_UP);
}

/* Goes down with a reason; tries again when that can help. */
static void
forkserver_fail(struct forkserver *f, enum spawn_state state, const char *why)
{
	struct core *c = f->core;

	snprintf(f->trouble, sizeof f->trouble, "%s", why);
	forkserver_hang_up(f);
	forkserver_set_state(f, state);
	f->retry_ms = state == SPAWN_DOWN
			  ? c->now_ms + 1 + brake_wait_ms(&f->brake, c->now_ms)
			  : 0;
	forkserver_report(f, false, why);
}

/* --- starting --- */

static int
forkserver_send(
    struct forkserver *f, enum msg_number number, const void *fields, int fd)
{
	buf_reset(&f->out);
	int e = msg_pack(&f->out, number, fields);
	return e ? e : fd_send_record(f->sock, buf_span(&f->out), fd);
}

static int
forkserver_send_config(struct forkserver *f)
{
	const struct conf *conf = f->core->conf;
	const struct conf_app *a = f->app->conf;
	struct msg_config m = {
	    .version = MSG_VERSION,
	    .app = span_str(a->id),
	    .handlers = span_str(a->handlers),
	    .memory_bytes = (uint64_t)conf->workers.memory_bytes,
	    .result_bytes = (uint64_t)conf->limits.result_bytes,
	    .batch_bytes = (uint64_t)conf->limits.batch_bytes,
	    .log_bytes = (uint64_t)conf->limits.log_bytes,
	    .beat_ms = (uint64_t)conf->workers.beat_interval_ms,
	    .timeout_ms = (uint64_t)a->timeout_ms,
	    .job_timeout_ms = (uint64_t)a->job_timeout_ms,
	    .kill_grace_ms = (uint64_t)conf->workers.kill_grace_ms,
	    .detached = a->detached,
	    .blocking_io = a->blocking_io,
	    .log_level = log_level(),
	    .user = span_str(a->user),
	};

	return forkserver_send(f, MSG_CONFIG, &m, -1);
}

static void forkserver_readable_cb(evutil_socket_t, short, void *);

int
forkserver_start(struct forkserver *f, spawn_report_cb *report, void *arg)
{
	struct core *c = f->core;
	int pair[2];
	char why[SPAWN_TROUBLE_BYTES];

	ASSERT(f->pid == 0 && f->sock < 0);
	f->report = report;
	f->report_arg = arg;
	f->retry_ms = 0;
	f->started_ms = c->now_ms;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		snprintf(
		    why, sizeof why, "no socket for a forkserver: %s", strerror(errno));
		forkserver_fail(f, SPAWN_DOWN, why);
		return -ERR_SYSTEM;
	}
	f->sock = pair[0];
	fd_nonblock(f->sock);
	int e = spawn_exec(f->app->conf->id, pair[1], &f->pid);
	fd_close(&pair[1]);
	if (e != 0 || forkserver_send_config(f) != 0) {
		snprintf(why, sizeof why, "cannot start the forkserver %s: %s",
		    spawn_exec_program(), strerror(e ? e : errno));
		forkserver_fail(f, SPAWN_DOWN, why);
		return -ERR_SYSTEM;
	}
	f->readable = event_new(
	    c->base, f->sock, EV_READ | EV_PERSIST, forkserver_readable_cb, f);
	ASSERT(f->readable);
	event_add(f->readable, NULL);
	catalogue_begin(f->app);
	forkserver_set_state(f, SPAWN_LOADING);
	return 0;
}

/* --- what it says --- */

static void
forkserver_on_handler(struct forkserver *f, const struct msg *m)
{
	catalogue_add(f->app, &m->handler);
}

static void
forkserver_on_warning(struct forkserver *f, const struct msg *m)
{
	char text[1024];

	snprintf(text, sizeof text, "%.*s: warning: %.*s", SPAN_FMT(m->warning.place),
	    SPAN_FMT(m->warning.text));
	forkserver_report(f, true, text);
}

static void
forkserver_on_loaded(struct forkserver *f, const struct msg *m)
{
	struct core *c = f->core;
	uint64_t fingerprint = catalogue_fingerprint(f->app->conf->handlers);

	/* A forkserver that comes back after a crash must not bring in other code. */
	if (f->fingerprint && f->fingerprint != fingerprint) {
		forkserver_fail(f, SPAWN_FAILED,
		    "the handler files have changed since they were loaded: no new "
		    "workers "
		    "until a reload (HUP) or a restart");
		return;
	}
	f->fingerprint = fingerprint;
	f->trouble[0] = '\0';
	app_end_catalogue(f->app);
	timer_start(c, f->app);
	forkserver_set_state(f, SPAWN_UP);
	log_info("app %s: %llu handlers from %llu files loaded in %.1f ms",
	    f->app->conf->id, (unsigned long long)m->loaded.handlers,
	    (unsigned long long)m->loaded.files, (double)m->loaded.load_us / 1000);
}

static void
forkserver_on_load_failed(struct forkserver *f, const struct msg *m)
{
	const struct msg_load_failed *l = &m->load_failed;
	char why[1024];

	snprintf(why, sizeof why, "%.*s%s%.*s: %.*s", SPAN_FMT(l->place),
	    l->place.n ? ": " : "", SPAN_FMT(l->class), SPAN_FMT(l->message));
	forkserver_fail(f, SPAWN_FAILED, why);
}

static struct seat *
forkserver_seat(struct forkserver *f, uint64_t worker)
{
	for (size_t i = 0; i < f->core->seat_n; i++)
		if (f->core->seat[i]->worker == worker)
			return f->core->seat[i];
	return NULL;
}

static void
forkserver_on_spawned(struct forkserver *f, const struct msg *m)
{
	struct seat *s = forkserver_seat(f, m->spawned.worker);

	if (s && s->pid == 0)
		seat_on_spawned(s, (pid_t)m->spawned.pid);
	else
		log_warn(
		    "app %s: the forkserver names worker %llu, which nobody waits for",
		    f->app->conf->id, (unsigned long long)m->spawned.worker);
}

static void
forkserver_on_spawn_failed(struct forkserver *f, const struct msg *m)
{
	struct seat *s = forkserver_seat(f, m->spawn_failed.worker);

	if (s && s->pid == 0)
		seat_on_spawn_failed(s, (int)m->spawn_failed.error);
}

static void (*const forkserver_table[MSG_NUMBER_END])(
    struct forkserver *, const struct msg *) = {
    [MSG_HANDLER] = forkserver_on_handler,
    [MSG_WARNING] = forkserver_on_warning,
    [MSG_LOADED] = forkserver_on_loaded,
    [MSG_LOAD_FAILED] = forkserver_on_load_failed,
    [MSG_SPAWNED] = forkserver_on_spawned,
    [MSG_SPAWN_FAILED] = forkserver_on_spawn_failed,
};

static int
forkserver_read_one(struct forkserver *f)
{
	struct msg m;
	int fd;

	buf_reset(&f->in);
	int e = fd_recv_record(f->sock, &f->in, &fd);
	fd_close(&fd);
	if (e != 0)
		return e;
	struct mp in = mp_over(buf_span(&f->in));
	e = msg_parse(&in, MSG_FUP, &m);
	if (e != 0 || !mp_at_end(&in)) {
		stats_add(&f->core->stats, STAT_BAD_MESSAGES, 1);
		return e ? e : -ERR_MALFORMED;
	}
	forkserver_table[m.number](f, &m);
	return f->sock < 0 ? -ERR_CLOSED : 0;
}

static void
forkserver_readable_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct forkserver *f = arg;
	int e;

	core_refresh_clock(f->core);
	while ((e = forkserver_read_one(f)) == 0)
		;
	if (e == -ERR_AGAIN || f->sock < 0)
		return;
	if (e == -ERR_CLOSED) { /* its exit tells the rest */
		forkserver_hang_up(f);
		return;
	}
	log_error("app %s: the forkserver sent something unreadable (%s): killing it",
	    f->app->conf->id, err_text(e));
	kill(f->pid, SIGKILL);
}

/* --- asking --- */

enum spawn_state
forkserver_state(const struct forkserver *f)
{
	return f->state;
}

pid_t
forkserver_pid(const struct forkserver *f)
{
	return f->pid;
}

const char *
forkserver_trouble(const struct forkserver *f)
{
	if (f->state == SPAWN_UP)
		return NULL;
	return f->trouble[0] ? f->trouble : "the handlers are being loaded";
}

int
forkserver_spawn(struct forkserver *f, uint64_t worker, const char *address,
    struct span token, int page_fd)
{
	struct msg_spawn m = {
	    .worker = worker,
	    .address = span_str(address),
	    .token = token,
	    .supervisor_pid = (uint64_t)getpid(),
	};

	if (f->state != SPAWN_UP || f->sock < 0)
		return -ERR_STATE;
	return forkserver_send(f, MSG_SPAWN, &m, page_fd);
}

/* Workers that it was asked for and had not named yet will not come. */
static void
forkserver_forget_unborn(struct forkserver *f)
{
	struct core *c = f->core;

	for (size_t i = 0; i < c->seat_n; i++) {
		struct seat *s = c->seat[i];
		if (s->life != LIFE_EMPTY && s->pid == 0 &&
		    s->lease.app == f->app->index)
			seat_on_spawn_failed(s, ECHILD);
	}
}

void
forkserver_on_exit(struct forkserver *f, const char *how)
{
	char why[SPAWN_TROUBLE_BYTES];

	/* What it said before its end comes first. */
	if (f->sock >= 0)
		forkserver_readable_cb(f->sock, 0, f);
	f->pid = 0;
	if (f->state == SPAWN_FAILED) {
		forkserver_hang_up(f);
	} else {
		brake_on_death(&f->brake, f->core->now_ms);
		snprintf(why, sizeof why,
		    "the forkserver %s: its workers live on, a new one is started",
		    how);
		forkserver_fail(f, SPAWN_DOWN, why);
	}
	forkserver_forget_unborn(f);
}

void
forkserver_tick(struct forkserver *f, int64_t now_ms)
{
	int64_t limit_ms = f->core->conf->handlers.load_timeout_ms;

	if (f->state == SPAWN_LOADING && now_ms - f->started_ms > limit_ms) {
		char why[SPAWN_TROUBLE_BYTES];
		snprintf(why, sizeof why,
		    "loading the handlers took longer than handlers.loadTimeout (%lld "
		    "ms)",
		    (long long)limit_ms);
		kill(f->pid, SIGKILL);
		forkserver_fail(f, SPAWN_FAILED, why);
	} else if (f->state == SPAWN_DOWN && f->retry_ms && now_ms >= f->retry_ms &&
		   !f->pid) {
		forkserver_start(f, NULL, NULL);
	}
	/* A spawn that failed took the permission away: it is asked again. */
	if (f->state == SPAWN_UP)
		lease_set_can_spawn(&f->core->lease, f->app->index, true);
}

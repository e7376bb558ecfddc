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
#include "spawn_exec.h"
#include "spawn_impl.h"
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPAWN_RETRY_MS 1000
#define SPAWN_DEATHS_ALLOWED 5
#define SPAWN_WINDOW_MS 30000
#define SPAWN_CATALOGUE_BYTES (64 << 20)

struct forkserver *
forkserver_new(struct core *c, struct app *app, const struct conf *conf,
    const struct conf_app *conf_app, bool held)
{
	struct forkserver *f = xcalloc(1, sizeof *f);

	f->core = c;
	f->app = app;
	f->conf = conf;
	f->conf_app = conf_app;
	f->held = held;
	f->sock = -1;
	buf_init(&f->in, SPAWN_RECORD_BYTES);
	buf_init(&f->out, SPAWN_RECORD_BYTES);
	buf_init(&f->records, SPAWN_CATALOGUE_BYTES);
	brake_init(&f->brake, SPAWN_DEATHS_ALLOWED, SPAWN_WINDOW_MS, SPAWN_RETRY_MS);
	return f;
}

void
forkserver_hang_up(struct forkserver *f)
{
	if (f->readable)
		event_free(f->readable);
	f->readable = NULL;
	fd_close(&f->sock);
}

/* Workers that it was asked for and had not named yet will not come. */
static void
forkserver_forget_unborn(struct forkserver *f)
{
	struct core *c = f->core;

	for (size_t i = 0; i < c->seat_n; i++) {
		struct seat *s = c->seat[i];
		if (s->life != LIFE_EMPTY && s->pid == 0 && s->forkserver == f)
			seat_on_spawn_failed(s, ECHILD);
	}
}

void
forkserver_free(struct forkserver *f)
{
	forkserver_forget_unborn(f);
	/* The closed socket ends it; should it hang in a handler file, this does. */
	forkserver_hang_up(f);
	if (f->pid)
		kill(f->pid, SIGKILL);
	buf_fini(&f->in);
	buf_fini(&f->out);
	buf_fini(&f->records);
	free(f);
}

void
forkserver_report(struct forkserver *f, bool warning, const char *text)
{
	if (f->report)
		f->report(f->app, text, warning, f->report_arg);
	else if (warning)
		log_warn("app %s: %s", f->app->conf->id, text);
	else
		log_error("app %s: %s", f->app->conf->id, text);
}

void
forkserver_set_state(struct forkserver *f, enum spawn_state state)
{
	f->state = state;
	if (!f->held)
		lease_set_can_spawn(&f->core->lease, f->app->index, state == SPAWN_UP);
}

void
forkserver_fail(struct forkserver *f, enum spawn_state state, const char *why)
{
	struct core *c = f->core;

	snprintf(f->trouble, sizeof f->trouble, "%s", why);
	forkserver_hang_up(f);
	forkserver_set_state(f, state);
	f->retry_ms = state == SPAWN_DOWN && !f->held
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

/* The user that the app's handlers run as: its own, else the one that we become, too,
 * once nothing needs root. NULL: nobody becomes anybody. */
static const char *
forkserver_user(const struct forkserver *f)
{
	return f->conf_app->user ? f->conf_app->user : f->conf->user;
}

/* A user that is gone since the config was checked: the forkserver says so. */
static uid_t
forkserver_find_uid(const struct forkserver *f)
{
	const char *user = forkserver_user(f);
	const struct passwd *pw = user && geteuid() == 0 ? getpwnam(user) : NULL;

	return pw ? pw->pw_uid : geteuid();
}

/* What its sandbox must leave open: see sandbox.h. */
static void
forkserver_pack_files(const struct conf_app *a, struct buf *out)
{
	const struct conf_files *files = &a->files;

	buf_init(out, SPAWN_RECORD_BYTES);
	if (a->http.ca) {
		buf_add_byte(out, 'r');
		buf_add(out, a->http.ca, strlen(a->http.ca) + 1);
	}
	for (size_t i = 0; i < files->n; i++) {
		buf_add_byte(out, files->item[i].write ? 'w' : 'r');
		buf_add(out, files->item[i].path, strlen(files->item[i].path) + 1);
	}
}

/* A list of texts, behind what is in b. */
static void
pack_list(struct buf *b, const struct conf_list *list)
{
	msgpack_packer pk = mp_packer(b);

	msgpack_pack_array(&pk, list->n);
	for (size_t i = 0; i < list->n; i++)
		mp_put_cstr(&pk, list->item[i]);
}

static int
forkserver_send_config(struct forkserver *f)
{
	const struct conf *conf = f->conf;
	const struct conf_app *a = f->conf_app;
	struct buf files, hosts;

	forkserver_pack_files(a, &files);
	buf_init(&hosts, 0);
	pack_list(&hosts, &a->http.allow);
	size_t allow_bytes = hosts.n;
	pack_list(&hosts, &a->http.deny);
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
	    .user = span_str(forkserver_user(f)),
	    .sandbox = conf->sandbox,
	    .files = buf_span(&files),
	    .http_allow = span_of(hosts.p, allow_bytes),
	    .http_deny = span_of(hosts.p + allow_bytes, hosts.n - allow_bytes),
	    .http_body_bytes = (uint64_t)a->http.body_bytes,
	    .http_concurrent = (uint64_t)a->http.concurrent,
	    .http_per_task = (uint64_t)a->http.per_task,
	    .http_ca = span_str(a->http.ca),
	};
	int e = forkserver_send(f, MSG_CONFIG, &m, -1);

	buf_fini(&files);
	buf_fini(&hosts);
	return e;
}

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
	f->uid = forkserver_find_uid(f);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		snprintf(
		    why, sizeof why, "no socket for a forkserver: %s", strerror(errno));
		forkserver_fail(f, SPAWN_DOWN, why);
		return -ERR_SYSTEM;
	}
	f->sock = pair[0];
	fd_nonblock(f->sock);
	int e =
	    spawn_exec(f->app->conf->id, pair[1], spawn_log_fd(c->spawn_log), &f->pid);
	fd_close(&pair[1]);
	if (e != 0 || forkserver_send_config(f) != 0) {
		snprintf(why, sizeof why, "cannot start the forkserver %s: %s",
		    spawn_exec_worker(), strerror(e ? e : errno));
		forkserver_fail(f, SPAWN_DOWN, why);
		return -ERR_SYSTEM;
	}
	f->readable = event_new(
	    c->base, f->sock, EV_READ | EV_PERSIST, forkserver_readable_cb, f);
	ASSERT(f->readable);
	event_add(f->readable, NULL);
	buf_reset(&f->records);
	forkserver_set_state(f, SPAWN_LOADING);
	return 0;
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

const struct conf *
forkserver_conf(const struct forkserver *f)
{
	return f->conf;
}

uid_t
forkserver_uid(const struct forkserver *f)
{
	return f->uid;
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
	int64_t limit_ms = f->conf->handlers.load_timeout_ms;

	if (f->state == SPAWN_LOADING && now_ms - f->started_ms > limit_ms) {
		char why[SPAWN_TROUBLE_BYTES];
		snprintf(why, sizeof why,
		    "loading the handlers took longer than handlers.loadTimeout (%lld "
		    "ms)",
		    (long long)limit_ms);
		if (f->pid)
			kill(f->pid, SIGKILL);
		forkserver_fail(f, SPAWN_FAILED, why);
	} else if (f->state == SPAWN_DOWN && f->retry_ms && now_ms >= f->retry_ms &&
		   !f->pid) {
		forkserver_start(f, NULL, NULL);
	}
	/* A spawn that failed took the permission away: it is asked again. So did the
	 * stop, for good. */
	if (f->state == SPAWN_UP && !f->held && f->core->phase != CORE_STOPPING)
		lease_set_can_spawn(&f->core->lease, f->app->index, true);
}

/*
 * spawn_read.c: what a forkserver says: its catalogue, its troubles, its newborn
 * workers.
 */
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "catalogue.h"
#include "spawn_impl.h"
#include "timer.h"
#include <signal.h>
#include <stdio.h>

/* As if the file had raised there: what Ruby cannot check is checked here. */
static bool
forkserver_check_timer(struct forkserver *f, const struct msg_handler *h)
{
	char text[512];
	const char *why;

	if (h->kind != KIND_TIMER || timer_check(h, &why) == 0)
		return true;
	snprintf(text, sizeof text,
	    "%.*s: ArgumentError: Cloud.timer \"%.*s\": zone: \"%.*s\": %s",
	    SPAN_FMT(h->place), SPAN_FMT(h->name), SPAN_FMT(h->zone), why);
	forkserver_fail(f, SPAWN_FAILED, text);
	return false;
}

static void
forkserver_on_handler(struct forkserver *f, const struct msg *m)
{
	if (!forkserver_check_timer(f, &m->handler))
		return;
	if (buf_add_span(&f->records, buf_span(&f->in)) != 0)
		forkserver_fail(
		    f, SPAWN_FAILED, "its catalogue of handlers is too large");
}

void
forkserver_commit(struct forkserver *f)
{
	struct mp in = mp_over(buf_span(&f->records));
	struct msg m;

	f->held = false;
	app_come(f->app, f->conf_app);
	app_begin_catalogue(f->app);
	while (!mp_at_end(&in) && msg_parse(&in, MSG_FUP, &m) == 0)
		catalogue_add(f->app, &m.handler);
	app_end_catalogue(f->app);
	buf_shrink(&f->records, 0);
	timer_start(f->core, f->app);
	forkserver_set_state(f, f->state);
}

static void
forkserver_on_warning(struct forkserver *f, const struct msg *m)
{
	char text[1024];

	snprintf(text, sizeof text, "%.*s: warning: %.*s", SPAN_FMT(m->warning.place),
	    SPAN_FMT(m->warning.text));
	forkserver_report(f, true, text);
}

/* What the machine lacks is told once, not with every reload. */
static void
forkserver_take_sandbox(struct forkserver *f, const struct msg_loaded *m)
{
	struct app *a = f->app;
	char lacks[sizeof a->lacks], text[sizeof a->lacks + 16];

	snprintf(a->sandbox, sizeof a->sandbox, "%.*s", SPAN_FMT(m->sandbox));
	snprintf(lacks, sizeof lacks, "%.*s", SPAN_FMT(m->lacks));
	if (lacks[0] && strcmp(lacks, a->lacks) != 0) {
		snprintf(text, sizeof text, "sandbox: %s", lacks);
		forkserver_report(f, true, text);
	}
	memcpy(a->lacks, lacks, sizeof a->lacks);
}

static void
forkserver_on_loaded(struct forkserver *f, const struct msg *m)
{
	uint64_t fingerprint = catalogue_fingerprint(f->conf_app->handlers);

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
	forkserver_take_sandbox(f, &m->loaded);
	forkserver_set_state(f, SPAWN_UP);
	if (!f->held)
		forkserver_commit(f);
	log_info("app %s: %llu handlers from %llu files loaded in %.1f ms, "
		 "sandbox: %s",
	    f->app->conf->id, (unsigned long long)m->loaded.handlers,
	    (unsigned long long)m->loaded.files, (double)m->loaded.load_us / 1000,
	    f->app->sandbox);
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

void
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

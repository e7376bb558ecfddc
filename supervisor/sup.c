/*
 * sup.c: see sup.h.
 */
#include "sup_impl.h"
#include "http_log.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include <errno.h>
#include <event2/event.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct sup_signal {
	int number;
	void (*act)(struct sup *);
};

/* --- signals --- */

static void
sup_on_term(struct sup *s)
{
	bool again = s->stage != SUP_UP && !s->restarting;

	sup_stop(
	    s, again ? "TERM again" : "TERM", again ? 0 : s->conf->shutdown.grace_ms);
}

static void
sup_on_quit(struct sup *s)
{
	sup_stop(s, "QUIT", -1);
}

static void
sup_on_int(struct sup *s)
{
	sup_stop(s, "INT", 0);
}

static void
sup_on_child(struct sup *s)
{
	core_reap(s->core);
}

static void
sup_on_usr1(struct sup *s UNUSED)
{
	if (log_reopen() == 0 && http_log_reopen() == 0)
		log_info("USR1: log reopened");
	else
		log_error("USR1: the log cannot be opened again: %s: it goes on in the "
			  "old file",
		    strerror(errno));
}

static void
sup_on_usr2(struct sup *s)
{
	sup_restart(s, "USR2");
}

static void
sup_on_hup(struct sup *s)
{
	sup_reload(s, "HUP");
}

static void
sup_scale(struct sup *s, const char *why, int by)
{
	int workers = core_pool_size(s->core) + by;

	int rc = core_scale(s->core, workers);

	if (rc != 0)
		log_warn("%s: a pool of %d workers is %s: it stays as it is", why,
		    workers, err_text(rc));
}

static void
sup_on_ttin(struct sup *s)
{
	sup_scale(s, "TTIN", 1);
}

static void
sup_on_ttou(struct sup *s)
{
	sup_scale(s, "TTOU", -1);
}

static const struct sup_signal sup_signals[] = {
    {SIGTERM, sup_on_term},
    {SIGQUIT, sup_on_quit},
    {SIGINT, sup_on_int},
    {SIGCHLD, sup_on_child},
    {SIGUSR1, sup_on_usr1},
    {SIGUSR2, sup_on_usr2},
    {SIGHUP, sup_on_hup},
    {SIGTTIN, sup_on_ttin},
    {SIGTTOU, sup_on_ttou},
};

static void
sup_signal_cb(evutil_socket_t number, short what UNUSED, void *arg)
{
	for (size_t i = 0; i < COUNT_OF(sup_signals); i++)
		if (sup_signals[i].number == number)
			sup_signals[i].act(arg);
}

/* --- building --- */

/* The changelist: an HTTP request takes its descriptor out of epoll and in again
 * several times; only what is different at the end of a loop turn is told to the
 * kernel. */
static struct event_base *
sup_new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

static bool
sup_open_base(struct sup *s)
{
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	s->base = sup_new_base();
	if (!s->base)
		return false;
	for (size_t i = 0; i < COUNT_OF(sup_signals); i++) {
		s->signal[i] = event_new(s->base, sup_signals[i].number,
		    EV_SIGNAL | EV_PERSIST, sup_signal_cb, s);
		if (!s->signal[i])
			return false;
	}
	s->tick = event_new(s->base, -1, EV_PERSIST, sup_tick_cb, s);
	s->core = core_new(s->base, s->conf);
	return s->tick && s->core;
}

/* From here on a signal is one of ours; before, the defaults end the start, or, after a
 * restart, it has waited. */
static void
sup_take_signals(struct sup *s)
{
	sigset_t none;

	for (size_t i = 0; i < COUNT_OF(sup_signals); i++)
		event_add(s->signal[i], NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
sup_stop_asked(void *arg)
{
	struct sup *s = arg;

	sup_stop(s, "asked through the control socket", s->conf->shutdown.grace_ms);
}

static bool
sup_reload_asked(void *arg)
{
	return sup_reload(arg, "asked through the control socket");
}

static bool
sup_restart_asked(void *arg)
{
	return sup_restart(arg, "asked through the control socket");
}

static bool
sup_open_doors(struct sup *s)
{
	size_t n = 0;

	if (!(s->http = http_new(s->base, s->core, s->handover)))
		return false;
	while (http_url(s->http, n))
		n++;
	s->urls = xcalloc(n + 1, sizeof *s->urls);
	for (size_t i = 0; i < n; i++) {
		s->urls[i] = http_url(s->http, i);
		log_info("listening on %s", s->urls[i]);
	}
	struct control_ops ops = {.stop = sup_stop_asked,
	    .reload = sup_reload_asked,
	    .restart = sup_restart_asked,
	    .reloaded = &s->reload,
	    .restarted = &s->restart,
	    .arg = s,
	    .urls = s->urls};
	s->control = control_new(s->base, s->core, &ops, s->handover);
	handover_fini(s->handover); /* what nobody wants any more */
	return s->control != NULL;
}

/* What only root can make, in /var/lib: it belongs to the user that works with it. */
static bool
sup_give_folder(const struct conf *conf, const struct passwd *pw)
{
	const char *path = conf->store.path;

	if (strcmp(conf->store.engine, "sqlite") != 0 || mkdir(path, 0750) != 0)
		return true; /* opening it says what is wrong */
	return chown(path, pw->pw_uid, pw->pw_gid) == 0;
}

/* The user that deferd becomes once nothing needs root any more. */
static bool
sup_drop_root(const struct conf *conf)
{
	const struct passwd *pw;

	if (!conf->user || geteuid() != 0)
		return true;
	if (!(pw = getpwnam(conf->user)) || !sup_give_folder(conf, pw) ||
	    initgroups(pw->pw_name, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
	    setuid(pw->pw_uid) != 0) {
		log_error("cannot become user %s: not started", conf->user);
		return false;
	}
	return true;
}

static void
sup_close(struct sup *s)
{
	trial_stop(&s->trial);
	if (s->control)
		control_free(s->control);
	if (s->http)
		http_free(s->http);
	if (s->core)
		core_free(s->core);
	conf_free(s->loading);
	conf_free(s->reloaded);
	for (size_t i = 0; i < COUNT_OF(sup_signals); i++)
		if (s->signal[i])
			event_free(s->signal[i]);
	if (s->tick)
		event_free(s->tick);
	notify_free(s->notify);
	if (s->base)
		event_base_free(s->base);
	free(s->urls);
}

static void
sup_tell_ready(struct sup *s, int code, const char *text)
{
	if (s->ready)
		s->ready(code, text, s->ready_arg);
	s->ready = NULL;
	if (code == 0) {
		notify_ready(s->notify);
		notify_status(s->notify, "ready: %zu apps, %zu workers",
		    core_app_count(s->core), core_seat_count(s->core));
	} else if (s->notify) {
		notify_status(s->notify, "%s", text);
	}
}

static void
sup_loop(struct sup *s)
{
	while (s->stage != SUP_OVER) {
		if (event_base_loop(s->base, EVLOOP_ONCE) != 0)
			break;
		core_turn(s->core);
		http_log_flush();
		if (s->ready && !core_not_ready(s->core))
			sup_tell_ready(s, 0, "ready");
	}
}

static int
sup_begin(struct sup *s)
{
	if (!http_has_files(s->conf) || !sup_open_base(s))
		return EXIT_SYSTEM_;
	sup_take_signals(s);
	/* before there is a child to inherit what it takes away */
	s->notify = notify_new(s->base);
	/* it never ceased to be watched */
	if (s->handover->restarted)
		notify_watch(s->notify);
	notify_status(s->notify, "loading the handlers");
	if (!core_load(s->core, NULL, NULL))
		return EXIT_CONFIG_;
	if (!sup_open_doors(s))
		return EXIT_UNAVAILABLE_;
	if (!sup_drop_root(s->conf))
		return EXIT_DENIED_;
	return durable_open(s->core) == 0 ? EXIT_ASKED : EXIT_CANTCREATE_;
}

int
sup_run(const struct sup_start *start)
{
	struct sup s = {.conf = start->conf,
	    .handover = start->handover,
	    .program = start->program,
	    .ready = start->ready,
	    .ready_arg = start->arg};
	int code = sup_begin(&s);

	if (code != EXIT_ASKED) {
		sup_tell_ready(&s, code, "not started: see the log");
		sup_close(&s);
		return code;
	}
	core_run(s.core);
	sup_loop(&s);
	if (s.restarting)
		code = sup_hand_over(&s);
	else
		log_info("stopped");
	sup_close(&s);
	if (code == SUP_RESTART)
		sup_reap_all();
	return code;
}

static void
sup_print_report(
    const struct app *a, const char *text, bool warning UNUSED, void *arg UNUSED)
{
	fprintf(stderr, "%s: %s\n", a->conf->id, text);
}

int
sup_check_handlers(
    const struct conf *conf, void (*visit)(const struct app *, void *arg), void *arg)
{
	struct sup s = {.conf = conf};
	int code = EXIT_SYSTEM_;

	log_set_level(LOG_LEVEL_ERROR);
	if (sup_open_base(&s)) {
		event_add(s.signal[3], NULL);
		code = core_load(s.core, sup_print_report, NULL) ? EXIT_ASKED
								 : EXIT_CONFIG_;
	}
	for (size_t i = 0; code == 0 && visit && i < core_app_count(s.core); i++)
		visit(core_app(s.core, i), arg);
	sup_close(&s);
	return code;
}

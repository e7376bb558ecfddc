/*
 * sup.c: see sup.h.
 *
 * A stop, whatever asked for it: no new connections and tasks; what is there finishes,
 * within a grace or without one; what is left is dropped, logged and counted; the
 * workers say goodbye; exit.
 */
#include "sup_impl.h"
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
#include <unistd.h>

#define SUP_GOODBYE_MS 1000 /* for workers to say BYE before they are killed */
#define SUP_FLUSH_MS 200    /* for the last answers to leave */

struct sup_signal {
	int number;
	void (*act)(struct sup *);
};

/* --- stopping --- */

static void
sup_enter(struct sup *s, enum sup_stage stage)
{
	s->stage = stage;
	s->stage_ms = clock_now_ms();
}

static void
sup_stop(struct sup *s, const char *why, int64_t grace_ms)
{
	if (s->stage >= SUP_FLUSHING)
		return;
	if (s->stage == SUP_UP) {
		log_info("%s: stopping: %zu open tasks", why, core_open_tasks(s->core));
		http_stop_accepting(s->http);
		core_stop(s->core);
		notify_stopping(s->notify, grace_ms);
		notify_status(
		    s->notify, "stopping: %zu open tasks", core_open_tasks(s->core));
		if (events_begin(core_events(s->core), "stop"))
			events_end(core_events(s->core));
		struct timeval every = {0, 10000};
		event_add(s->tick, &every);
		sup_enter(s, SUP_FINISHING);
	}
	s->deadline_ms = grace_ms < 0 ? 0 : clock_now_ms() + grace_ms;
	if (s->deadline_ms == 0 && grace_ms == 0)
		s->deadline_ms = 1;
}

static void
sup_give_up_tasks(struct sup *s)
{
	size_t n = core_drop_tasks(s->core, true);

	if (n > 0)
		log_warn("dropped %zu tasks that had not ended: their callers were "
			 "told, the "
			 "memory store keeps nothing",
		    n);
}

/* One step of the stop; each stage ends by itself or by its time. */
static void
sup_tick_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct sup *s = arg;
	int64_t now_ms = clock_now_ms();
	bool over = s->deadline_ms && now_ms >= s->deadline_ms;

	switch (s->stage) {
	case SUP_UP: break;
	case SUP_FINISHING:
		if (core_open_tasks(s->core) > 0 && !over)
			break;
		sup_give_up_tasks(s);
		core_dismiss_workers(s->core, over);
		sup_enter(s, SUP_FLUSHING);
		break;
	case SUP_FLUSHING:
		if (http_pending(s->http) > 0 && now_ms - s->stage_ms < SUP_FLUSH_MS)
			break;
		sup_enter(s, SUP_GOODBYES);
		break;
	case SUP_GOODBYES:
		if (core_dismiss_workers(
			s->core, now_ms - s->stage_ms > SUP_GOODBYE_MS) > 0)
			break;
		sup_enter(s, SUP_OVER);
		break;
	case SUP_OVER: break;
	}
}

/* --- signals --- */

static void
sup_on_term(struct sup *s)
{
	bool again = s->stage != SUP_UP;

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
	if (log_reopen() == 0)
		log_info("USR1: log reopened");
	else
		log_error("USR1: the log cannot be opened again: %s: it goes on in the "
			  "old file",
		    strerror(errno));
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

/* From here on a signal is one of ours; before, the defaults end the start. */
static void
sup_take_signals(struct sup *s)
{
	for (size_t i = 0; i < COUNT_OF(sup_signals); i++)
		event_add(s->signal[i], NULL);
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
sup_open_doors(struct sup *s)
{
	size_t n = 0;

	if (!(s->http = http_new(s->base, s->core)))
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
	    .reloaded = &s->reload,
	    .arg = s,
	    .urls = s->urls};
	return (s->control = control_new(s->base, s->core, &ops)) != NULL;
}

/* The user that deferd becomes once nothing needs root any more. */
static bool
sup_drop_root(const struct conf *conf)
{
	const struct passwd *pw;

	if (!conf->user || geteuid() != 0)
		return true;
	if (!(pw = getpwnam(conf->user)) || initgroups(pw->pw_name, pw->pw_gid) != 0 ||
	    setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0) {
		log_error("cannot become user %s: not started", conf->user);
		return false;
	}
	return true;
}

static void
sup_close(struct sup *s)
{
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
		if (s->ready && !core_not_ready(s->core))
			sup_tell_ready(s, 0, "ready");
	}
}

int
sup_run(const struct conf *conf, sup_ready_cb *ready, void *arg)
{
	struct sup s = {.conf = conf, .ready = ready, .ready_arg = arg};
	int code = EXIT_ASKED;

	if (!sup_open_base(&s)) {
		code = EXIT_SYSTEM_;
	} else {
		sup_take_signals(&s);
		/* before there is a child to inherit what it takes away */
		s.notify = notify_new(s.base);
		notify_status(s.notify, "loading the handlers");
		if (!core_load(s.core, NULL, NULL))
			code = EXIT_CONFIG_;
		else if (!sup_open_doors(&s))
			code = EXIT_UNAVAILABLE_;
		else if (!sup_drop_root(conf))
			code = EXIT_DENIED_;
	}
	if (code != EXIT_ASKED) {
		sup_tell_ready(&s, code, "not started: see the log");
		sup_close(&s);
		return code;
	}
	core_run(s.core);
	sup_loop(&s);
	log_info("stopped");
	sup_close(&s);
	return code;
}

static void
sup_print_report(
    const struct app *a, const char *text, bool warning UNUSED, void *arg UNUSED)
{
	fprintf(stderr, "%s: %s\n", a->conf->id, text);
}

int
sup_check_handlers(const struct conf *conf)
{
	struct sup s = {.conf = conf};
	int code = EXIT_SYSTEM_;

	log_set_level(LOG_LEVEL_ERROR);
	if (sup_open_base(&s)) {
		event_add(s.signal[3], NULL);
		code = core_load(s.core, sup_print_report, NULL) ? EXIT_ASKED
								 : EXIT_CONFIG_;
	}
	sup_close(&s);
	return code;
}

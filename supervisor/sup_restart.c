/*
 * sup_restart.c: `deferctl restart`: the program is executed anew, in this process, and
 * gets the listening sockets: clients wait in their queues meanwhile.
 *
 * What can go wrong is tried before anything is given up: the program's file, the
 * config and the handlers by a trial, new addresses by listening on them, the log by
 * opening it.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "listen.h"
#include "sup_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTART_TRIAL_MORE_MS 10000 /* over handlers.loadTimeout */
/* A client that keeps its connection and asks at least so often is told to close it,
 * and loses nothing. */
#define RESTART_LAST_CALLS_MS 500
#define RESTART_REAP_MS 1000

static void
restart_refuse(struct sup *s, struct buf *why)
{
	s->restart.count++;
	s->restart.ok = false;
	snprintf(s->restart.text, sizeof s->restart.text, "%s", buf_cstr(why));
	log_error("restart: %s: what runs goes on", s->restart.text);
	sup_stop_tick(s);
}

bool
sup_restart(struct sup *s, const char *why)
{
	struct buf text;

	if (s->stage != SUP_UP || s->loading || s->trial.pid) {
		log_warn("%s: no restart now: %s", why,
		    s->stage != SUP_UP ? "deferd stops"
		    : s->loading       ? "a reload is under way"
				       : "a restart is under way");
		return false;
	}
	log_info("%s: restart: trying %s with %s", why, s->program, s->conf->path);
	buf_init(&text, 0);
	if (trial_start(&s->trial, s->program, s->conf->path,
		s->conf->handlers.load_timeout_ms + RESTART_TRIAL_MORE_MS, &text) == 0)
		sup_start_tick(s);
	else
		restart_refuse(s, &text);
	buf_fini(&text);
	return true;
}

/* --- what the trial cannot try --- */

static void
restart_conf_problem(const char *text, bool notice, void *arg)
{
	struct buf *why = arg;

	if (!notice)
		buf_printf(why, "%s%s", why->n ? "\n" : "", text);
}

/* The next program can only say there that it cannot open it. */
static bool
restart_try_log(const char *target, struct buf *why)
{
	int fd;

	if (!target || target[0] != '/')
		return true;
	fd = open(target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (fd < 0)
		buf_printf(why, "log %s: %s", target, strerror(errno));
	else
		close(fd);
	return fd >= 0;
}

/* The sockets of the next config: ours, and new ones that listen already. */
static bool
restart_gather(struct sup *s, const struct conf *next, struct buf *why)
{
	struct listen_socket *sockets = NULL;

	if (http_hand_over(s->http, s->handover) != 0)
		buf_printf(why, "no descriptors for the sockets: %s", strerror(errno));
	else
		sockets = listen_open(next, s->handover, why);
	handover_fini(s->handover); /* those that are not listened on any more */
	if (!sockets)
		return false;
	for (size_t i = 0; i < next->listen_n; i++) {
		handover_add(s->handover,
		    sockets[i].kept ? HANDOVER_KEPT : HANDOVER_HTTP, sockets[i].fd);
		sockets[i].fd = -1;
	}
	listen_close(sockets, next->listen_n);
	return true;
}

static bool
restart_prepare(struct sup *s, struct buf *why)
{
	struct conf *next = NULL;
	bool good = false;

	if (s->loading)
		buf_add_str(why, "a reload is under way");
	else if ((next = conf_load(s->conf->path, restart_conf_problem, why)))
		good = restart_try_log(next->log.target, why) &&
		       restart_try_log(next->log.access, why) &&
		       restart_gather(s, next, why);
	conf_free(next);
	return good;
}

/* --- going --- */

static void
restart_begin(struct sup *s)
{
	int64_t grace_ms = s->conf->shutdown.grace_ms;

	log_info("restart: %zu open tasks are finished, new clients wait",
	    core_open_tasks(s->core));
	s->restarting = true;
	http_stop_accepting(s->http, false);
	notify_reloading(s->notify);
	notify_status(s->notify, "restarting");
	if (events_begin(core_events(s->core), "restart"))
		events_end(core_events(s->core));
	sup_enter(s, SUP_LAST_CALLS);
	s->deadline_ms = s->stage_ms + grace_ms;
}

static void
restart_poll_trial(struct sup *s)
{
	struct buf why;
	enum trial_result r;

	buf_init(&why, 0);
	r = trial_poll(&s->trial, s->core, &why);
	if (r == TRIAL_GOOD && restart_prepare(s, &why))
		restart_begin(s);
	else if (r != TRIAL_RUNS)
		restart_refuse(s, &why);
	buf_fini(&why);
}

void
sup_restart_turn(struct sup *s, bool over)
{
	if (s->stage == SUP_UP) {
		restart_poll_trial(s);
	} else if (over || http_connections(s->http) == 0 ||
		   clock_now_ms() - s->stage_ms >= RESTART_LAST_CALLS_MS) {
		core_stop(s->core);
		sup_enter(s, SUP_FINISHING);
	}
}

void
sup_restart_cancel(struct sup *s)
{
	trial_stop(&s->trial);
	if (!s->restarting)
		return;
	log_info("no restart: deferd stops instead");
	s->restarting = false;
	handover_fini(s->handover);
}

int
sup_hand_over(struct sup *s)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	notify_put_back(s->notify);
	if (control_hand_over(s->control, s->handover) == 0)
		return SUP_RESTART;
	log_error("restart: no descriptor for the control socket: %s: deferd ends",
	    strerror(errno));
	return EXIT_SYSTEM_;
}

void
sup_reap_all(void)
{
	int64_t until_ms = clock_now_ms() + RESTART_REAP_MS;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && clock_now_ms() < until_ms)
		if (pid == 0)
			usleep(1000);
}

/*
 * seat.c: carries a worker through its life. See seat.h and life.h.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "core_impl.h"
#include "weigh.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define SEAT_DEATHS_ALLOWED 5
#define SEAT_WINDOW_MS 10000
#define SEAT_PAUSE_MS 1000
/* What a worker adds around a result: class names, ids, numbers, a backtrace. */
#define SEAT_MESSAGE_SLACK_BYTES (1 << 20)

#define W(s) ((unsigned long long)(s)->worker)

void
seat_init(struct seat *s, struct core *c)
{
	memset(s, 0, sizeof *s);
	s->core = c;
	brake_init(&s->brake, SEAT_DEATHS_ALLOWED, SEAT_WINDOW_MS, SEAT_PAUSE_MS);
}

/* Everything that belongs to the worker, not to the seat. */
static void
seat_clear(struct seat *s)
{
	link_free(s->link);
	s->link = NULL;
	s->forkserver = NULL;
	page_free(s->page);
	s->page = NULL;
	s->pid = s->peer_pid = 0;
	s->hello = false;
	s->lost_ms = s->shot_ms = 0;
	s->killed = KILL_NONE;
	s->retired = RETIRE_OWN;
	s->first_bytes = 0;
}

void
seat_fini(struct seat *s)
{
	dossier_lines_clear(&s->lines);
	seat_clear(s);
}

enum life_action
seat_step(struct seat *s, enum life_event event)
{
	struct life_step step = life_step(s->life, event);

	if (step.action == LIFE_ODD)
		log_warn("worker %llu: %s while %s: not expected, ignored", W(s),
		    life_event_name(event), life_state_name(s->life));
	s->life = step.next;
	return step.action;
}

/* --- the link's callbacks --- */

static void seat_try_greet(struct seat *s);

static void
seat_link_batch_cb(struct span bytes, void *arg)
{
	dispatch_batch(arg, bytes);
}

static void
seat_link_up_cb(uint64_t pid, uint64_t uid, void *arg)
{
	struct seat *s = arg;

	s->peer_pid = (pid_t)pid;
	s->peer_uid = (uid_t)uid;
	seat_try_greet(s);
}

static void
seat_link_down_cb(void *arg)
{
	struct seat *s = arg;

	/* Most often it is dead and SIGCHLD is on its way: only if that does not come
	 * is it killed, by the watch. */
	if (s->life == LIFE_READY || s->life == LIFE_CLOSING)
		s->lost_ms = s->core->now_ms;
}

static void
seat_link_sent_cb(unsigned tasks, void *arg)
{
	struct seat *s = arg;

	stats_batch(&s->core->stats, STAT_DOWN, tasks);
}

static const struct link_ops seat_link_ops = {
    .batch = seat_link_batch_cb,
    .up = seat_link_up_cb,
    .down = seat_link_down_cb,
    .sent = seat_link_sent_cb,
};

/* --- birth --- */

static int
seat_ask_spawn(struct seat *s, struct forkserver *f)
{
	struct core *c = s->core;
	const struct conf *conf = forkserver_conf(f);
	int fd = -1, e = -ERR_SYSTEM;

	s->link = link_new(c->hub, s->worker,
	    (size_t)(conf->limits.result_bytes + conf->limits.batch_bytes) +
		SEAT_MESSAGE_SLACK_BYTES,
	    (size_t)conf->limits.batch_bytes, &seat_link_ops, s);
	if (s->link && getrandom(s->token, sizeof s->token, 0) == sizeof s->token &&
	    (fd = page_create(&s->page)) >= 0)
		e = forkserver_spawn(f, s->worker, link_address(s->link),
		    span_of(s->token, sizeof s->token), fd);
	fd_close(&fd);
	return e;
}

int
seat_spawn(struct seat *s, struct forkserver *f, int app, bool beside)
{
	struct core *c = s->core;

	ASSERT(s->life == LIFE_EMPTY);
	s->worker = ++c->last_worker;
	s->spawned_ms = c->now_ms;
	s->tasks_done = 0;
	s->heap_bytes = s->fibers = s->symbols = 0;
	s->bye_status = 0;
	dossier_lines_clear(&s->lines);
	s->heart = (struct heart){.alive_ms = c->now_ms};
	s->forkserver = f;
	s->uid = forkserver_uid(f);
	int e = seat_ask_spawn(s, f);
	if (e != 0) {
		seat_clear(s);
		return e;
	}
	if (seat_step(s, LIFE_EV_SPAWN) != LIFE_ASK_SPAWN)
		NEVER("a seat that was empty could not spawn");
	if (beside)
		lease_seat_beside(&c->lease, &s->lease, app);
	else
		lease_seat_starting(&c->lease, &s->lease, app);
	stats_add(&c->stats, STAT_WORKERS_SPAWNED, 1);
	return 0;
}

void
seat_on_spawned(struct seat *s, pid_t pid)
{
	struct reap_exit gone;

	s->pid = pid;
	emit_worker(s->core, s, "spawn", NULL);
	/* An exit before we asked for it was another process with the same pid. */
	bool known = reap_take_unknown(&s->core->reaper, pid, &gone);
	while (known && gone.at_ms < s->spawned_ms)
		known = reap_take_unknown(&s->core->reaper, pid, &gone);
	if (known)
		seat_on_exit(s, &gone);
	else if (s->life == LIFE_KILLED) /* asked for before we knew whom to kill */
		kill(pid, SIGKILL);
	else
		seat_try_greet(s);
}

void
seat_on_spawn_failed(struct seat *s, int error)
{
	struct reap_exit none = {.at_ms = s->core->now_ms};

	if (s->life != LIFE_KILLED) /* then nobody waits for it */
		log_error("worker %llu: could not be forked: %s: trying again soon",
		    W(s), strerror(error));
	seat_on_exit(s, &none);
}

/* The worker is believed when token, version, user, and the pids of the kernel and the
 * forkserver agree. They arrive in any order. */
static void
seat_try_greet(struct seat *s)
{
	if (s->life != LIFE_STARTING || !s->hello || !s->pid || !s->peer_pid)
		return;
	if (s->pid != s->peer_pid || s->peer_uid != s->uid) {
		seat_kill(s, KILL_BAD, "another process, or user, answered for it");
		return;
	}
	if (seat_step(s, LIFE_EV_HELLO) != LIFE_GREET)
		return;
	struct msg_welcome welcome = {.worker = s->worker};
	if (link_put(s->link, MSG_WELCOME, &welcome) != 0) {
		seat_kill(s, KILL_BAD, "no memory for its welcome");
		return;
	}
	heart_heard(&s->heart, s->core->now_ms);
	if (!s->lease.beside)
		lease_seat_ready(&s->core->lease, &s->lease);
	log_debug("worker %llu: ready, pid %d, seat %d, %lld ms after it was asked for",
	    W(s), (int)s->pid, s->lease.index + 1,
	    (long long)(s->core->now_ms - s->spawned_ms));
	emit_worker(s->core, s, "ready", NULL);
	weigh_seat(s);
}

void
seat_on_hello(struct seat *s, const struct msg_hello *m)
{
	if (m->version != MSG_VERSION) {
		seat_kill(s, KILL_BAD, "it is of another version than this program");
		return;
	}
	if (!span_eq(m->token, span_of(s->token, sizeof s->token))) {
		seat_kill(s, KILL_BAD, "its token is wrong");
		return;
	}
	s->hello = true;
	seat_try_greet(s);
}

/* --- going --- */

void
seat_retire(struct seat *s, enum retire_cause cause, const char *reason)
{
	struct msg_retire retire = {.reason = span_str(reason)};
	enum life_action act = seat_step(s, LIFE_EV_RETIRE);

	if (s->retired == RETIRE_OWN)
		s->retired = cause;
	if (act == LIFE_SHOOT) {
		s->killed = KILL_STOP;
		if (s->pid)
			kill(s->pid, SIGKILL);
	}
	if (act == LIFE_ASK_RETIRE && link_put(s->link, MSG_RETIRE, &retire) != 0) {
		seat_kill(s, KILL_BAD, "no memory to ask it to retire");
		return;
	}
	if (act != LIFE_IGNORE && act != LIFE_ODD &&
	    s->lease.state != LEASE_SEAT_CLOSING)
		lease_seat_closing(&s->core->lease, &s->lease, -1);
	log_debug("worker %llu: retires: %s", W(s), reason);
}

void
seat_on_bye(struct seat *s, const struct msg_bye *m)
{
	struct core *c = s->core;
	char why[160];

	if (seat_step(s, LIFE_EV_BYE) != LIFE_LET_GO)
		return;
	s->bye_status = (int)m->status;
	snprintf(why, sizeof why, "worker %llu left: %.*s", W(s), SPAN_FMT(m->reason));
	if (m->status != 0 || s->lease.leased > 0)
		log_warn("%s (status %d): %u tasks of it run again", why, s->bye_status,
		    s->lease.leased);
	if (s->lease.state != LEASE_SEAT_CLOSING)
		lease_seat_closing(&c->lease, &s->lease, -1);
	settle_leftovers(c, s, why);
	struct msg_bye_ack ack;
	if (link_put(s->link, MSG_BYE_ACK, &ack) != 0)
		seat_kill(s, KILL_BAD, "no memory to say goodbye");
	stats_add(&c->stats, STAT_WORKERS_RETIRED_OWN + s->retired, 1);
	emit_worker(c, s, "retire", why);
}

/* --- death --- */

/* Only a worker that finished nothing counts for the brakes. */
static void
seat_brake(struct seat *s)
{
	struct core *c = s->core;

	if (s->tasks_done > 0 || s->killed == KILL_STOP || s->killed == KILL_ASKED)
		return;
	brake_on_death(&s->brake, c->now_ms);
	brake_on_death(&c->brake, c->now_ms);
	int64_t mine = brake_wait_ms(&s->brake, c->now_ms);
	int64_t all = brake_wait_ms(&c->brake, c->now_ms);
	int64_t wait = mine > all ? mine : all;
	if (wait == 0)
		return;
	s->not_before_ms = c->now_ms + wait;
	stats_add(&c->stats, STAT_SPAWNS_DELAYED, 1);
	log_warn("seat %d: workers die here before they finish a task: the next one "
		 "starts in "
		 "%lld ms",
	    s->lease.index + 1, (long long)wait);
}

static enum stat
seat_death_stat(const struct seat *s, const struct reap_exit *x)
{
	if (s->killed != KILL_NONE)
		return STAT_WORKERS_DIED_KILLED;
	return WIFSIGNALED(x->status) ? STAT_WORKERS_DIED_SIGNAL
				      : STAT_WORKERS_DIED_EXIT;
}

static void
seat_bury_dead(struct seat *s, const struct reap_exit *x)
{
	struct core *c = s->core;
	struct page_burst burst = {0};
	struct log_about about = {.worker = s->worker, .names_worker = true};

	if (s->page)
		page_read(s->page, &burst);
	obituary_write(s, x, &burst);
	dossier_open(s, x, &burst);
	if (s->killed != KILL_STOP) {
		stats_add(&c->stats, seat_death_stat(s, x), 1);
		log_about(LOG_LEVEL_WARN, &about, "obituary: %s", s->obituary);
	}
	emit_worker(c, s, "death", s->obituary);
	if (s->lease.state != LEASE_SEAT_CLOSING)
		lease_seat_closing(&c->lease, &s->lease, -1);
	settle_death(c, s, &burst, s->obituary);
	seat_brake(s);
}

void
seat_on_exit(struct seat *s, const struct reap_exit *x)
{
	struct core *c = s->core;

	core_refresh_clock(c);
	if (s->link)
		link_drain(s->link);
	enum life_action act = seat_step(s, LIFE_EV_EXIT);
	if (act == LIFE_BURY_DEAD)
		seat_bury_dead(s, x);
	else if (act == LIFE_BURY_WELL)
		log_debug("worker %llu: gone as agreed, after %llu tasks", W(s),
		    (unsigned long long)s->tasks_done);
	ASSERT(s->lease.leased == 0);
	seat_clear(s);
	/* While braked the seat stays closing: the watch empties it when its time
	 * comes. */
	if (s->not_before_ms <= c->now_ms)
		lease_seat_empty(&c->lease, &s->lease);
}

/*
 * spawn.h: the forkservers, one per app: exec'ed with a socketpair, told to load the
 * handlers, asked for workers.
 */
#ifndef DEFERD_SPAWN_H
#define DEFERD_SPAWN_H

#include "brake.h"
#include "core.h"
#include <sys/types.h>

struct forkserver;
struct seat;

enum spawn_state {
	SPAWN_DOWN,    /* no process */
	SPAWN_LOADING, /* exec'ed; its catalogue is coming */
	SPAWN_UP,      /* forks workers */
	SPAWN_FAILED   /* the handlers do not load; the text says why */
};

/* A sentence about loading ("handlers/a.rb:3: SyntaxError: ..."); warning: it goes on. */
typedef void spawn_report_cb(const struct app *, const char *text, bool warning, void *arg);

/* held: its catalogue waits for forkserver_commit (a reload); else it is in force as soon
 * as it is loaded. All borrowed. */
struct forkserver *forkserver_new(
    struct core *, struct app *, const struct conf *, const struct conf_app *, bool held);
void forkserver_free(struct forkserver *);

/* Execs it and sends CONFIG; the rest comes through the loop. 0 or -ERR_SYSTEM (logged). */
int forkserver_start(struct forkserver *, spawn_report_cb *, void *arg);
enum spawn_state forkserver_state(const struct forkserver *);
/* Asks for a worker; the descriptor of its page rides along and stays the caller's. */
int forkserver_spawn(struct forkserver *, uint64_t worker, const char *address,
    struct span token, int page_fd) MUST_USE;
pid_t forkserver_pid(const struct forkserver *);
const struct conf *forkserver_conf(const struct forkserver *);
/* A held one that is UP takes over: its catalogue and its app's config are in force. */
void forkserver_commit(struct forkserver *);
/* The user that its workers run as. */
uid_t forkserver_uid(const struct forkserver *);
/* Its process has ended. */
void forkserver_on_exit(struct forkserver *, const char *how);
/* The load has taken too long, or it is time for another try. */
void forkserver_tick(struct forkserver *, int64_t now_ms);
/* Why it has no workers to give (static or owned text), or NULL. */
const char *forkserver_trouble(const struct forkserver *);

#endif

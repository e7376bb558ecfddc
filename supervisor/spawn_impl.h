/*
 * spawn_impl.h: a forkserver's own struct, for the two rooms that make it up: spawn.c
 * (starting, asking, ending) and spawn_read.c (what it says).
 */
#ifndef DEFERD_SPAWN_IMPL_H
#define DEFERD_SPAWN_IMPL_H

#include "core_impl.h"
#include <event2/event.h>

#define SPAWN_RECORD_BYTES (64 * 1024)
#define SPAWN_TROUBLE_BYTES 256

struct forkserver {
	struct core *core; /* borrowed, like all of these */
	struct app *app;
	const struct conf *conf; /* what it was started with */
	const struct conf_app *conf_app;
	bool held; /* a reload's: its catalogue is not in force before forkserver_commit */
	pid_t pid; /* 0: none */
	uid_t uid; /* of its workers */
	int sock;  /* -1: none */
	struct event *readable;
	enum spawn_state state;
	int64_t started_ms, retry_ms; /* retry_ms 0: no try is planned */
	uint64_t fingerprint;         /* of the handler files that were loaded */
	struct brake brake;
	struct buf in, out;
	struct buf records; /* its HANDLER messages, until they are in force */
	char trouble[SPAWN_TROUBLE_BYTES];
	spawn_report_cb *report;
	void *report_arg;
};

/* --- spawn.c --- */
void forkserver_report(struct forkserver *, bool warning, const char *text);
void forkserver_set_state(struct forkserver *, enum spawn_state);
/* Goes down with a reason; tries again when that can help. */
void forkserver_fail(struct forkserver *, enum spawn_state, const char *why);
void forkserver_hang_up(struct forkserver *);

/* --- spawn_read.c --- */
/* Takes every record that has come. */
void forkserver_readable_cb(evutil_socket_t, short, void *);

#endif

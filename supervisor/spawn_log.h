/*
 * spawn_log.h: what forkservers and workers write to their stderr, when the log is a file or
 * syslog: it comes through a pipe and goes where the log goes, also after it was reopened.
 */
#ifndef DEFERD_SPAWN_LOG_H
#define DEFERD_SPAWN_LOG_H

struct event_base;
struct spawn_log;

/* NULL: the log is stderr, which they inherit; or no resources (logged): then, too. */
struct spawn_log *spawn_log_new(struct event_base *);
/* Where they are to write; -1: as they are. Non-blocking: a worker never waits for us. */
int spawn_log_fd(const struct spawn_log *);
/* Takes what is still there. NULL is fine. */
void spawn_log_free(struct spawn_log *);

#endif

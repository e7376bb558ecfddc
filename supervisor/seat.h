/*
 * seat.h: a place for a worker in the pool, and the worker in it: its process, page, link
 * and life. What life.h decides is carried out here.
 */
#ifndef DEFERD_SEAT_H
#define DEFERD_SEAT_H

#include "../common/page.h"
#include "brake.h"
#include "core.h"
#include "dossier.h"
#include "heart.h"
#include "lease.h"
#include "life.h"
#include <sys/types.h>

#define SEAT_TOKEN_BYTES 16
#define SEAT_OBITUARY_BYTES 384

struct forkserver;
struct link;
struct msg_bye;
struct msg_hello;
struct reap_exit;

enum kill_cause { KILL_NONE, KILL_BURST, KILL_BEAT, KILL_DEADLINE, KILL_ASKED, KILL_BAD, KILL_STOP };
/* Why a worker was asked to go; RETIRE_OWN: it was not, it goes of its own accord. */
enum retire_cause { RETIRE_OWN, RETIRE_TASKS, RETIRE_MEMORY, RETIRE_SHARE, RETIRE_SCALE, RETIRE_ASKED, RETIRE_RELOAD, RETIRE_STOP };

struct seat {
	struct lease_seat lease; /* first: a lease's seat is a seat */
	struct core *core;	 /* borrowed */
	enum life_state life;
	uint64_t worker; /* its number, never reused; 0: never had one */
	pid_t pid;	 /* 0: not known yet, or none */
	pid_t peer_pid;	 /* who connected, as the kernel says; 0: nobody yet */
	uid_t uid, peer_uid; /* whose it must be, whose it is */
	bool hello;	 /* HELLO with the right token has come */
	uint8_t token[SEAT_TOKEN_BYTES];
	struct forkserver *forkserver; /* that it was asked from; borrowed */
	struct link *link; /* owned; NULL: none */
	struct page *page; /* mapped; NULL: none */
	struct heart heart;
	int64_t spawned_ms;
	uint64_t tasks_done; /* by this worker */
	uint64_t heap_bytes, fibers, symbols; /* of the last beat */
	int64_t first_bytes; /* resident when it was weighed first; 0: it was not */
	int64_t lost_ms; /* since when its pipe is closed; 0: it is not */
	enum kill_cause killed;
	int64_t shot_ms; /* SIGKILL comes then, if it has not ended by itself; 0: not so */
	enum retire_cause retired;
	int bye_status; /* what BYE said */
	struct brake brake;
	int64_t not_before_ms; /* braked: no spawn before */
	struct dossier_lines lines; /* that the worker logged last */
	char obituary[SEAT_OBITUARY_BYTES]; /* of the last death here; "" when none */
};

void seat_init(struct seat *, struct core *);
void seat_fini(struct seat *);

/* Starts a worker of that app from that forkserver; beside: next to the pool, for a reload
 * (see lease_seat_beside). 0, or an error: then nothing has changed. */
int seat_spawn(struct seat *, struct forkserver *, int app, bool beside) MUST_USE;
/* What the forkserver, the kernel and the worker say. */
void seat_on_spawned(struct seat *, pid_t);
void seat_on_spawn_failed(struct seat *, int error);
void seat_on_hello(struct seat *, const struct msg_hello *);
void seat_on_bye(struct seat *, const struct msg_bye *);
void seat_on_exit(struct seat *, const struct reap_exit *);

/* Asks the worker to finish what it has and go. */
void seat_retire(struct seat *, enum retire_cause, const char *reason);
/* SIGKILL, for that cause; why is logged and stands in the obituary. A worker that hangs
 * is first asked where its Ruby is, and gets 100 ms to answer (page.h). */
void seat_kill(struct seat *, enum kill_cause, const char *why);
/* The timer for those 100 ms; arg is the core. */
void seat_shoot_cb(int fd, short what, void *arg);
/* For seat_kill: runs an event through the table of life.h. A log line when it was not
 * expected. */
enum life_action seat_step(struct seat *, enum life_event);

static inline struct seat *
seat_of(struct lease_seat *s)
{
	return (struct seat *)s;
}

#endif

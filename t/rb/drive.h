/* drive.h: see drive.c. */
#ifndef DEFERD_T_DRIVE_H
#define DEFERD_T_DRIVE_H

#include "../../common/trace.h"
#include "../../worker/engine.h"

#define DRIVE_LINES_MAX 64

struct drive {
	struct engine *engine;
	int64_t now_ns;
	char folder[64]; /* temporary; holds a link to the case */
	char link[512];
	char title[512];
	char *want[DRIVE_LINES_MAX]; /* into the case's text */
	size_t want_n;
	struct buf got[DRIVE_LINES_MAX];
	size_t got_n;
	bool started, backtrace, took, trace;
	bool broken; /* a message made no sense */
	uint64_t tasks;
	size_t ended;
	struct {
		struct taskid id;
		int64_t at_ns;
	} cancel[DRIVE_LINES_MAX];
	size_t cancel_n;
	struct page page;
};

char *drive_read(const char *path);
void drive_open(
    struct drive *, const char *path, const char *conf, int64_t (*clock_ns)(void *));
void drive_close(struct drive *);
/* "NAME JSON key=value..." -> RUN */
void drive_start(struct drive *, const char *line);
/* Until nothing is ready and nothing is due. */
void drive_run_all(struct drive *);
/* Takes what is in the outbox as lines into got. */
void drive_take_output(struct drive *);
/* msgpack as JSON */
void drive_json(struct buf *, struct span);
/* Prints an ENQUEUE and answers it. */
void drive_enqueued(struct drive *, struct buf *, const struct msg_enqueue *);
/* The same for a STEP. */
void drive_stepped(struct drive *, struct buf *, const struct msg_step *);

#endif

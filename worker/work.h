/*
 * work.h: the worker process: one engine, one link, one loop. It begins in a fork of the
 * forkserver and never returns.
 */
#ifndef DEFERD_WORK_H
#define DEFERD_WORK_H

#include "engine.h"
#include "sandbox.h"

struct work_order {
	uint64_t worker;
	char address[128];
	uint8_t token[64];
	size_t token_bytes;
	int supervisor_pid;
	int page_fd; /* of the shared page; or -1 */
	int64_t beat_ms;
	const struct sandbox *sandbox; /* that the forkserver is in */
};

void work_run(struct engine *, const struct work_order *) NORETURN;

#endif

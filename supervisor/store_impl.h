/*
 * store_impl.h: the store's own struct, for store.c (the loop's side) and
 * store_thread.c.
 *
 * Changes travel in a sheaf: one run of bytes, each change a head and its value behind
 * it. Two sheaves: the loop fills one while the thread commits the other.
 */
#ifndef DEFERD_STORE_IMPL_H
#define DEFERD_STORE_IMPL_H

#include "store_engine.h"
#include <pthread.h>

#define STORE_MAGIC 0x5703e001u
#define STORE_FATES 64 /* more than two only when nobody collects */

struct store_head {
	uint64_t key;
	uint64_t ticket;
	uint32_t bytes;
	uint8_t shelf;
	uint8_t remove; /* a store_del */
	uint8_t accept;
};

struct store_fate {
	uint64_t through;
	bool ok;
};

struct store {
	unsigned magic;
	const struct store_engine *engine;
	void *handle;
	pthread_t thread;
	bool running; /* the thread was started */
	int event_fd;
	uint64_t last_key;    /* the loop's */
	uint64_t last_ticket; /* the loop's */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;  /* for the thread */
	pthread_cond_t over;  /* for store_close */
	bool sleeping, closing, gone;
	struct buf open;         /* the sheaf being filled */
	uint64_t open_key;       /* last_key when it was last touched */
	uint64_t open_accepts;   /* clients that wait for it */
	uint64_t expected;       /* so many may come, as the last commit had them */
	int64_t gather_until_ns; /* so long the next one waits for them */
	bool gathering;
	struct store_fate fate[STORE_FATES];
	size_t fate_n;
	struct store_view view;

	struct buf sheaf; /* the thread's: being committed, or kept after a failure */
	uint64_t sheaf_key, sheaf_accepts;
};

/* The thread: commits sheaves until it is told to close, or cannot go on. */
void *store_run(void *store);
/* CLOCK_MONOTONIC in so many ms, for a timed wait. */
struct timespec store_in_ms(int64_t ms);

#endif

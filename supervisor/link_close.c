#include "link_close.h"
#include "../common/check.h"
#include "../common/clock.h"
#include <nng/nng.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct closing {
	struct link_closer *closer;
	nng_socket socket;
	void *memory;
};

static void *
link_close_run(void *arg)
{
	struct closing *c = arg;
	struct link_closer *closer = c->closer;

	nng_close(c->socket);
	free(c->memory);
	free(c);
	atomic_fetch_sub(&closer->closing, 1);
	return NULL;
}

void
link_closer_close(struct link_closer *closer, uint32_t socket, void *memory)
{
	struct closing *c = xcalloc(1, sizeof *c);
	pthread_attr_t detached;
	sigset_t all, before;
	pthread_t thread;
	int e;

	*c = (struct closing){closer, {.id = socket}, memory};
	atomic_fetch_add(&closer->closing, 1);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&thread, &detached, link_close_run, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
	if (e != 0)
		link_close_run(c);
}

bool
link_closer_wait(struct link_closer *closer, int64_t wait_ms)
{
	int64_t until_ms = clock_now_ms() + wait_ms;

	while (atomic_load(&closer->closing) > 0 && clock_now_ms() < until_ms)
		usleep(1000);
	return atomic_load(&closer->closing) == 0;
}

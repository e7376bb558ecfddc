/*
 * store.c: the loop's side of the store.
 */
#include "store.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "store_impl.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const char *const store_shelf_names[] = {
#define X(sym, number, name, what) [number] = name,
    STORE_SHELF_TABLE(X)
#undef X
};

const char *
store_shelf_name(enum store_shelf s)
{
	return s < STORE_SHELF_COUNT ? store_shelf_names[s] : "?";
}

const char *
store_state_name(enum store_state s)
{
	static const char *const names[] = {"ok", "full", "stopped"};

	return names[s];
}

/* --- opening --- */

int
store_open(struct store **out, const struct store_engine *engine, const char *path,
    struct store_report *report)
{
	struct store *s = xcalloc(1, sizeof *s);
	pthread_condattr_t clock;
	int e;

	memset(report, 0, sizeof *report);
	s->magic = STORE_MAGIC;
	s->engine = engine;
	s->view.engine = engine->name;
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e = s->event_fd < 0 ? -ERR_SYSTEM
			    : engine->open(path, &s->handle, &s->last_key, report);
	if (e != 0) {
		if (s->event_fd >= 0)
			close(s->event_fd);
		free(s);
		return e;
	}
	buf_init(&s->open, 0);
	buf_init(&s->sheaf, 0);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &clock);
	pthread_cond_init(&s->over, &clock);
	pthread_condattr_destroy(&clock);
	*out = s;
	return 0;
}

int
store_load(
    struct store *s, store_visit_cb *visit, void *arg, struct store_report *report)
{
	ASSERT(!s->running);
	return s->engine->load(s->handle, visit, arg, report);
}

int
store_start(struct store *s)
{
	sigset_t all, before;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&s->thread, NULL, store_run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->running = e == 0;
	errno = e;
	return e == 0 ? 0 : -ERR_SYSTEM;
}

/* False: it did not end in time, and goes on with a disk that hangs. */
static bool
store_await_end(struct store *s, int64_t wait_ms)
{
	struct timespec until = store_in_ms(wait_ms);
	bool gone;

	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_signal(&s->wake);
	while (!s->gone && pthread_cond_timedwait(&s->over, &s->lock, &until) == 0)
		;
	gone = s->gone;
	pthread_mutex_unlock(&s->lock);
	if (gone)
		pthread_join(s->thread, NULL);
	return gone;
}

bool
store_close(struct store *s, int64_t wait_ms)
{
	bool all;

	if (!s)
		return true;
	CHECK(s, STORE_MAGIC);
	/* A thread that hangs in the disk still holds everything: it is left behind,
	 * the process is about to end. */
	if (s->running && !store_await_end(s, wait_ms))
		return false;
	all = s->open.n == 0 && s->sheaf.n == 0 && s->view.state != STORE_STOPPED;
	s->engine->close(s->handle, s->view.state == STORE_STOPPED);
	close(s->event_fd);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->over);
	pthread_mutex_destroy(&s->lock);
	buf_fini(&s->open);
	buf_fini(&s->sheaf);
	s->magic = 0;
	free(s);
	return all;
}

/* --- the loop's side --- */

uint64_t
store_new_key(struct store *s)
{
	return ++s->last_key;
}

static uint64_t
store_add(struct store *s, struct store_head *h, struct span value)
{
	uint64_t ticket = 0;
	uint8_t *to;

	pthread_mutex_lock(&s->lock);
	to = s->view.state == STORE_STOPPED ? NULL
					    : buf_room(&s->open, sizeof *h + value.n);
	if (to) {
		h->ticket = ticket = ++s->last_ticket;
		memcpy(to, h, sizeof *h);
		if (value.n > 0)
			memcpy(to + sizeof *h, value.p, value.n);
		buf_grew(&s->open, sizeof *h + value.n);
		s->open_key = s->last_key;
		s->open_accepts += h->accept;
	}
	pthread_mutex_unlock(&s->lock);
	return ticket;
}

uint64_t
store_put(struct store *s, enum store_shelf shelf, uint64_t key, struct span value,
    bool accept)
{
	struct store_head h = {.key = key,
	    .bytes = (uint32_t)value.n,
	    .shelf = (uint8_t)shelf,
	    .accept = accept};

	ASSERT(key > 0 && key <= s->last_key && value.n <= UINT32_MAX);
	return store_add(s, &h, value);
}

uint64_t
store_del(struct store *s, enum store_shelf shelf, uint64_t key)
{
	struct store_head h = {.key = key, .shelf = (uint8_t)shelf, .remove = 1};

	return store_add(s, &h, SPAN_NONE);
}

void
store_kick(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->sleeping && s->open.n > 0 &&
	    (!s->gathering || s->open_accepts >= s->expected))
		pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

int
store_event_fd(const struct store *s)
{
	return s->event_fd;
}

bool
store_collect(struct store *s, uint64_t *through, bool *ok)
{
	uint64_t count;
	bool some;

	pthread_mutex_lock(&s->lock);
	some = s->fate_n > 0;
	if (some) {
		*through = s->fate[0].through;
		*ok = s->fate[0].ok;
		memmove(s->fate, s->fate + 1, --s->fate_n * sizeof s->fate[0]);
	} else if (read(s->event_fd, &count, sizeof count) < 0) {
		/* EAGAIN: it was empty. */
	}
	pthread_mutex_unlock(&s->lock);
	return some;
}

enum store_state
store_state(const struct store *s)
{
	struct store *mutable = (struct store *)s;
	enum store_state state;

	pthread_mutex_lock(&mutable->lock);
	state = s->view.state;
	pthread_mutex_unlock(&mutable->lock);
	return state;
}

void
store_view(struct store *s, struct store_view *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->view;
	out->waiting_bytes += s->open.n;
	pthread_mutex_unlock(&s->lock);
}

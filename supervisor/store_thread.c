/*
 * store_thread.c: the store's thread: takes the sheaf that the loop filled, commits it,
 * says which tickets are safe. After a failure it keeps the changes and lets the
 * accepts go.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "store_impl.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define STORE_RETRY_MS 500
#define STORE_IDLE_MS 200
#define STORE_GATHER_NS_MAX 10000000
#define STORE_SHEAF_KEEP_BYTES (4 << 20)

static struct timespec
store_in_ns(int64_t ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ns / 1000000000;
	t.tv_nsec += ns % 1000000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

struct timespec
store_in_ms(int64_t ms)
{
	return store_in_ns(ms * 1000000);
}

static bool
store_next_head(const struct buf *sheaf, size_t *at, struct store_head *h)
{
	if (*at >= sheaf->n)
		return false;
	memcpy(h, sheaf->p + *at, sizeof *h);
	*at += sizeof *h;
	return true;
}

/* One transaction of the whole sheaf. 0 or what the engine said. */
static int
store_commit(struct store *s, uint64_t *records)
{
	struct store_head h;
	size_t at = 0;
	int e = s->engine->begin(s->handle);

	while (e == 0 && store_next_head(&s->sheaf, &at, &h)) {
		e = h.remove ? s->engine->del(s->handle, h.shelf, h.key)
			     : s->engine->put(s->handle, h.shelf, h.key,
				   span_of(s->sheaf.p + at, h.bytes));
		at += h.bytes;
		(*records)++;
	}
	if (e == 0)
		e = s->engine->commit(s->handle, s->sheaf_key);
	if (e != 0)
		s->engine->rollback(s->handle);
	return e;
}

/* Leaves the accepts out; returns the highest ticket that was in it. */
static uint64_t
store_keep_changes(struct buf *sheaf)
{
	struct store_head h;
	size_t at = 0, to = 0;
	uint64_t last = 0;

	while (store_next_head(sheaf, &at, &h)) {
		size_t whole = sizeof h + h.bytes;
		last = h.ticket;
		if (!h.accept) {
			memmove(sheaf->p + to, sheaf->p + at - sizeof h, whole);
			to += whole;
		}
		at += h.bytes;
	}
	sheaf->n = to;
	return last;
}

static uint64_t
store_last_ticket(const struct buf *sheaf)
{
	struct store_head h;
	size_t at = 0;
	uint64_t last = 0;

	while (store_next_head(sheaf, &at, &h)) {
		last = h.ticket;
		at += h.bytes;
	}
	return last;
}

/* Under the lock. */
static void
store_tell(struct store *s, uint64_t through, bool ok)
{
	uint64_t one = 1;

	if (through == 0)
		return;
	if (s->fate_n > 0 && s->fate[s->fate_n - 1].ok == ok) {
		s->fate[s->fate_n - 1].through = through;
	} else if (s->fate_n == STORE_FATES) {
		/* Nobody collects: from here on all of it counts as refused. */
		s->fate[s->fate_n - 1] = (struct store_fate){through, false};
	} else {
		s->fate[s->fate_n++] = (struct store_fate){through, ok};
	}
	if (write(s->event_fd, &one, sizeof one) < 0) {
		/* EAGAIN: it is readable anyway. */
	}
}

static bool
store_is_final(int e)
{
	return e == -ERR_SYNC || e == -ERR_MALFORMED;
}

static void
store_after_failure(struct store *s, int e)
{
	bool final = store_is_final(e);
	uint64_t through = store_keep_changes(&s->sheaf);

	pthread_mutex_lock(&s->lock);
	s->view.failures++;
	s->sheaf_accepts = s->expected = 0;
	s->view.waiting_bytes = final ? 0 : s->sheaf.n;
	s->view.state = final ? STORE_STOPPED : STORE_FULL;
	snprintf(s->view.why, sizeof s->view.why, "%s", s->engine->why(s->handle));
	store_tell(s, through, false);
	if (final) {
		buf_reset(&s->sheaf);
		through = store_last_ticket(&s->open);
		buf_shrink(&s->open, 0);
		store_tell(s, through, false);
	}
	pthread_mutex_unlock(&s->lock);
}

static void
store_after_commit(struct store *s, uint64_t records, int64_t took_us)
{
	uint64_t file, log, through = store_last_ticket(&s->sheaf);
	int64_t gather_ns = took_us * 1000 / 4;

	if (gather_ns > STORE_GATHER_NS_MAX)
		gather_ns = STORE_GATHER_NS_MAX;
	s->engine->sizes(s->handle, &file, &log);
	pthread_mutex_lock(&s->lock);
	s->view.state = STORE_OK;
	s->view.why[0] = 0;
	s->view.commits++;
	s->view.records += records;
	s->view.commit_us_sum += (uint64_t)took_us;
	if ((uint64_t)took_us > s->view.commit_us_max)
		s->view.commit_us_max = (uint64_t)took_us;
	s->view.file_bytes = file;
	s->view.log_bytes = log;
	s->expected = s->sheaf_accepts + s->open_accepts;
	s->sheaf_accepts = 0;
	s->gather_until_ns = clock_now_ns() + gather_ns;
	s->view.waiting_bytes = 0;
	store_tell(s, through, true);
	pthread_mutex_unlock(&s->lock);
	buf_shrink(&s->sheaf, STORE_SHEAF_KEEP_BYTES);
	buf_reset(&s->sheaf);
}

/* An empty sheaf is committed too: so a full store finds out that there is space again.
 */
static bool
store_write_sheaf(struct store *s)
{
	uint64_t records = 0;
	int64_t began_us = clock_now_ns() / 1000;
	int e = store_commit(s, &records);

	if (e != 0)
		store_after_failure(s, e);
	else
		store_after_commit(s, records, clock_now_ns() / 1000 - began_us);
	return e == 0;
}

/* House-keeping. True: there is more of it. One that fails for want of space is tried
 * again. */
static bool
store_keep_house(struct store *s)
{
	uint64_t file, log;
	int e = s->engine->idle(s->handle);

	if (e < 0) {
		if (store_is_final(e))
			store_after_failure(s, e);
		return false;
	}
	s->engine->sizes(s->handle, &file, &log);
	pthread_mutex_lock(&s->lock);
	s->view.file_bytes = file;
	s->view.log_bytes = log;
	pthread_mutex_unlock(&s->lock);
	return e > 0;
}

/* Under the lock. The clients that the last commit answered are about to come back:
 * whoever of them just misses a commit that begins at once waits for two of them, and
 * two groups then take turns, each half as large as it could be. So those are waited
 * for, for a part of what a commit takes. */
static void
store_gather(struct store *s)
{
	int64_t now;

	s->gathering = s->sleeping = true;
	while (!s->closing && s->open_accepts < s->expected &&
	       (now = clock_now_ns()) < s->gather_until_ns) {
		struct timespec until = store_in_ns(s->gather_until_ns - now);
		pthread_cond_timedwait(&s->wake, &s->lock, &until);
	}
	s->gathering = s->sleeping = false;
}

/* Under the lock: waits until there is something to do; false: close. *idle: nothing
 * came for a while. */
static bool
store_await(struct store *s, bool busy_idle, bool *idle)
{
	bool full = s->view.state == STORE_FULL;
	struct timespec until = store_in_ms(full        ? STORE_RETRY_MS
					    : busy_idle ? 0
							: STORE_IDLE_MS);
	bool timed = full || busy_idle || s->view.log_bytes > 0;
	int e = 0;

	*idle = false;
	s->sleeping = true;
	while (!s->closing && (full || s->open.n == 0) && e == 0)
		e = timed ? pthread_cond_timedwait(&s->wake, &s->lock, &until)
			  : pthread_cond_wait(&s->wake, &s->lock);
	s->sleeping = false;
	*idle = e == ETIMEDOUT && s->open.n == 0 && !full;
	if (s->open.n > 0 && !full)
		store_gather(s);
	return !s->closing || s->open.n > 0 || s->sheaf.n > 0;
}

/* Under the lock: what was put joins what is left of the last sheaf. */
static void
store_take_open(struct store *s)
{
	struct buf empty = s->sheaf;

	if (s->sheaf.n == 0) {
		s->sheaf = s->open;
		s->open = empty;
	} else if (buf_add_span(&s->sheaf, buf_span(&s->open)) == 0) {
		buf_reset(&s->open);
	}
	s->sheaf_key = s->open_key;
	s->sheaf_accepts += s->open_accepts;
	s->open_accepts = 0;
	s->view.waiting_bytes = s->sheaf.n;
}

void *
store_run(void *arg)
{
	struct store *s = arg;
	bool more = false, idle, go;

	CHECK(s, STORE_MAGIC);
	for (;;) {
		pthread_mutex_lock(&s->lock);
		go = s->view.state != STORE_STOPPED && store_await(s, more, &idle);
		if (go && !idle)
			store_take_open(s);
		pthread_mutex_unlock(&s->lock);
		if (!go)
			break;
		more = false;
		if (idle)
			more = store_keep_house(s);
		else if (!store_write_sheaf(s) && s->closing)
			break;
	}
	pthread_mutex_lock(&s->lock);
	s->gone = true;
	pthread_cond_signal(&s->over);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* http_multi.c: libcurl's sockets and timer as events, and who may begin when. */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "http_impl.h"
#include <event2/event.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define HTTP_MAGIC 0x68747470u
#define RESOLVER_STACK_BYTES (256 * 1024)
#define BODY_BYTES (10 << 20)
#define CONCURRENT 64
#define PER_TASK 16

/* Runs libcurl, which may start a thread that resolves a name: no signal is for it. */
static void
multi_act(struct http *h, curl_socket_t fd, int mask)
{
	sigset_t all, old;
	int running;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	h->lib.multi_socket_action(h->multi, fd, mask, &running);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
multi_begin(struct http *h, struct transfer *t)
{
	TAILQ_REMOVE(&h->waiting, t, place);
	t->listed = false;
	t->easy = h->idle_n ? h->idle[--h->idle_n] : h->lib.easy_init();
	if (!t->easy || !transfer_prepare(t) ||
	    h->lib.multi_add_handle(h->multi, t->easy) != CURLM_OK) {
		transfer_fail(t, HTTP_UNAVAILABLE, "out of memory");
		http_settle(t);
		return;
	}
	TAILQ_INSERT_TAIL(&h->active, t, place);
	t->listed = true;
	h->active_n++;
}

static bool
multi_has_room(const struct http *h, const struct transfer *t)
{
	const struct task *task = t->pend->scope->task;
	const struct transfer *other;
	unsigned n = 0;

	TAILQ_FOREACH (other, &h->active, place)
		n += other->pend->scope->task == task;
	return n < h->conf.per_task;
}

/* Not from within Ruby. */
static void
multi_pump(struct http *h)
{
	struct transfer *t, *next;

	for (t = TAILQ_FIRST(&h->waiting); t && h->active_n < h->conf.concurrent;
	     t = next) {
		next = TAILQ_NEXT(t, place);
		if (multi_has_room(h, t))
			multi_begin(h, t);
	}
}

void
http_enter(struct http *h, struct transfer *t)
{
	TAILQ_INSERT_TAIL(&h->waiting, t, place);
	t->listed = true;
	event_active(h->pump, EV_TIMEOUT, 0);
}

static void
multi_give_back(struct http *h, CURL *easy)
{
	h->lib.easy_reset(easy);
	if (h->idle_n < HTTP_IDLE_MAX)
		h->idle[h->idle_n++] = easy;
	else
		h->lib.easy_cleanup(easy);
}

void
http_leave(struct transfer *t)
{
	struct http *h = t->http;

	if (t->easy) {
		h->lib.multi_remove_handle(h->multi, t->easy);
		multi_give_back(h, t->easy);
		t->easy = NULL;
		if (t->listed) {
			TAILQ_REMOVE(&h->active, t, place);
			h->active_n--;
			event_active(h->pump, EV_TIMEOUT, 0);
		}
	} else if (t->listed) {
		TAILQ_REMOVE(&h->waiting, t, place);
	}
	t->listed = false;
}

/* A redirect goes on in its own place; what is to be read first keeps its handle. */
static void
multi_ended(struct http *h, struct transfer *t, CURLcode result)
{
	if (transfer_ended(t, result)) {
		h->lib.multi_remove_handle(h->multi, t->easy);
		h->lib.easy_reset(t->easy);
		if (transfer_prepare(t) &&
		    h->lib.multi_add_handle(h->multi, t->easy) == CURLM_OK)
			return;
		transfer_fail(t, HTTP_UNAVAILABLE, "out of memory");
	}
	if (t->reading && t->fault == HTTP_FINE) {
		t->done = true;
		http_leave(t);
	} else {
		http_settle(t);
	}
}

static void
multi_collect(struct http *h)
{
	CURLMsg *m;
	int left;

	while ((m = h->lib.multi_info_read(h->multi, &left))) {
		struct transfer *t = NULL;
		CURLcode result = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		h->lib.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		multi_ended(h, t, result);
	}
}

/* --- events --- */

static void
multi_on_pump(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	multi_pump(arg);
}

static void
multi_on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	int mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
		   (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	multi_act(h, fd, mask);
	multi_collect(h);
}

static void
multi_on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http *h = arg;

	multi_act(h, CURL_SOCKET_TIMEOUT, 0);
	multi_collect(h);
}

static int
multi_set_socket(CURL *easy UNUSED, curl_socket_t fd, int what, void *arg, void *ev)
{
	struct http *h = arg;
	struct event *event = ev;
	short wanted = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

	if (event)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		event = event_new(h->base, fd, wanted, multi_on_socket, h);
		ASSERT(event != NULL && event_add(event, NULL) == 0);
	}
	h->lib.multi_assign(h->multi, fd, event);
	return 0;
}

static int
multi_set_timer(CURLM *multi UNUSED, long ms, void *arg)
{
	struct http *h = arg;
	struct timeval tv = {ms / MS_PER_S, ms % MS_PER_S * 1000};

	if (ms < 0)
		event_del(h->timer);
	else
		event_add(h->timer, &tv);
	return 0;
}

/* --- opening and closing --- */

struct http *
http_of(struct engine *e)
{
	struct http *h = e->http;

	if (h)
		return h;
	e->http = h = xcalloc(1, sizeof *h);
	h->magic = HTTP_MAGIC;
	h->engine = e;
	h->conf = e->conf.http;
	if (!h->conf.body_bytes)
		h->conf.body_bytes = BODY_BYTES;
	if (!h->conf.concurrent)
		h->conf.concurrent = CONCURRENT;
	if (!h->conf.per_task)
		h->conf.per_task = PER_TASK;
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->active);
	return h;
}

bool
http_preload(struct engine *e)
{
	return http_lib_open(&http_of(e)->lib) == 0;
}

void
http_set_loop(struct engine *e, struct event_base *base)
{
	http_of(e)->base = base;
}

/* The threads that resolve names count against RLIMIT_AS with their whole stacks, and
 * with 64 MB each for a heap of their own: after two of them no more could be started
 * (measured). They share those that are there. */
static void
http_small_threads(void)
{
	pthread_attr_t attr;

	mallopt(M_ARENA_MAX, 1);
	if (pthread_attr_init(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, RESOLVER_STACK_BYTES) != 0 ||
	    pthread_setattr_default_np(&attr) != 0)
		log_warn("the stacks of resolver threads keep their size");
	pthread_attr_destroy(&attr);
}

const char *
http_open(struct http *h)
{
	CHECK(h, HTTP_MAGIC);
	if (h->multi)
		return NULL;
	if (!h->base)
		return "this process has no event loop";
	if (http_lib_open(&h->lib) != 0)
		return "libcurl cannot be opened: the log says why";
	if (h->lib.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !(h->timer = event_new(h->base, -1, 0, multi_on_timer, h)) ||
	    !(h->pump = event_new(h->base, -1, 0, multi_on_pump, h)) ||
	    !(h->multi = h->lib.multi_init()))
		return "libcurl cannot be initialised";
	http_small_threads();
	h->lib.multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, multi_set_socket);
	h->lib.multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	h->lib.multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, multi_set_timer);
	h->lib.multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	h->lib.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->conf.concurrent);
	return NULL;
}

void
http_close(struct engine *e)
{
	struct http *h = e->http;

	if (!h)
		return;
	CHECK(h, HTTP_MAGIC);
	ASSERT(TAILQ_EMPTY(&h->active) && TAILQ_EMPTY(&h->waiting));
	while (h->idle_n)
		h->lib.easy_cleanup(h->idle[--h->idle_n]);
	if (h->multi)
		h->lib.multi_cleanup(h->multi);
	if (h->timer)
		event_free(h->timer);
	if (h->pump)
		event_free(h->pump);
	/* the library stays: threads of it may still run */
	h->magic = 0;
	free(h);
	e->http = NULL;
}

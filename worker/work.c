/* work.c: see work.h. */
#include "work.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "beat.h"
#include "capture.h"
#include "lastword.h"
#include "link.h"
#include "memory.h"
#include <config.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define TURN_BUDGET_NS (10 * NS_PER_MS)
#define BYE_WAIT_MS 2000
#define PARENT_WAIT_MS 2000
#define DRAIN_MS 1000
#define SYMBOLS_GROWN_MAX 10000 /* making the next one takes 40 us then */

struct work {
	struct engine *engine;
	struct event_base *base;
	struct link *link;
	struct event *due, *drain;
	struct lastword *lastword; /* until the process ends */
	const struct work_order *order;
	bool welcome, tired, retiring, said_bye, acked;
	mrb_sym symbols;  /* that there were at its birth */
	char reason[200]; /* why it retires */
	uint64_t lost_wakeups;
};

static void
work_exit(int status)
{
	fflush(stderr);
	_exit(status);
}

/* --- messages from the supervisor --- */

static void
on_welcome(struct work *w, const struct msg *m)
{
	w->welcome = true;
	w->engine->worker = m->welcome.worker;
}

static void
on_retire(struct work *w, const struct msg *m)
{
	w->retiring = true;
	snprintf(w->reason, sizeof w->reason, "%.*s", SPAN_FMT(m->retire.reason));
}

static void
on_bye_ack(struct work *w, const struct msg *m UNUSED)
{
	w->acked = true;
}

static void
on_run(struct work *w, const struct msg *m)
{
	engine_run(w->engine, &m->run);
}

static void
on_cancel(struct work *w, const struct msg *m)
{
	engine_cancel(w->engine, &m->cancel);
}

static void
on_enqueued(struct work *w, const struct msg *m)
{
	engine_enqueued(w->engine, &m->enqueued);
}

static void
on_stepped(struct work *w, const struct msg *m)
{
	engine_stepped(w->engine, &m->stepped);
}

static void
work_dispatch(struct work *w, const struct msg *m)
{
	static const struct {
		enum msg_number number;
		void (*take)(struct work *, const struct msg *);
	} table[] = {
	    {MSG_RUN, on_run},
	    {MSG_CANCEL, on_cancel},
	    {MSG_ENQUEUED, on_enqueued},
	    {MSG_STEPPED, on_stepped},
	    {MSG_WELCOME, on_welcome},
	    {MSG_RETIRE, on_retire},
	    {MSG_BYE_ACK, on_bye_ack},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].number == m->number)
			table[i].take(w, m);
}

static void
work_on_message(void *arg, struct span bytes)
{
	struct work *w = arg;
	struct mp c = mp_over(bytes);
	struct msg m;

	while (!mp_at_end(&c)) {
		int r = msg_parse(&c, MSG_DOWN, &m);
		if (r != 0) {
			log_error("the supervisor sent a message that is %s: exiting",
			    err_text(r));
			work_exit(EXIT_BUG_);
		}
		if (!w->said_bye || m.number == MSG_BYE_ACK)
			work_dispatch(w, &m);
	}
}

static void
work_on_lost(void *arg UNUSED)
{
	work_exit(EXIT_ASKED);
}

/* --- leaving --- */

static void
work_bye(struct work *w, int status, const char *reason)
{
	struct msg_bye m = {.status = (uint64_t)status, .reason = span_str(reason)};

	w->said_bye = true;
	outbox_put(&w->engine->out, MSG_BYE, &m);
}

static bool
work_is_acked(void *arg)
{
	return ((struct work *)arg)->acked;
}

/* Called by the allocator, somewhere in the depths of mruby: nothing may be touched
 * there any more. The task whose burst it is fails; the others go back to the
 * supervisor. */
static void
work_on_no_memory(void *arg)
{
	struct work *w = arg;
	struct engine *e = w->engine;
	const struct task *t = e->scope ? e->scope->task : NULL;

	if (w->link && t && !w->said_bye) {
		struct msg_failed m = {
		    .task = span_of(t->id.b, sizeof t->id.b),
		    .attempt = t->attempt,
		    .worker = e->worker,
		    .run_us =
			(uint64_t)(e->clock_ns(e->clock_arg) - t->began_ns) / 1000,
		    .cause = CAUSE_NO_MEMORY,
		    .class = span_str("NoMemoryError"),
		    .message = span_str("the worker's memory limit was reached"),
		};
		outbox_put(&e->out, MSG_FAILED, &m);
	}
	if (e->page)
		page_leave(e->page);
	log_error(
	    "out of memory (limit %zu bytes): the worker ends", e->conf.memory_bytes);
	if (w->link) {
		if (!w->said_bye)
			work_bye(w, EXIT_TAINTED_, "out of memory");
		link_finish(w->link, work_is_acked, w, BYE_WAIT_MS);
	}
	work_exit(EXIT_TAINTED_);
}

/* --- the loop --- */

static void
work_on_due(evutil_socket_t fd UNUSED, short what UNUSED, void *arg UNUSED)
{
	/* only wakes the loop: the turn after it fires what is due */
}

static void
work_on_drain(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct work *w = arg;

	if (link_drain(w->link) && w->lost_wakeups++ == 0)
		log_debug("a message was there without a wakeup");
}

static void
work_on_beat(uint64_t sequence, void *arg)
{
	struct work *w = arg;
	struct engine *e = w->engine;
	struct msg_beat m = {
	    .sequence = sequence,
	    .tasks = e->task_n,
	    .fibers = e->fiber_n,
	    .heap_bytes = e->vm.used_bytes,
	    .symbols = (uint64_t)e->vm.mrb->symidx,
	};

	outbox_put(&e->out, MSG_BEAT, &m);
}

static void
work_arm(struct work *w)
{
	int64_t ns = engine_wait_ns(w->engine);

	if (ns < 0) {
		event_del(w->due);
		return;
	}
	int64_t us =
	    (ns + 999) / 1000; /* libevent counts in microseconds: not too early */
	struct timeval tv = {us / 1000000, us % 1000000};
	event_add(w->due, &tv);
}

/* The supervisor gives us no more tasks then, and waits for those that run. */
static void
work_may_tire(struct work *w)
{
	struct engine *e = w->engine;

	if (!e->retire && e->vm.mrb->symidx - w->symbols > SYMBOLS_GROWN_MAX)
		e->retire =
		    "its handlers made more than 10000 symbols, which are never "
		    "freed";
	if (!e->retire || w->tired || w->retiring)
		return;
	w->tired = true;
	struct msg_tired m = {span_str(e->retire)};
	outbox_put(&e->out, MSG_TIRED, &m);
}

static void
work_may_leave(struct work *w)
{
	struct engine *e = w->engine;

	if (!w->retiring || w->said_bye || e->task_n > 0)
		return;
	work_bye(w, EXIT_ASKED, w->reason);
	link_finish(w->link, work_is_acked, w, BYE_WAIT_MS);
	work_exit(EXIT_ASKED);
}

static void
work_loop(struct work *w)
{
	bool more = false;

	for (;;) {
		event_base_loop(w->base, EVLOOP_ONCE | (more ? EVLOOP_NONBLOCK : 0));
		more = engine_turn(w->engine, TURN_BUDGET_NS);
		work_may_tire(w);
		work_may_leave(w);
		link_flush(w->link);
		work_arm(w);
	}
}

/* --- coming up --- */

/* The double fork makes the supervisor our parent as soon as the middle process is
 * gone; only then may we ask to die with it. */
static void
work_bind_to_parent(int supervisor_pid)
{
	struct timespec pause = {0, 100000};

	for (int i = 0; getppid() != supervisor_pid; i++) {
		if (i * 10 > PARENT_WAIT_MS * 100) {
			log_error("the supervisor (pid %d) is not our parent: exiting",
			    supervisor_pid);
			work_exit(EXIT_SYSTEM_);
		}
		nanosleep(&pause, NULL);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor_pid)
		work_exit(EXIT_ASKED);
}

static void
work_map_page(struct engine *e, int fd)
{
	if (fd < 0)
		return;
	void *p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		log_error("the shared page cannot be mapped: %m: exiting");
		work_exit(EXIT_SYSTEM_);
	}
	close(fd);
	e->page = p;
}

static struct link *
work_open_link(struct work *w)
{
	struct link_calls calls = {work_on_message, work_on_lost, w};
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	struct link *l = link_open(w->base, w->order->address, &w->engine->out, &calls);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return l;
}

static void
work_hello(struct work *w)
{
	struct msg_hello m = {
	    .version = MSG_VERSION,
	    .token = span_of(w->order->token, w->order->token_bytes),
	    .pid = (uint64_t)getpid(),
	};

	outbox_put(&w->engine->out, MSG_HELLO, &m);
	link_flush(w->link);
}

static bool
work_add_events(struct work *w)
{
	struct timeval every = {DRAIN_MS / MS_PER_S, 0};

	w->due = event_new(w->base, -1, 0, work_on_due, w);
	w->drain = event_new(w->base, -1, EV_PERSIST, work_on_drain, w);
	return w->due && w->drain && event_add(w->drain, &every) == 0 &&
	       beat_new(w->base, w->order->beat_ms, work_on_beat, w);
}

void
work_run(struct engine *e, const struct work_order *order)
{
	struct work w = {.engine = e, .order = order, .symbols = e->vm.mrb->symidx};

	e->worker = order->worker;
	prctl(PR_SET_NAME, "deferd-worker");
	vm_reseed(&e->vm);
	work_bind_to_parent(order->supervisor_pid);
	work_map_page(e, order->page_fd);
	w.lastword = lastword_install(e);
	memory_limit(e);
	if (e->conf.blocking_io && capture_stdout(e) != 0)
		log_warn("what handlers write to descriptor 1 cannot be captured: %m");
	e->vm.no_memory = work_on_no_memory;
	e->vm.no_memory_arg = &w;
	w.base = event_base_new();
	if (w.base)
		http_set_loop(e, w.base);
	if (!w.base || !(w.link = work_open_link(&w)) || !work_add_events(&w)) {
		log_error("worker %llu cannot reach the supervisor: exiting",
		    (unsigned long long)order->worker);
		work_exit(EXIT_UNAVAILABLE_);
	}
	if (sandbox_tighten(order->sandbox) != 0) {
		log_error("worker %llu: its sandbox cannot be tightened: %m: exiting",
		    (unsigned long long)order->worker);
		work_exit(EXIT_SYSTEM_);
	}
	work_hello(&w);
	work_loop(&w);
	NEVER("the loop ended");
}

/*
 * sup_stop.c: a stop, whatever asked for it: no new connections and tasks; what is
 * there finishes, within a grace or without one; what is left is dropped, logged and
 * counted; the workers say goodbye; exit. A restart goes the same way, and then to
 * exec.
 */
#include "../common/clock.h"
#include "../common/log.h"
#include "sup_impl.h"
#include <event2/event.h>

#define SUP_GOODBYE_MS 1000 /* for workers to say BYE before they are killed */
#define SUP_AT_ONCE 1       /* a deadline that has passed: nobody is waited for */
#define SUP_FLUSH_MS 200    /* for the last answers to leave */

void
sup_enter(struct sup *s, enum sup_stage stage)
{
	s->stage = stage;
	s->stage_ms = clock_now_ms();
}

void
sup_start_tick(struct sup *s)
{
	struct timeval every = {0, 10000};

	event_add(s->tick, &every);
}

void
sup_stop_tick(struct sup *s)
{
	event_del(s->tick);
}

void
sup_stop(struct sup *s, const char *why, int64_t grace_ms)
{
	bool begins = s->stage == SUP_UP || s->restarting;

	if (begins) {
		sup_restart_cancel(s);
		log_info("%s: stopping: %zu open tasks", why, core_open_tasks(s->core));
		http_stop_accepting(s->http, true);
		core_stop(s->core);
		notify_stopping(s->notify, grace_ms);
		notify_status(
		    s->notify, "stopping: %zu open tasks", core_open_tasks(s->core));
		if (events_begin(core_events(s->core), "stop"))
			events_end(core_events(s->core));
		sup_start_tick(s);
	}
	if (s->stage >= SUP_FLUSHING)
		return;
	if (begins)
		sup_enter(s, SUP_FINISHING);
	s->deadline_ms = grace_ms < 0    ? 0
			 : grace_ms == 0 ? SUP_AT_ONCE
					 : clock_now_ms() + grace_ms;
}

static void
sup_give_up_tasks(struct sup *s)
{
	size_t n = core_drop_tasks(s->core, true);

	if (n > 0)
		log_warn("dropped %zu tasks that had not ended: their callers were "
			 "told, the "
			 "memory store keeps nothing",
		    n);
}

/* One step of the stop; each stage ends by itself or by its time. */
void
sup_tick_cb(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct sup *s = arg;
	int64_t now_ms = clock_now_ms();
	bool over = s->deadline_ms && now_ms >= s->deadline_ms;

	switch (s->stage) {
	case SUP_UP:
	case SUP_LAST_CALLS: sup_restart_turn(s, over); break;
	case SUP_FINISHING:
		if (core_open_tasks(s->core) > 0 && !over)
			break;
		sup_give_up_tasks(s);
		core_dismiss_workers(s->core, s->deadline_ms == SUP_AT_ONCE);
		sup_enter(s, SUP_FLUSHING);
		break;
	case SUP_FLUSHING:
		if (http_pending(s->http) > 0 && now_ms - s->stage_ms < SUP_FLUSH_MS)
			break;
		sup_enter(s, SUP_GOODBYES);
		break;
	case SUP_GOODBYES:
		if (core_dismiss_workers(
			s->core, now_ms - s->stage_ms > SUP_GOODBYE_MS) > 0)
			break;
		sup_enter(s, SUP_OVER);
		break;
	case SUP_OVER: break;
	}
}

/*
 * timer.c: Cloud.timer(every:). A tick is a task like any other; while the last one of
 * a timer has not ended, its next tick is left out.
 */
#include "../common/err.h"
#include "../common/log.h"
#include "core_impl.h"
#include "envelope.h"

void
timer_start(struct core *c, struct app *a)
{
	for (size_t i = 0; i < a->by_index_n; i++) {
		struct handler *h = a->by_index[i];
		if (h->kind == KIND_TIMER && h->every_ms > 0 && h->tick_ms == 0)
			h->tick_ms = c->now_ms + h->every_ms;
	}
}

static void
timer_done_cb(struct task *t UNUSED, void *arg)
{
	struct handler *h = arg;

	h->ticking = false;
}

void
timer_adopt(struct task *t)
{
	if (t->handler->kind != KIND_TIMER)
		return;
	t->handler->ticking = true;
	t->done = timer_done_cb;
	t->done_arg = t->handler;
}

static void
timer_tick(struct core *c, struct handler *h)
{
	struct log_about about = {.app = h->app->conf->id, .handler = h->name};
	struct buf envelope;
	enum fault f;

	/* Never two ticks for one gap, however long it was. */
	h->tick_ms += h->every_ms;
	if (h->tick_ms <= c->now_ms)
		h->tick_ms = c->now_ms + h->every_ms;
	if (h->ticking) {
		log_about(LOG_LEVEL_INFO, &about,
		    "the last tick has not ended: this one is left out");
		return;
	}
	buf_init(&envelope, 0);
	envelope_pack_bare(&envelope, SPAN_NONE);
	struct submission sub = {
	    .handler = h,
	    .execution = h->execution == EXEC_LOW ? EXEC_LOW : EXEC_ASYNC,
	    .envelope = &envelope,
	    .done = timer_done_cb,
	    .done_arg = h,
	};
	h->ticking = true;
	if ((f = core_submit(c, &sub, NULL)) != FAULT_NONE) {
		h->ticking = false;
		log_about(LOG_LEVEL_WARN, &about, "its tick was not accepted: %s",
		    fault_info(f)->text);
	}
	buf_fini(&envelope);
}

void
timer_turn(struct core *c)
{
	for (size_t a = 0; a < c->app_n && c->phase == CORE_RUNNING; a++) {
		for (size_t i = 0; i < c->app[a]->by_index_n; i++) {
			struct handler *h = c->app[a]->by_index[i];
			if (h->tick_ms && h->tick_ms <= c->now_ms)
				timer_tick(c, h);
		}
	}
}

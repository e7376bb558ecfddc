/*
 * emit.c: what every event about a task or a worker begins with.
 */
#include "core_impl.h"

struct jsonw *
emit_task(struct core *c, const char *event, const struct task *t)
{
	char id[TASKID_TEXT_BYTES];
	struct jsonw *w = events_begin(c->events, event);

	if (!w)
		return NULL;
	jsonw_kstr(w, "task", taskid_text(&t->id, id));
	jsonw_kstr(w, "app", t->app->conf->id);
	jsonw_kstr(w, "handler", t->handler->name);
	jsonw_kstr(w, "lane", lane_text(t->lane));
	return w;
}

void
emit_worker(struct core *c, const struct seat *s, const char *event, const char *text)
{
	struct jsonw *w = events_begin(c->events, event);

	if (!w)
		return;
	jsonw_kint(w, "worker", (int64_t)s->worker);
	jsonw_kint(w, "seat", s->lease.index + 1);
	jsonw_kint(w, "pid", s->pid);
	if (s->lease.app >= 0)
		jsonw_kstr(w, "app", c->app[s->lease.app]->conf->id);
	if (text)
		jsonw_kstr(w, "text", text);
	events_end(c->events);
}

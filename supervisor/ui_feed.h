/*
 * ui_feed.h: what the web page is told, as JSON. Figures of the pool (lanes, seats,
 * counters) are everybody's, because an app's tasks wait for all of it; names, ids, errors
 * and obituaries are told of the viewer's own apps only. It changes nothing.
 */
#ifndef DEFERD_UI_FEED_H
#define DEFERD_UI_FEED_H

#include "../common/jsonw.h"
#include "core.h"

#define UI_APPS_MAX 1000 /* as in the config */
#define UI_TASKS_SHOWN 25

struct ui_viewer {
	const struct core *core; /* borrowed */
	bool all;		 /* apps are the viewer's: so are the lanes */
	bool sees[UI_APPS_MAX];	 /* by app index */
};

static inline bool
ui_sees(const struct ui_viewer *v, const struct app *a)
{
	return a && v->sees[a->index];
}

/* What does not change while the page is open: its version, apps, and the bounds of the
 * histograms in milliseconds. An object. */
void ui_feed_hello(const struct ui_viewer *, struct jsonw *);
/* Everything as it is now; uptime_ms is the caller's. An object. */
void ui_feed_pool(const struct ui_viewer *, int64_t uptime_ms, struct jsonw *);
/* How workers of the viewer's apps died, newest first. An array. */
void ui_feed_deaths(const struct ui_viewer *, struct jsonw *);

/* --- ui_task.c --- */
#define UI_SHOW_TABLE(X)                                                                  \
	X(NEWEST, "newest")                                                               \
	X(RUNNING, "running")                                                             \
	X(WAITING, "waiting")                                                             \
	X(FAILED, "failed")
enum ui_show {
#define X(sym, name) UI_SHOW_##sym,
	UI_SHOW_TABLE(X)
#undef X
	    UI_SHOW_COUNT
};
enum ui_show ui_show_parse(struct span name); /* UI_SHOW_COUNT: unknown */
/* Up to UI_TASKS_SHOWN of them. An array. Bounded work however many tasks there are. */
void ui_task_list(const struct ui_viewer *, enum ui_show, struct jsonw *);
/* One with all that is known of it; large values are left out. An object. */
void ui_task_write(const struct task *, struct jsonw *);

#endif

/*
 * sup_reload.c: HUP and `deferctl reload`: the config file is read again, and the core
 * changes over to it.
 */
#include "../common/log.h"
#include "sup_impl.h"
#include <stdio.h>

/* How the last one ended is kept for who asked. */
static void
sup_reload_end(struct sup *s, bool ok, const char *text)
{
	s->reload.count++;
	s->reload.ok = ok;
	snprintf(s->reload.text, sizeof s->reload.text, "%s", text);
	notify_ready(s->notify);
}

static void
sup_reload_problem(const char *text, bool notice, void *arg)
{
	struct buf *problems = arg;

	log_line(notice ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s", text);
	if (!notice)
		buf_printf(problems, "%s%s", problems->n ? "\n" : "", text);
}

static void
sup_reloaded_cb(bool ok, const char *text, void *arg)
{
	struct sup *s = arg;

	if (ok) {
		conf_free(s->reloaded);
		s->reloaded = s->loading;
		s->conf = s->reloaded;
	} else {
		conf_free(s->loading);
	}
	s->loading = NULL;
	sup_reload_end(s, ok, text);
}

bool
sup_reload(struct sup *s, const char *why)
{
	struct buf problems;

	if (s->stage != SUP_UP || s->loading) {
		log_warn("%s: not now: %s", why,
		    s->loading ? "a reload is under way" : "deferd stops");
		return false;
	}
	notify_reloading(s->notify);
	log_info("%s: reloading %s", why, s->conf->path);
	buf_init(&problems, CONTROL_TEXT_BYTES - 1);
	s->loading = conf_load(s->conf->path, sup_reload_problem, &problems);
	if (s->loading) {
		core_reload(s->core, s->loading, sup_reloaded_cb, s);
	} else {
		log_error("%s: %s is not usable: the running config stays", why,
		    s->conf->path);
		sup_reload_end(s, false, buf_cstr(&problems));
	}
	buf_fini(&problems);
	return true;
}

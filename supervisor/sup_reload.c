/*
 * sup_reload.c: HUP: the config file is read again, and the core changes over to it.
 */
#include "../common/log.h"
#include "sup_impl.h"

static void
sup_log_problem(const char *text, bool notice, void *arg UNUSED)
{
	log_line(notice ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s", text);
}

static void
sup_reloaded_cb(bool ok, const char *text UNUSED, void *arg)
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
	notify_ready(s->notify);
}

void
sup_reload(struct sup *s, const char *why)
{
	if (s->stage != SUP_UP || s->loading) {
		log_warn("%s: not now: %s", why,
		    s->loading ? "a reload is under way" : "deferd stops");
		return;
	}
	notify_reloading(s->notify);
	log_info("%s: reloading %s", why, s->conf->path);
	s->loading = conf_load(s->conf->path, sup_log_problem, NULL);
	if (s->loading)
		core_reload(s->core, s->loading, sup_reloaded_cb, s);
	else {
		log_error("%s: %s is not usable: the running config stays", why,
		    s->conf->path);
		notify_ready(s->notify);
	}
}

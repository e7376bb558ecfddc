#include "conf_change.h"

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
same_listen(const struct conf *a, const struct conf *b)
{
	bool same = a->listen_n == b->listen_n;

	for (size_t i = 0; same && i < a->listen_n; i++)
		same = same_text(a->listen[i].url, b->listen[i].url);
	return same;
}

static bool
same_control(const struct conf *a, const struct conf *b)
{
	return same_text(a->control.socket, b->control.socket) &&
	       same_text(a->control.view_group, b->control.view_group) &&
	       same_text(a->control.operate_group, b->control.operate_group) &&
	       same_text(a->control.admin_group, b->control.admin_group);
}

static bool
same_http(const struct conf *a, const struct conf *b)
{
	return a->http.body_bytes == b->http.body_bytes &&
	       a->http.header_bytes == b->http.header_bytes &&
	       a->http.connections == b->http.connections &&
	       a->http.idle_ms == b->http.idle_ms;
}

static bool
same_log(const struct conf *a, const struct conf *b)
{
	return same_text(a->log.target, b->log.target);
}

static bool
same_access(const struct conf *a, const struct conf *b)
{
	return same_text(a->log.access, b->log.access);
}

static bool
same_store(const struct conf *a, const struct conf *b)
{
	return same_text(a->store.engine, b->store.engine) &&
	       same_text(a->store.path, b->store.path);
}

static bool
same_user(const struct conf *a, const struct conf *b)
{
	return same_text(a->user, b->user);
}

static bool
same_pid_file(const struct conf *a, const struct conf *b)
{
	return same_text(a->pid_file, b->pid_file);
}

/* In force are the apps that deferd was started with, in their order. */
static bool
same_apps(const struct conf *a, const struct conf *b)
{
	bool same = a->app_n == b->app_n;

	for (size_t i = 0; same && i < a->app_n; i++)
		same = same_text(a->app[i].id, b->app[i].id) &&
		       same_text(a->app[i].user, b->app[i].user);
	return same;
}

static const struct {
	const char *name;
	bool (*same)(const struct conf *, const struct conf *);
} conf_change_table[] = {
    {"listen", same_listen},
    {"control", same_control},
    {"http", same_http},
    {"log.target", same_log},
    {"log.access", same_access},
    {"store", same_store},
    {"user", same_user},
    {"pidFile", same_pid_file},
    {"apps (their ids, order and users)", same_apps},
};

void
conf_change_restart(const struct conf *now, const struct conf *next, struct buf *names)
{
	for (size_t i = 0; i < COUNT_OF(conf_change_table); i++) {
		if (conf_change_table[i].same(now, next))
			continue;
		buf_printf(
		    names, "%s%s", names->n ? ", " : "", conf_change_table[i].name);
	}
}

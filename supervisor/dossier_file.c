/*
 * dossier_file.c: a dossier as a JSON file, and the oldest file out of the way.
 */
#include "../common/clock.h"
#include "../common/ctlproto.h"
#include "../common/fd.h"
#include "../common/jsonw.h"
#include "../common/log.h"
#include "conf.h"
#include "dossier.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DOSSIER_NAME "dossier-%013lld-%llu.json" /* by age, when sorted by name */
#define DOSSIER_FILES_A_SECOND 10
#define DOSSIER_NAME_BYTES 64

static void
dossier_put_lines(struct jsonw *w, const struct dossier_lines *lines)
{
	const char *line;

	jsonw_key(w, "log");
	jsonw_array(w);
	for (unsigned i = 0; (line = dossier_lines_at(lines, i)); i++)
		jsonw_str(w, line);
	jsonw_end_array(w);
}

static void
dossier_put(struct jsonw *w, const struct dossier *d)
{
	char when[32];

	jsonw_object(w);
	jsonw_kint(w, "schema", CTL_SCHEMA);
	jsonw_kint(w, "worker", (int64_t)d->worker);
	jsonw_kstr(w, "at", clock_format_wall(d->wall_ms, when, sizeof when));
	jsonw_kint(w, "seat", d->seat);
	jsonw_kint(w, "pid", d->pid);
	jsonw_kstr(w, "app", d->app);
	jsonw_kstr(w, "killed_by", d->cause);
	jsonw_kstr(w, "text", d->text);
	jsonw_kint(w, "signal", d->signal);
	jsonw_kint(w, "status", d->status);
	jsonw_kstr(w, "handler", d->handler[0] ? d->handler : NULL);
	jsonw_kstr(w, "task", d->task[0] ? d->task : NULL);
	jsonw_kint(w, "attempt", d->attempt);
	jsonw_kint(w, "burst_ms", d->burst_ms);
	jsonw_kint(w, "leases", d->leases);
	jsonw_kint(w, "tasks_done", (int64_t)d->tasks_done);
	jsonw_kint(w, "lived_ms", d->lived_ms);
	jsonw_kint(w, "user_ms", d->user_ms);
	jsonw_kint(w, "system_ms", d->system_ms);
	jsonw_kint(w, "peak_kib", d->peak_kib);
	jsonw_kint(w, "heap_bytes", (int64_t)d->heap_bytes);
	jsonw_kint(w, "fibers", (int64_t)d->fibers);
	dossier_put_places(w, d);
	dossier_put_lines(w, &d->lines);
	jsonw_end_object(w);
}

/* One of ours; what else is in the folder is left alone. */
static bool
dossier_is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 13 && n < DOSSIER_NAME_BYTES && strncmp(name, "dossier-", 8) == 0 &&
	       strcmp(name + n - 5, ".json") == 0;
}

/* Removes the oldest when there are more than `most`. */
static void
dossier_prune(const char *path, int most)
{
	char oldest[DOSSIER_NAME_BYTES] = "";
	const struct dirent *e;
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (!dossier_is_name(e->d_name))
			continue;
		n++;
		if (!oldest[0] || strcmp(e->d_name, oldest) < 0)
			snprintf(oldest, sizeof oldest, "%.63s", e->d_name);
	}
	if (n > most && unlinkat(dirfd(dir), oldest, 0) != 0)
		log_warn("dossiers.path %s: cannot remove %s: %s", path, oldest,
		    strerror(errno));
	closedir(dir);
}

static bool
dossier_save(const char *path, struct span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, text.p, text.n) == (ssize_t)text.n;
	fd_close(&fd);
	return good;
}

static bool
dossier_may_write(struct dossiers *all, int64_t now_ms)
{
	if (now_ms - all->second_ms >= MS_PER_S) {
		all->second_ms = now_ms;
		all->files = 0;
	}
	return all->files++ < DOSSIER_FILES_A_SECOND;
}

void
dossier_write_file(struct dossiers *all, const struct dossier *d,
    const struct conf *conf, int64_t now_ms)
{
	char path[4096 + DOSSIER_NAME_BYTES];
	struct buf text;
	struct jsonw w;

	if (!conf->dossiers.path || !dossier_may_write(all, now_ms))
		return;
	buf_init(&text, 0);
	jsonw_init(&w, &text);
	dossier_put(&w, d);
	buf_add_byte(&text, '\n');
	snprintf(path, sizeof path, "%s/" DOSSIER_NAME, conf->dossiers.path,
	    (long long)d->wall_ms, (unsigned long long)d->worker);
	if (text.failed || !dossier_save(path, buf_span(&text)))
		log_warn("dossier of worker %llu: cannot write %s: %s: it is only in "
			 "memory",
		    (unsigned long long)d->worker, path, strerror(errno));
	buf_fini(&text);
	dossier_prune(conf->dossiers.path, conf->dossiers.count);
}

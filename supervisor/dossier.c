/*
 * dossier.c: see dossier.h. It copies what it keeps: the seat, the task and the worker
 * are gone when somebody looks.
 */
#include "dossier.h"
#include "../common/clock.h"
#include "../common/jsonw.h"
#include "../common/log.h"
#include "core_impl.h"
#include <stdio.h>
#include <stdlib.h>

/* --- the last lines --- */
void
dossier_lines_add(struct dossier_lines *l, unsigned level, struct span text)
{
	char line[DOSSIER_LINE_BYTES];
	int room = text.n > sizeof line ? (int)sizeof line : (int)text.n;

	snprintf(line, sizeof line, "%s: %.*s", log_level_name((enum log_level)level),
	    room, text.n > 0 ? (const char *)text.p : "");
	free(l->line[l->next]);
	l->line[l->next] = strdup(line);
	l->next = (l->next + 1) % DOSSIER_LINES;
}

void
dossier_lines_clear(struct dossier_lines *l)
{
	for (size_t i = 0; i < DOSSIER_LINES; i++)
		free(l->line[i]);
	memset(l, 0, sizeof *l);
}

const char *
dossier_lines_at(const struct dossier_lines *l, unsigned i)
{
	unsigned first = l->line[l->next] ? l->next : 0;
	unsigned n = l->line[l->next] ? DOSSIER_LINES : l->next;

	return i < n ? l->line[(first + i) % DOSSIER_LINES] : NULL;
}

/* --- the records --- */
static const char *const dossier_causes[] = {
    [KILL_NONE] = "nobody: it died by itself, or something outside deferd killed it",
    [KILL_BURST] = "deferd: a burst was too long",
    [KILL_BEAT] = "deferd: it did not beat",
    [KILL_DEADLINE] = "deferd: a task did not stop at its deadline",
    [KILL_ASKED] = "an operator",
    [KILL_BAD] = "deferd: it misbehaved",
};

static void
dossier_fill_task(struct dossier *d, const struct seat *s, const struct page_burst *b)
{
	const struct core *c = s->core;
	const struct task *t = b->began_ns ? tasks_find(&c->tasks, &b->task) : NULL;

	d->burst_ms = b->began_ns ? c->now_ms - b->began_ns / NS_PER_MS : -1;
	if (!t || t->seat != &s->lease)
		t = TAILQ_FIRST(&s->lease.tasks);
	if (!t)
		return;
	taskid_text(&t->id, d->task);
	snprintf(d->handler, sizeof d->handler, "%s", t->handler->name);
	d->attempt = t->attempt;
}

static int64_t
dossier_ms(const struct timeval *tv)
{
	return (int64_t)tv->tv_sec * MS_PER_S + tv->tv_usec / 1000;
}

static void
dossier_fill_exit(struct dossier *d, const struct seat *s, const struct reap_exit *x)
{
	d->signal = WIFSIGNALED(x->status) ? WTERMSIG(x->status) : 0;
	d->status = WIFEXITED(x->status) ? WEXITSTATUS(x->status) : 0;
	d->lived_ms = x->at_ms - s->spawned_ms;
	d->user_ms = dossier_ms(&x->usage.ru_utime);
	d->system_ms = dossier_ms(&x->usage.ru_stime);
	d->peak_kib = x->usage.ru_maxrss;
}

static void
dossier_fill_places(struct dossier *d, const struct page *page, int64_t now_ms)
{
	struct page_await await[PAGE_AWAITS];

	if (!page)
		return;
	d->frame_n = page_read_frames(page, d->frame);
	d->await_n = page_read_awaits(page, await);
	for (size_t i = 0; i < d->await_n; i++) {
		struct dossier_await *a = &d->await[i];
		a->place = await[i].place;
		taskid_text(&await[i].task, a->task);
		a->ago_ms = now_ms - await[i].since_ns / NS_PER_MS;
		a->over = await[i].resumed != 0;
	}
}

void
dossier_open(struct seat *s, const struct reap_exit *x, const struct page_burst *burst)
{
	struct core *c = s->core;
	struct dossiers *all = &c->dossiers;
	struct dossier *d = &all->ring[all->next];

	if (s->killed == KILL_STOP)
		return;
	all->next = (all->next + 1) % DOSSIER_COUNT;
	dossier_lines_clear(&d->lines);
	memset(d, 0, sizeof *d);
	d->worker = s->worker;
	d->wall_ms = clock_wall_ms();
	d->seat = s->lease.index + 1;
	d->pid = (int)s->pid;
	if (s->lease.app >= 0)
		snprintf(d->app, sizeof d->app, "%s", c->app[s->lease.app]->conf->id);
	d->cause = dossier_causes[s->killed];
	snprintf(d->text, sizeof d->text, "%s", s->obituary);
	dossier_fill_exit(d, s, x);
	dossier_fill_task(d, s, burst);
	dossier_fill_places(d, s->page, c->now_ms);
	d->leases = s->lease.leased;
	d->tasks_done = s->tasks_done;
	d->heap_bytes = s->heap_bytes;
	d->fibers = s->fibers;
	d->lines = s->lines; /* the seat's next worker begins anew */
	memset(&s->lines, 0, sizeof s->lines);
	dossier_write_file(all, d, c->conf, c->now_ms);
}

/* --- showing --- */

const char *
dossier_place_text(const struct page_place *p, char *out, size_t n)
{
	snprintf(
	    out, n, "%s:%u%s%s", p->file, p->line, p->name[0] ? " in " : "", p->name);
	return out;
}

void
dossier_put_places(struct jsonw *w, const struct dossier *d)
{
	char text[PAGE_FILE_BYTES + PAGE_NAME_BYTES + 16];

	jsonw_key(w, "backtrace");
	jsonw_array(w);
	for (size_t i = 0; i < d->frame_n; i++)
		jsonw_str(w, dossier_place_text(&d->frame[i], text, sizeof text));
	jsonw_end_array(w);
	jsonw_key(w, "awaits");
	jsonw_array(w);
	for (size_t i = 0; i < d->await_n; i++) {
		const struct dossier_await *a = &d->await[i];
		snprintf(text, sizeof text, "%s:%u", a->place.file, a->place.line);
		jsonw_object(w);
		jsonw_kstr(w, "task", a->task);
		jsonw_kstr(w, "place", text);
		jsonw_kstr(w, "what", a->place.name);
		jsonw_kint(w, "ago_ms", a->ago_ms);
		jsonw_kbool(w, "over", a->over);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

const struct dossier *
dossiers_at(const struct dossiers *all, size_t i)
{
	const struct dossier *d;

	if (i >= DOSSIER_COUNT)
		return NULL;
	d = &all->ring[(all->next + DOSSIER_COUNT - 1 - i) % DOSSIER_COUNT];
	return d->worker ? d : NULL;
}

const struct dossier *
dossiers_find(const struct dossiers *all, uint64_t worker)
{
	const struct dossier *d;

	for (size_t i = 0; (d = dossiers_at(all, i)); i++)
		if (d->worker == worker)
			return d;
	return NULL;
}

void
dossiers_fini(struct dossiers *all)
{
	for (size_t i = 0; i < DOSSIER_COUNT; i++)
		dossier_lines_clear(&all->ring[i].lines);
}

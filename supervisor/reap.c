#include "reap.h"
#include "../common/clock.h"
#include "../common/log.h"
#include "core_impl.h"
#include <stdio.h>
#include <string.h>

/* Whose end the forkserver has not told us in this time was nobody's worker: the short
 * process of a double fork whose forkserver died, for instance. */
#define REAP_UNKNOWN_MS 10000

const char *
reap_describe(const struct reap_exit *x, char *out, size_t n)
{
	if (x->pid == 0)
		snprintf(out, n, "never started");
	else if (WIFSIGNALED(x->status))
		snprintf(out, n, "killed by signal %d (%s)", WTERMSIG(x->status),
		    strsignal(WTERMSIG(x->status)));
	else
		snprintf(out, n, "exited with status %d", WEXITSTATUS(x->status));
	return out;
}

static struct seat *
reap_find_seat(struct core *c, pid_t pid)
{
	for (size_t i = 0; i < c->seat_n; i++)
		if (c->seat[i]->pid == pid && c->seat[i]->life != LIFE_EMPTY)
			return c->seat[i];
	return NULL;
}

static struct forkserver *
reap_find_forkserver(struct core *c, pid_t pid)
{
	for (size_t i = 0; i < c->app_n; i++)
		if (c->forkserver[i] && forkserver_pid(c->forkserver[i]) == pid)
			return c->forkserver[i];
	return reload_find_forkserver(c, pid);
}

static void
reap_keep_unknown(struct reaper *r, const struct reap_exit *x)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->unknown[i].at_ms + REAP_UNKNOWN_MS > x->at_ms)
			r->unknown[kept++] = r->unknown[i];
	r->n = kept;
	if (r->n == REAP_UNKNOWN_MAX) /* the oldest goes */
		memmove(r->unknown, r->unknown + 1, --r->n * sizeof r->unknown[0]);
	r->unknown[r->n++] = *x;
}

bool
reap_take_unknown(struct reaper *r, pid_t pid, struct reap_exit *out)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->unknown[i].pid != pid)
			continue;
		*out = r->unknown[i];
		r->unknown[i] = r->unknown[--r->n];
		return true;
	}
	return false;
}

void
reap_collect(struct core *c)
{
	struct reap_exit x = {.at_ms = c->now_ms};
	struct seat *s;
	struct forkserver *f;
	char how[64];

	while ((x.pid = wait4(-1, &x.status, WNOHANG, &x.usage)) > 0) {
		if ((s = reap_find_seat(c, x.pid)))
			seat_on_exit(s, &x);
		else if ((f = reap_find_forkserver(c, x.pid)))
			forkserver_on_exit(f, reap_describe(&x, how, sizeof how));
		else
			reap_keep_unknown(&c->reaper, &x);
	}
}

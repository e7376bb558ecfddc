/*
 * store_t.c: see store_t.h.
 */
#include "store_t.h"
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];

const char *
file_in(const char *name)
{
	static char path[400];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void
empty(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlink(file_in(e->d_name));
	if (d)
		closedir(d);
}

static void
away(void)
{
	empty();
	rmdir(folder);
}

void
fresh(void)
{
	if (!folder[0]) {
		snprintf(folder, sizeof folder, "/tmp/deferd-store.XXXXXX");
		OK(mkdtemp(folder) != NULL);
		atexit(away);
	}
	empty();
}

/* Values are made from their key, so that any record can be checked. */
size_t
value_of(uint64_t key, uint8_t *out)
{
	size_t n = key % 700;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(key * 31 + i);
	return n;
}

static bool
see(enum store_shelf shelf, uint64_t key, struct span value, void *arg)
{
	struct seen *s = arg;
	uint8_t want[700];
	size_t n = value_of(key, want);

	if (key == s->refuse)
		return false;
	s->n++;
	s->key_sum += key;
	s->by_shelf[shelf]++;
	if (!span_eq(value, span_of(want, n)))
		s->wrong++;
	return true;
}

struct store *
opened(struct seen *seen, struct store_report *r)
{
	struct store *s = NULL;
	uint64_t refuse = seen->refuse;

	memset(seen, 0, sizeof *seen);
	seen->refuse = refuse;
	if (store_open(&s, &store_sqlite, folder, r) != 0)
		t_fail(__FILE__, __LINE__, "open: %s", r->why);
	if (store_load(s, see, seen, r) != 0)
		t_fail(__FILE__, __LINE__, "load: %s", r->why);
	EQ_INT(store_start(s), 0);
	return s;
}

uint64_t
put(struct store *s, enum store_shelf shelf, uint64_t key, bool accept)
{
	uint8_t v[700];
	size_t n = value_of(key, v);

	return store_put(s, shelf, key, span_of(v, n), accept);
}

/* Waits until the fate of the ticket is known. */
bool
fate(struct store *s, uint64_t ticket)
{
	struct pollfd p = {.fd = store_event_fd(s), .events = POLLIN};
	uint64_t through = 0;
	bool ok = false;

	store_kick(s);
	for (;;) {
		while (through < ticket && store_collect(s, &through, &ok))
			;
		if (through >= ticket)
			return ok;
		if (poll(&p, 1, PATIENCE_MS) != 1)
			t_fail(
			    __FILE__, __LINE__, "no commit within %d ms", PATIENCE_MS);
	}
}

void
fill(struct store *s, uint64_t n)
{
	uint64_t last = 0;

	for (uint64_t i = 0; i < n; i++)
		last = put(s, STORE_TASK, store_new_key(s), true);
	OK(fate(s, last));
}

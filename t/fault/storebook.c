/*
 * storebook.c: see storebook.h.
 */
#include "storebook.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUE_MAX 12000
#define CHANGES_MAX 12

static char base[64], files[80], image[80];

void
book_empty(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char name[400];
		snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.')
			unlink(name);
	}
	if (d)
		closedir(d);
}

static void
away(void)
{
	book_empty(files);
	book_empty(image);
	rmdir(files);
	rmdir(image);
	rmdir(base);
}

static void
make_folder(const char *name)
{
	OK(mkdir(name, 0700) == 0 || errno == EEXIST);
	book_empty(name);
}

void
book_folders(const char **to_files, const char **to_image)
{
	if (!base[0]) {
		snprintf(base, sizeof base, "%s/deferd-fault.XXXXXX",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		OK(mkdtemp(base) != NULL);
		snprintf(files, sizeof files, "%s/files", base);
		snprintf(image, sizeof image, "%s/image", base);
		atexit(away);
	}
	make_folder(files);
	make_folder(image);
	*to_files = files;
	*to_image = image;
}

/* --- the book --- */

bool
book_equal(const struct book *a, const struct book *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* The version stands in front. One value in nine needs pages of its own. */
static size_t
value_of(enum store_shelf shelf, uint64_t key, uint8_t version, uint8_t *out)
{
	uint64_t state = (key << 16 | (uint64_t)shelf << 8 | version) * 2654435761u + 1;
	size_t n = 1 + (size_t)t_below(&state, key % 9 == 8 ? VALUE_MAX - 1 : 700);

	out[0] = version;
	for (size_t i = 1; i < n; i++)
		out[i] = (uint8_t)t_random(&state);
	return n;
}

static bool
see(enum store_shelf shelf, uint64_t key, struct span value, void *arg)
{
	struct seen_book *s = arg;
	uint8_t want[VALUE_MAX];
	size_t n;

	if (key == 0 || key >= BOOK_KEYS || value.n == 0) {
		s->wrong++;
		return true;
	}
	n = value_of(shelf, key, value.p[0], want);
	if (!span_eq(value, span_of(want, n)) || s->book.version[shelf][key] != 0)
		s->wrong++;
	s->book.version[shelf][key] = value.p[0];
	return true;
}

int
book_open(struct bookrun *r, struct seen_book *seen)
{
	uint64_t last = 0;
	int e;

	memset(seen, 0, sizeof *seen);
	memset(&r->report, 0, sizeof r->report);
	e = store_sqlite.open(r->folder, &r->engine, &last, &r->report);
	if (e != 0) {
		r->engine = NULL;
		snprintf(r->why, sizeof r->why, "%s", r->report.why);
		return e;
	}
	if (last > r->last_key)
		r->last_key = last;
	e = store_sqlite.load(r->engine, see, seen, &r->report);
	if (e != 0) {
		snprintf(r->why, sizeof r->why, "%s", r->report.why);
		book_close(r, true);
	}
	return e;
}

void
book_close(struct bookrun *r, bool broken)
{
	if (r->engine)
		store_sqlite.close(r->engine, broken);
	r->engine = NULL;
}

/* A task ends: its record goes, its outcome comes. */
static void
book_end(struct book *b, uint64_t key)
{
	b->version[STORE_TASK][key] = b->version[STORE_MARK][key] = 0;
	b->version[STORE_END][key] = 1;
}

void
book_change(struct bookrun *r)
{
	struct book *b = &r->maybe;
	uint64_t n = 1 + t_below(&r->seed, CHANGES_MAX);

	*b = r->sure;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t key = 1 + t_below(&r->seed, BOOK_KEYS - 1);
		uint8_t *task = &b->version[STORE_TASK][key];
		if (*task == 0 && b->version[STORE_END][key] == 0)
			*task = 1;
		else if (*task != 0 && t_below(&r->seed, 2))
			book_end(b, key);
		else if (*task != 0)
			b->version[STORE_MARK][key]++;
		else
			b->version[STORE_END][key] = 0;
	}
	/* Always something new. */
	b->version[STORE_TIMER][1] = (uint8_t)(b->version[STORE_TIMER][1] % 250 + 1);
}

int
book_commit(struct bookrun *r)
{
	uint8_t value[VALUE_MAX];
	int e = store_sqlite.begin(r->engine);

	for (int shelf = 0; shelf < STORE_SHELF_COUNT; shelf++)
		for (uint64_t key = 1; e == 0 && key < BOOK_KEYS; key++) {
			uint8_t was = r->sure.version[shelf][key],
				is = r->maybe.version[shelf][key];
			if (was == is)
				continue;
			if (is == 0) {
				e = store_sqlite.del(
				    r->engine, (enum store_shelf)shelf, key);
				continue;
			}
			size_t n = value_of((enum store_shelf)shelf, key, is, value);
			e = store_sqlite.put(
			    r->engine, (enum store_shelf)shelf, key, span_of(value, n));
		}
	if (e == 0)
		e = store_sqlite.commit(r->engine, BOOK_KEYS);
	if (e != 0) {
		snprintf(r->why, sizeof r->why, "%s", store_sqlite.why(r->engine));
		store_sqlite.rollback(r->engine);
		return e;
	}
	r->sure = r->maybe;
	r->commits++;
	return 0;
}

/* --- steps --- */

static int
step_open(struct bookrun *r)
{
	struct seen_book seen;
	int e = book_open(r, &seen);

	if (e == 0 && (seen.wrong || !book_equal(&seen.book, &r->sure)))
		t_fail(
		    __FILE__, __LINE__, "after a clean close it holds something else");
	return e;
}

static int
step_commit(struct bookrun *r)
{
	book_change(r);
	return book_commit(r);
}

static int
step_idle(struct bookrun *r)
{
	int more;

	while ((more = store_sqlite.idle(r->engine)) > 0)
		;
	return more;
}

static int
step_close(struct bookrun *r)
{
	book_close(r, false);
	return 0;
}

int
book_steps(struct bookrun *r, const char **at)
{
	int e = 0;

	for (; e == 0 && **at; ++*at) {
		e = **at == 'O'   ? step_open(r)
		    : **at == 'c' ? step_commit(r)
		    : **at == 'i' ? step_idle(r)
				  : step_close(r);
		if (e != 0)
			break;
	}
	return e;
}

void
book_check(const struct bookrun *run, const char *folder, const char *when)
{
	struct bookrun r = {.folder = folder, .seed = run->seed};
	struct seen_book seen;
	const struct store_report *p = &r.report;

	if (book_open(&r, &seen) != 0)
		t_fail(__FILE__, __LINE__, "%s: it does not start: %s", when, r.why);
	if (seen.wrong)
		t_fail(__FILE__, __LINE__, "%s: %llu wrong records", when,
		    (unsigned long long)seen.wrong);
	if (!book_equal(&seen.book, &run->sure) && !book_equal(&seen.book, &run->maybe))
		t_fail(__FILE__, __LINE__, "%s: it holds something else", when);
	if (p->bad || p->missing || p->lost_n || p->frames_lost || p->set_aside)
		t_fail(__FILE__, __LINE__,
		    "%s: reported: bad %llu missing %llu ranges %zu frames %llu %s",
		    when, (unsigned long long)p->bad, (unsigned long long)p->missing,
		    p->lost_n, (unsigned long long)p->frames_lost, p->why);
	r.sure = seen.book;
	book_change(&r);
	if (book_commit(&r) != 0)
		t_fail(__FILE__, __LINE__, "%s: not writable: %s", when, r.why);
	book_close(&r, false);
}

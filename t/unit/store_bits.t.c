/*
 * store_bits.t.c: the store's files with bytes missing or changed: no wrong record is
 * ever delivered, what is lost is reported, and the store starts and can be written.
 *
 *   store_bits [long]    short: a part of the cases; long: every byte, 100,000 changes
 */
#include "../fault/faultvfs.h"
#include "../fault/storebook.h"
#include "../../common/err.h"
#include <stdio.h>
#include <stdlib.h>

#define COMMITS 8
#define LAST_BYTES (64 << 10)
#define WAL_HEADER_BYTES 32

static bool is_long;

/* A store that a kill left: the file has some commits, the log the others. */
static struct {
	const char *files, *image;
	struct buf db, wal;
	struct book book[COMMITS + 1]; /* after so many commits of the log */
	size_t end[COMMITS + 1];       /* of the log then */
	struct bookrun run;
} base;

static void
read_file(const char *name, struct buf *to)
{
	char path[200];
	uint8_t part[65536];
	size_t n;

	snprintf(path, sizeof path, "%s/%s", base.files, name);
	FILE *f = fopen(path, "re");
	OK(f != NULL);
	buf_reset(to);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(to, part, n);
	fclose(f);
}

static void
make_base(void)
{
	const char *at = "Occccccicccci";
	struct bookrun *r = &base.run;

	book_folders(&base.files, &base.image);
	faultvfs_fresh();
	*r = (struct bookrun){.seed = 7, .folder = base.files};
	buf_init(&base.db, 0);
	buf_init(&base.wal, 0);
	EQ_INT(book_steps(r, &at), 0);
	base.book[0] = r->sure;
	for (int i = 1; i <= COMMITS; i++) {
		at = "c";
		EQ_INT(book_steps(r, &at), 0);
		base.book[i] = r->sure;
		read_file("store.db-wal", &base.wal);
		base.end[i] = base.wal.n;
	}
	book_close(r, true);
	read_file("store.db", &base.db);
	read_file("store.db-wal", &base.wal);
	OK(base.wal.n == base.end[COMMITS] && base.wal.n > LAST_BYTES);
}

static void
write_image(const char *name, const struct buf *content, size_t n)
{
	char path[200];

	snprintf(path, sizeof path, "%s/%s", base.image, name);
	FILE *f = fopen(path, "we");
	OK(f && fwrite(content->p, 1, n, f) == n);
	fclose(f);
}

static void
open_image(struct bookrun *r, struct seen_book *seen, const char *when)
{
	if (book_open(r, seen) != 0)
		t_fail(__FILE__, __LINE__, "%s: it does not start: %s", when, r->why);
	if (seen->wrong)
		t_fail(__FILE__, __LINE__, "%s: %llu wrong records", when,
		    (unsigned long long)seen->wrong);
	r->sure = seen->book;
}

/* Damage that only a write meets stops the store until the next start, which repairs
 * it. */
static void
write_something(struct bookrun *r, const char *when)
{
	struct seen_book seen;
	int e;

	book_change(r);
	e = book_commit(r);
	if (e == -ERR_MALFORMED) {
		book_close(r, true);
		open_image(r, &seen, when);
		book_change(r);
		e = book_commit(r);
	}
	if (e != 0)
		t_fail(__FILE__, __LINE__, "%s: not writable: %s", when, r->why);
}

/* Loads what lies in the image's folder; with `write`, puts something there too. */
static struct store_report
load_image(struct seen_book *seen, const char *when, bool write)
{
	struct bookrun r = {.folder = base.image, .seed = 99};
	struct store_report report;

	open_image(&r, seen, when);
	report = r.report;
	if (write)
		write_something(&r, when);
	book_close(&r, true);
	return report;
}

/* The last commit that ends at or before this byte of the log. */
static int
commit_before(size_t at)
{
	int i = 0;

	while (i < COMMITS && base.end[i + 1] <= at)
		i++;
	return at < WAL_HEADER_BYTES ? 0 : i;
}

static void
t_a_log_cut_off_at_any_byte_has_every_commit_before_it(void)
{
	uint64_t cases = 0;

	for (size_t n = base.wal.n - LAST_BYTES; n < base.wal.n;
	     n += is_long ? 1 : 67, cases++) {
		struct seen_book seen;
		char when[80];
		snprintf(when, sizeof when, "cut off at byte %zu", n);
		book_empty(base.image);
		write_image("store.db", &base.db, base.db.n);
		write_image("store.db-wal", &base.wal, n);
		load_image(&seen, when, cases % 8 == 0);
		if (!book_equal(&seen.book, &base.book[commit_before(n)]))
			t_fail(__FILE__, __LINE__, "%s: not the last commit's", when);
	}
	t_note("lengths %llu", (unsigned long long)cases);
}

static bool
is_reported(const struct store_report *r)
{
	return r->bad || r->missing || r->lost_n || r->frames_lost || r->set_aside;
}

/* Everything before the transaction with that byte is there. If there is another one
 * behind it, the log says that something is lost. */
static void
flip_log_byte(size_t at, uint8_t bit)
{
	struct seen_book seen;
	struct store_report r;
	int good = commit_before(at);
	char when[80];

	snprintf(when, sizeof when, "byte %zu of the log ^ %#x (commit %d)", at, bit,
	    good + 1);
	book_empty(base.image);
	write_image("store.db", &base.db, base.db.n);
	base.wal.p[at] ^= bit;
	write_image("store.db-wal", &base.wal, base.wal.n);
	base.wal.p[at] ^= bit;
	r = load_image(&seen, when, at % 8 == 0);
	if (!book_equal(&seen.book, &base.book[good]))
		t_fail(__FILE__, __LINE__, "%s: not what came before", when);
	if (good + 1 < COMMITS && r.frames_lost == 0)
		t_fail(__FILE__, __LINE__, "%s: the loss is not reported", when);
}

static void
t_a_changed_byte_of_the_log_is_reported(void)
{
	uint64_t seed = t_seed(), cases = is_long ? 30000 : 400;

	for (size_t at = 0; at < WAL_HEADER_BYTES; at++)
		flip_log_byte(at, (uint8_t)(1 << at % 8));
	for (uint64_t i = 0; i < cases; i++)
		flip_log_byte(t_below(&seed, base.wal.n), (uint8_t)(1 << i % 8));
	t_note("changes %llu", (unsigned long long)cases + WAL_HEADER_BYTES);
}

static void
t_changed_bytes_anywhere_never_lie(void)
{
	uint64_t seed = t_seed(), cases = is_long ? 70000 : 600;
	uint64_t whole = 0, bad = 0, missing = 0, frames = 0, aside = 0;

	for (uint64_t i = 0; i < cases; i++) {
		struct seen_book seen;
		struct store_report r;
		struct buf db, wal;
		char when[80];
		snprintf(when, sizeof when, "case %llu", (unsigned long long)i);
		buf_init(&db, 0);
		buf_init(&wal, 0);
		buf_add_span(&db, buf_span(&base.db));
		buf_add_span(&wal, buf_span(&base.wal));
		/* In turn the file or the log, the file with a log, the file without.
		 */
		for (uint64_t n = i % 2 ? 1 : 1 + t_below(&seed, 20); n > 0; n--) {
			struct buf *b = i % 3 == 0 && t_below(&seed, 2) ? &wal : &db;
			b->p[t_below(&seed, b->n)] ^= (uint8_t)(1 << t_below(&seed, 8));
		}
		book_empty(base.image);
		write_image("store.db", &db, db.n);
		if (i % 3 != 2)
			write_image("store.db-wal", &wal, wal.n);
		r = load_image(&seen, when, i % 8 == 0);
		const struct book *want = &base.book[i % 3 == 2 ? 0 : COMMITS];
		bool same = book_equal(&seen.book, want);
		whole += same;
		if (!same && !is_reported(&r) && i % 3 != 0)
			t_fail(
			    __FILE__, __LINE__, "%s: the loss is not reported", when);
		bad += r.bad;
		missing += r.missing;
		frames += r.frames_lost;
		aside += r.set_aside;
		buf_fini(&db);
		buf_fini(&wal);
	}
	t_note(
	    "cases %llu: all there %llu; bad records %llu, missing %llu, pages of the "
	    "log %llu, files set aside %llu",
	    (unsigned long long)cases, (unsigned long long)whole,
	    (unsigned long long)bad, (unsigned long long)missing,
	    (unsigned long long)frames, (unsigned long long)aside);
	OK(bad > 0 && missing > 0 && frames > 0 && aside > 0);
}

int
main(int argc, char **argv)
{
	static const struct t_test tests[] = {
	    TEST(a_log_cut_off_at_any_byte_has_every_commit_before_it),
	    TEST(a_changed_byte_of_the_log_is_reported),
	    TEST(changed_bytes_anywhere_never_lie)};

	if (argc > 1 && strcmp(argv[1], "long") == 0) {
		is_long = true;
		argc--;
	}
	faultvfs_install();
	make_base();
	return t_main(argc, argv, tests, COUNT_OF(tests));
}

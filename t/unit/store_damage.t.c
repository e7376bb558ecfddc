/*
 * store_damage.t.c: damaged files: nothing that is wrong is delivered, what is lost is
 * counted, the rest is there.
 */
#include "store_t.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A store of n records, closed: everything is in store.db, nothing in the log. */
static void
made(uint64_t n)
{
	struct store_report r;
	struct seen seen = {0};
	struct store *s;

	fresh();
	s = opened(&seen, &r);
	fill(s, n);
	OK(store_close(s, PATIENCE_MS));
	OK(access(file_in("store.db-wal"), F_OK) != 0);
}

static void
flip(const char *name, off_t at, uint8_t bits)
{
	int fd = open(file_in(name), O_RDWR);
	uint8_t b;

	EQ_INT(pread(fd, &b, 1, at), 1);
	b ^= bits;
	EQ_INT(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

static off_t
size_of(const char *name)
{
	struct stat st;

	return stat(file_in(name), &st) == 0 ? st.st_size : 0;
}

/* Where these bytes stand in store.db. */
static off_t
find_bytes(const uint8_t *want, size_t n)
{
	size_t size = (size_t)size_of("store.db");
	uint8_t *all = malloc(size), *p;
	int fd = open(file_in("store.db"), O_RDONLY);
	off_t at;

	OK(all && read(fd, all, size) == (ssize_t)size);
	close(fd);
	p = memmem(all, size, want, n);
	at = p ? p - all : -1;
	free(all);
	return at;
}

static void
t_a_changed_record_is_set_aside(void)
{
	struct store_report r;
	struct seen seen = {0};
	struct store *s;
	uint8_t v[700];
	size_t n = value_of(321, v);

	made(1000);
	off_t at = find_bytes(v, n);
	OK(at > 0);
	flip("store.db", at + 100, 4);
	s = opened(&seen, &r);
	EQ_INT(seen.n, 999);
	EQ_INT(seen.wrong, 0);
	EQ_INT(r.bad, 1);
	EQ_INT(r.missing, 0);
	store_close(s, PATIENCE_MS);
	s = opened(&seen, &r); /* it was found once */
	EQ_INT(seen.n, 999);
	EQ_INT(r.bad + r.missing, 0);
	store_close(s, PATIENCE_MS);
}

static void
t_a_record_that_makes_no_sense_is_set_aside(void)
{
	struct store_report r;
	struct seen seen = {.refuse = 77};
	struct store *s;

	made(100);
	s = opened(&seen, &r);
	EQ_INT(seen.n, 99);
	EQ_INT(r.bad, 1);
	store_close(s, PATIENCE_MS);
	seen.refuse = 0;
	s = opened(&seen, &r);
	EQ_INT(seen.n, 99);
	store_close(s, PATIENCE_MS);
}

static void
t_a_broken_page_costs_its_own_records(void)
{
	struct store_report r;
	struct seen seen = {0};
	struct store *s;

	made(5000);
	/* A page in the middle: its type byte and cell count. */
	off_t page = size_of("store.db") / 4096 / 2 * 4096;
	for (int i = 0; i < 8; i++)
		flip("store.db", page + i, 0xff);
	s = opened(&seen, &r);
	EQ_INT(seen.wrong, 0);
	OK(seen.n > 4900 && seen.n < 5000);
	EQ_INT(seen.n + r.missing, 5000);
	OK(r.set_aside && r.lost_n >= 1);
	OK(access(file_in(r.aside), F_OK) == 0);
	OK(fate(s, put(s, STORE_TASK, store_new_key(s), true)));
	store_close(s, PATIENCE_MS);
	uint64_t kept = seen.n;
	s = opened(&seen, &r); /* the new file is sound */
	EQ_INT(seen.n, kept + 1);
	EQ_INT(r.missing + r.lost_n + r.bad, 0);
	store_close(s, PATIENCE_MS);
}

static void
t_a_file_of_garbage_is_set_aside(void)
{
	struct store_report r;
	struct seen seen = {0};
	struct store *s;

	made(100);
	for (int i = 0; i < 100; i++)
		flip("store.db", i, 0x5a);
	s = opened(&seen, &r);
	EQ_INT(seen.n, 0);
	OK(r.set_aside && r.why[0]);
	OK(access(file_in(r.aside), F_OK) == 0);
	fill(s, 10);
	store_close(s, PATIENCE_MS);
}

static void
t_damage_never_crashes_and_never_lies(void)
{
	uint64_t seed = t_seed();
	uint64_t bad = 0, missing = 0, aside = 0;

	for (int round = 0; round < 150; round++) {
		struct store_report r;
		struct seen seen = {0};
		struct store *s;
		made(300);
		for (uint64_t i = 0, n = 1 + t_below(&seed, 20); i < n; i++)
			flip("store.db",
			    (off_t)t_below(&seed, (uint64_t)size_of("store.db")),
			    (uint8_t)(1u << t_below(&seed, 8)));
		s = opened(&seen, &r);
		EQ_INT(seen.wrong, 0);
		/* What is not there is told of; unread books are the one excuse. */
		if (seen.n < 300)
			OK(r.bad + r.missing + r.lost_n > 0 || r.set_aside);
		bad += r.bad;
		missing += r.missing;
		aside += r.set_aside;
		store_close(s, PATIENCE_MS);
	}
	t_note("bad %llu, missing %llu, set aside %llu of 150", (unsigned long long)bad,
	    (unsigned long long)missing, (unsigned long long)aside);
	OK(bad > 0 && aside > 0);
}

TESTS(TEST(a_changed_record_is_set_aside),
    TEST(a_record_that_makes_no_sense_is_set_aside),
    TEST(a_broken_page_costs_its_own_records), TEST(a_file_of_garbage_is_set_aside),
    TEST(damage_never_crashes_and_never_lies))

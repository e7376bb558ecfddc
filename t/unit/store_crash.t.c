/*
 * store_crash.t.c: the machine stops in each system call that the store makes, and the
 * disk fails in each of them: what was reported as committed is there, whole, every
 * time.
 */
#include "../fault/faultvfs.h"
#include "../fault/storebook.h"
#include "../../common/err.h"
#include <stdio.h>

/* The crash is tried in every call always; a failing disk in every STRIDE-th one,
 * unless the first argument is "long". */
#define STRIDE 7
static uint64_t stride = STRIDE;

/* Makes the file, commits, checkpoints when idle, closes, opens again. */
static const char script[] = "OccciccxOccccciccxOcix";

#define LOG_FRAMES_MAX                                                                 \
	20 /* so small that checkpoints also come right after commits                  \
	    */

static struct bookrun
fresh_run(const char **image)
{
	struct bookrun r = {.seed = 42};

	book_folders(&r.folder, image);
	faultvfs_fresh();
	return r;
}

/* As book_steps; a checkpoint after a commit comes early. */
static int
steps(struct bookrun *r, const char **at)
{
	const char *from = *at;
	int e = 0;

	for (; e == 0 && *from; from++) {
		char one[2] = {*from, 0};
		const char *p = one;
		e = book_steps(r, &p);
		if (e == 0 && *from == 'O')
			((struct sqlite *)r->engine)->log_frames_max = LOG_FRAMES_MAX;
		if (e != 0)
			break;
	}
	*at = from;
	return e;
}

static uint64_t
count_calls(enum faultvfs_calls kind)
{
	const char *image, *at = script;
	struct bookrun r = fresh_run(&image);

	faultvfs_fail(kind, UINT64_MAX, UINT64_MAX, 0);
	EQ_INT(steps(&r, &at), 0);
	return faultvfs_count();
}

static void
check_image(const struct bookrun *r, const char *image, enum faultvfs_rest rest,
    const char *what, uint64_t k)
{
	uint64_t seed = k * 1000003 + rest;
	char when[160];

	snprintf(when, sizeof when, "%s %llu, unsynced writes: %s", what,
	    (unsigned long long)k, faultvfs_rest_name(rest));
	faultvfs_fail(FAULTVFS_ANY, UINT64_MAX, UINT64_MAX, 0);
	book_empty(image);
	faultvfs_image(image, rest, &seed);
	book_check(r, image, when);
}

static void
t_a_crash_in_any_call_loses_nothing(void)
{
	uint64_t points = count_calls(FAULTVFS_ANY), images = 0;

	OK(points > 200);
	for (uint64_t k = 1; k <= points; k++) {
		const char *image, *at = script;
		struct bookrun r = fresh_run(&image);
		faultvfs_crash(k);
		steps(&r, &at);
		OK(faultvfs_failed());
		book_close(&r, true);
		for (int rest = 0; rest < FAULTVFS_REST_COUNT; rest++, images++)
			check_image(
			    &r, image, (enum faultvfs_rest)rest, "a crash in call", k);
	}
	t_note("points %llu, folders loaded %llu, lost 0", (unsigned long long)points,
	    (unsigned long long)images);
}

/* --- a disk that fails, and goes on --- */

/* Opening is tried again, and so is a commit, with its changes; an error that the
 * engine calls the end is one. How many steps failed. */
static int
persist(struct bookrun *r, const char **at, uint64_t *failures)
{
	int e;

	while ((e = steps(r, at)) != 0 && e != -ERR_SYNC && e != -ERR_MALFORMED) {
		++*failures;
		for (int i = 0; **at == 'c' && i < 50 && (e = book_commit(r)) != 0 &&
				e != -ERR_SYNC;
		     i++)
			++*failures;
		if (e == -ERR_SYNC)
			break;
		if (**at != 'O') /* the commit is done; an idle step need not succeed */
			++*at;
		if (*failures > 200)
			t_fail(__FILE__, __LINE__, "it never recovers: %s", r->why);
	}
	return e;
}

static void
fail_each(enum faultvfs_calls kind, int error, uint64_t span)
{
	uint64_t points = count_calls(kind), failures = 0;

	OK(points > 20);
	for (uint64_t k = 1; k <= points; k += stride) {
		const char *image, *at = script;
		uint64_t failed = 0;
		struct bookrun r = fresh_run(&image);
		faultvfs_fail(kind, k, k + span - 1, error);
		int e = persist(&r, &at, &failed);
		if (e != 0)
			t_fail(__FILE__, __LINE__, "call %llu: %s",
			    (unsigned long long)k, r.why);
		OK(faultvfs_failed());
		failures += failed;
		check_image(&r, image, FAULTVFS_NONE, "failed write", k);
	}
	t_note("points %llu, steps that failed and were done again %llu, lost 0",
	    (unsigned long long)points, (unsigned long long)failures);
}

static void
t_no_space_in_any_write(void)
{
	fail_each(FAULTVFS_WRITES, SQLITE_FULL, 1);
	fail_each(FAULTVFS_WRITES, SQLITE_FULL, 7);
}

static void
t_an_error_in_any_write(void)
{
	fail_each(FAULTVFS_WRITES, SQLITE_IOERR_WRITE, 1);
	fail_each(FAULTVFS_WRITES, SQLITE_IOERR_WRITE, 7);
}

/* After a failed sync the store stops. The next start sees what the kernel still has in
 * memory, which may not be on the disk: from then on it has to be. */
static void
t_an_error_in_any_sync_is_the_end_until_the_next_start(void)
{
	uint64_t points = count_calls(FAULTVFS_SYNCS), stopped = 0;

	OK(points > 20);
	for (uint64_t k = 1; k <= points; k++) {
		const char *image, *at = script;
		uint64_t failed = 0;
		struct seen_book seen;
		struct bookrun r = fresh_run(&image);
		faultvfs_fail(FAULTVFS_SYNCS, k, k, SQLITE_IOERR_FSYNC);
		int e = persist(&r, &at, &failed);
		OK(faultvfs_failed());
		OK(e == 0 || e == -ERR_SYNC);
		stopped += e == -ERR_SYNC;
		check_image(&r, image, FAULTVFS_NONE, "failed sync", k);
		book_close(&r, e != 0);
		if (book_open(&r, &seen) != 0)
			t_fail(__FILE__, __LINE__, "sync %llu: no start: %s",
			    (unsigned long long)k, r.why);
		EQ_INT(seen.wrong, 0);
		OK(book_equal(&seen.book, &r.sure) || book_equal(&seen.book, &r.maybe));
		r.sure = seen.book;
		book_change(&r);
		EQ_INT(book_commit(&r), 0);
		check_image(&r, image, FAULTVFS_NONE, "a start after failed sync", k);
		book_close(&r, false);
	}
	OK(stopped > 10);
	t_note("points %llu, of them stopped %llu, lost 0", (unsigned long long)points,
	    (unsigned long long)stopped);
}

int
main(int argc, char **argv)
{
	static const struct t_test tests[] = {TEST(a_crash_in_any_call_loses_nothing),
	    TEST(no_space_in_any_write), TEST(an_error_in_any_write),
	    TEST(an_error_in_any_sync_is_the_end_until_the_next_start)};

	if (argc > 1 && strcmp(argv[1], "long") == 0) {
		stride = 1;
		argc--;
	}
	faultvfs_install();
	return t_main(argc, argv, tests, COUNT_OF(tests));
}

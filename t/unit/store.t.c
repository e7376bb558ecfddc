/*
 * store.t.c: what was committed is there after a new start, and an engine that fails is
 * told apart by what may still work.
 */
#include "../../common/crc32c.h"
#include "../../common/err.h"
#include "store_t.h"
#include <poll.h>

static void
t_what_was_committed_is_there_again(void)
{
	struct store_report r;
	struct seen seen = {0};
	struct store *s;

	fresh();
	s = opened(&seen, &r);
	EQ_INT(seen.n, 0);
	fill(s, 1000);
	uint64_t key = store_new_key(s);
	put(s, STORE_TIMER, key, false);
	OK(fate(s, store_del(s, STORE_TASK, 500)));
	OK(store_close(s, PATIENCE_MS));
	s = opened(&seen, &r);
	EQ_INT(seen.n, 1000);
	EQ_INT(seen.wrong, 0);
	EQ_INT(seen.by_shelf[STORE_TASK], 999);
	EQ_INT(seen.by_shelf[STORE_TIMER], 1);
	EQ_INT(seen.key_sum, 1000 * 1001 / 2 - 500 + key);
	EQ_INT(r.bad + r.missing + r.frames_lost + r.lost_n, 0);
	OK(store_new_key(s) > key);
	OK(store_close(s, PATIENCE_MS));
}

static void
t_an_uncommitted_rest_is_committed_by_close(void)
{
	struct store_report r;
	struct seen seen = {0};
	struct store *s;

	fresh();
	s = opened(&seen, &r);
	for (int i = 0; i < 100; i++)
		put(s, STORE_TASK, store_new_key(s), true);
	OK(store_close(s, PATIENCE_MS));
	s = opened(&seen, &r);
	EQ_INT(seen.n, 100);
	store_close(s, PATIENCE_MS);
}

static void
t_a_record_can_be_put_again(void)
{
	struct store_report r;
	struct seen seen = {0};
	struct store *s;

	fresh();
	s = opened(&seen, &r);
	uint64_t key = store_new_key(s);
	put(s, STORE_MARK, key, false);
	for (int i = 0; i < 3; i++)
		OK(fate(s, put(s, STORE_MARK, key, false)));
	store_close(s, PATIENCE_MS);
	s = opened(&seen, &r);
	EQ_INT(seen.n, 1);
	EQ_INT(r.missing, 0);
	store_close(s, PATIENCE_MS);
}

static void
t_many_changes_are_one_commit(void)
{
	struct store_report r;
	struct seen seen = {0};
	struct store_view v;
	struct store *s;

	fresh();
	s = opened(&seen, &r);
	fill(s, 20000);
	store_view(s, &v);
	EQ_INT(v.records, 20000);
	OK(v.commits < 100);
	store_close(s, PATIENCE_MS);
}

static void
t_a_second_process_is_refused(void)
{
	struct store_report r, r2;
	struct seen seen = {0};
	struct store *s, *other = NULL;

	fresh();
	s = opened(&seen, &r);
	EQ_INT(store_open(&other, &store_sqlite, file_in(""), &r2), -ERR_STATE);
	OK(strstr(r2.why, "locked") != NULL);
	store_close(s, PATIENCE_MS);
}

static void
t_crc32c_is_the_one_of_the_rfc(void)
{
	uint8_t bytes[32];

	EQ_INT(crc32c(0, "123456789", 9), 0xe3069283u);
	memset(bytes, 0, sizeof bytes); /* RFC 3720, B.4 */
	EQ_INT(crc32c(0, bytes, sizeof bytes), 0x8a9136aau);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	EQ_INT(crc32c(0, bytes, sizeof bytes), 0x46dd794eu);
	EQ_INT(crc32c(crc32c(0, bytes, 13), bytes + 13, 19), 0x46dd794eu);
}

/* --- an engine that fails as it is told --- */

static struct {
	int fails_with; /* of commit; 0: none */
	uint64_t begun, records, committed;
	bool closed_broken;
} odd;

static int
odd_open(const char *path, void **handle, uint64_t *last_key, struct store_report *r)
{
	(void)path;
	(void)r;
	*handle = &odd;
	*last_key = 0;
	memset(&odd, 0, sizeof odd);
	return 0;
}
static int
odd_load(void *h, store_visit_cb *visit, void *arg, struct store_report *r)
{
	(void)h;
	(void)visit;
	(void)arg;
	(void)r;
	return 0;
}
static int
odd_begin(void *h)
{
	(void)h;
	odd.begun = 0;
	return 0;
}
static int
odd_put(void *h, enum store_shelf shelf, uint64_t key, struct span value)
{
	(void)h;
	(void)shelf;
	(void)key;
	(void)value;
	odd.begun++;
	return 0;
}
static int
odd_del(void *h, enum store_shelf shelf, uint64_t key)
{
	return odd_put(h, shelf, key, SPAN_NONE);
}
static int
odd_commit(void *h, uint64_t last_key)
{
	(void)h;
	(void)last_key;
	int e = __atomic_load_n(&odd.fails_with, __ATOMIC_SEQ_CST);
	if (e == 0)
		odd.records += odd.begun;
	return e;
}
static void
odd_rollback(void *h)
{
	(void)h;
}
static int
odd_idle(void *h)
{
	(void)h;
	return 0;
}
static void
odd_sizes(void *h, uint64_t *file, uint64_t *log)
{
	(void)h;
	*file = *log = 0;
}
static const char *
odd_why(void *h)
{
	(void)h;
	return "as told";
}
static void
odd_close(void *h, bool broken)
{
	(void)h;
	odd.closed_broken = broken;
}
static const struct store_engine odd_engine = {"odd", odd_open, odd_load, odd_begin,
    odd_put, odd_del, odd_commit, odd_rollback, odd_idle, odd_sizes, odd_why,
    odd_close};

static struct store *
odd_store(void)
{
	struct store_report r;
	struct store *s = NULL;

	EQ_INT(store_open(&s, &odd_engine, "", &r), 0);
	EQ_INT(store_start(s), 0);
	return s;
}

static void
odd_set(int e)
{
	__atomic_store_n(&odd.fails_with, e, __ATOMIC_SEQ_CST);
}

static void
t_a_full_store_refuses_accepts_and_keeps_changes(void)
{
	struct store *s = odd_store();
	struct store_view v;
	uint64_t accepted, through = 0;
	bool ok = false;

	odd_set(-ERR_FULL);
	put(s, STORE_MARK, store_new_key(s), false);
	accepted = put(s, STORE_TASK, store_new_key(s), true);
	OK(!fate(s, accepted));
	EQ_INT(store_state(s), STORE_FULL);
	store_view(s, &v);
	EQ_STR(v.why, "as told");
	EQ_INT(odd.records, 0);
	odd_set(0);
	/* It finds out by itself: the kept change is committed. */
	for (int i = 0; i < 100 && store_state(s) != STORE_OK; i++) {
		while (store_collect(s, &through, &ok))
			;
		poll(&(struct pollfd){.fd = store_event_fd(s), .events = POLLIN}, 1,
		    100);
	}
	EQ_INT(store_state(s), STORE_OK);
	OK(fate(s, put(s, STORE_TASK, store_new_key(s), true)));
	store_close(s, PATIENCE_MS);
	EQ_INT(odd.records, 2); /* the change, and the last accept */
	OK(!odd.closed_broken);
}

static void
t_a_failed_sync_is_the_end_until_the_next_start(void)
{
	struct store *s = odd_store();

	odd_set(-ERR_SYNC);
	OK(!fate(s, put(s, STORE_TASK, store_new_key(s), true)));
	odd_set(0);
	EQ_INT(store_state(s), STORE_STOPPED);
	EQ_INT(put(s, STORE_TASK, store_new_key(s), true), 0);
	OK(!store_close(s, PATIENCE_MS));
	EQ_INT(odd.records, 0);
	OK(odd.closed_broken);
}

TESTS(TEST(what_was_committed_is_there_again),
    TEST(an_uncommitted_rest_is_committed_by_close), TEST(a_record_can_be_put_again),
    TEST(many_changes_are_one_commit), TEST(a_second_process_is_refused),
    TEST(crc32c_is_the_one_of_the_rfc),
    TEST(a_full_store_refuses_accepts_and_keeps_changes),
    TEST(a_failed_sync_is_the_end_until_the_next_start))

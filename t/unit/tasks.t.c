#include "t.h"
#include "../../common/err.h"
#include "../../supervisor/tasks.h"
#include <stdlib.h>

static struct handler hello = {.name = (char *)(uintptr_t) "hello"};
static struct handler other = {.name = (char *)(uintptr_t) "other"};
static struct app app_a, app_b;
static struct taskid_maker maker;

static struct task *
add(struct tasks *ts, struct app *a, struct handler *h, int64_t now_ms)
{
	struct taskid id;
	uint8_t *payload = malloc(100);

	taskid_next(&maker, now_ms, &id);
	struct task *t = task_new(&id, payload, 100);
	t->app = a;
	t->handler = h;
	t->accepted_ms = now_ms;
	OK(tasks_add(ts, t) == 0);
	task_move(t, TASK_QUEUED, now_ms);
	return t;
}

static void
end(struct tasks *ts, struct task *t, int64_t now_ms)
{
	size_t bytes = t->payload_bytes;

	task_move(t, TASK_LEASED, now_ms);
	task_move(t, TASK_DONE, now_ms);
	tasks_end(ts, t, bytes);
}

static void
t_counts_follow(void)
{
	struct tasks ts;

	tasks_init(&ts, 1000, 10, 1 << 20);
	struct task *t = add(&ts, &app_a, &hello, 5);
	EQ_INT(ts.open, 1);
	EQ_INT(ts.payload_bytes, 100);
	OK(tasks_find(&ts, &t->id) == t);
	end(&ts, t, 6);
	EQ_INT(ts.open, 0);
	EQ_INT(ts.payload_bytes, 0);
	EQ_INT(ts.ended.n, 1);
	tasks_expire(&ts, 1005);
	EQ_INT(ts.ended.n, 1);
	tasks_expire(&ts, 1006);
	EQ_INT(ts.ended.n, 0);
	EQ_INT(ts.ended.bytes, 0);
	OK(TAILQ_EMPTY(&ts.all));
	tasks_fini(&ts);
}

static void
t_ended_ones_are_bounded(void)
{
	struct tasks ts;
	struct task *last = NULL;

	tasks_init(&ts, 1000, 10, 1 << 20);
	struct task *open = add(&ts, &app_a, &hello, 1);
	for (int i = 0; i < 50; i++)
		end(&ts, last = add(&ts, &app_a, &hello, 2 + i), 2 + i);
	EQ_INT(ts.ended.n, 10);
	OK(tasks_find(&ts, &last->id) == last);
	OK(tasks_find(&ts, &open->id) == open); /* never an open one */
	tasks_fini(&ts);
}

static void
t_bytes_are_bounded(void)
{
	struct tasks ts;

	tasks_init(&ts, 1000, 1000, 4 * sizeof(struct task));
	for (int i = 0; i < 50; i++)
		end(&ts, add(&ts, &app_a, &hello, i), i);
	OK(ts.ended.bytes <= 4 * sizeof(struct task));
	OK(ts.ended.n >= 3);
	tasks_fini(&ts);
}

static void
t_abbreviations(void)
{
	struct tasks ts;
	char text[TASKID_TEXT_BYTES];
	bool ambiguous;

	tasks_init(&ts, 1000, 1000, 1 << 20);
	struct task *t = add(&ts, &app_a, &hello, 1700000000000);
	add(&ts, &app_a, &hello, 1700000000000);
	taskid_text(&t->id, text);
	OK(tasks_find_text(&ts, span_str(text), &ambiguous) == t);
	OK(tasks_find_text(&ts, span_str(text + 28), &ambiguous) == t); /* the last 8 */
	OK(!tasks_find_text(&ts, span_of(text, 8), &ambiguous)); /* the same time */
	OK(ambiguous);
	OK(!tasks_find_text(&ts, span_str(text + 31), &ambiguous)); /* 5 are too few */
	OK(!ambiguous);
	tasks_fini(&ts);
}

struct seen {
	int n;
	struct task *t[16];
};

static bool
see(struct task *t, void *arg)
{
	struct seen *s = arg;

	s->t[s->n++] = t;
	return true;
}

static void
t_lists_newest_first_in_pages(void)
{
	struct tasks ts;
	struct task *t[6];
	struct seen s = {0};
	struct task_filter f = {
	    .state = TASK_STATE_COUNT, .lane = LANE_COUNT, .limit = 4};

	tasks_init(&ts, 1000, 1000, 1 << 20);
	for (int i = 0; i < 6; i++)
		t[i] =
		    add(&ts, i % 2 ? &app_b : &app_a, i % 2 ? &other : &hello, 100 + i);
	OK(tasks_list(&ts, &f, see, &s));
	EQ_INT(s.n, 4);
	OK(s.t[0] == t[5] && s.t[3] == t[2]);
	f.after = &t[2]->id;
	s.n = 0;
	OK(!tasks_list(&ts, &f, see, &s));
	EQ_INT(s.n, 2);
	OK(s.t[0] == t[1] && s.t[1] == t[0]);
	f.after = NULL;
	f.name = span_str("other");
	f.app = &app_b;
	s.n = 0;
	OK(!tasks_list(&ts, &f, see, &s));
	EQ_INT(s.n, 3);
	end(&ts, t[1], 200);
	f.state = TASK_DONE;
	s.n = 0;
	OK(!tasks_list(&ts, &f, see, &s));
	EQ_INT(s.n, 1);
	tasks_fini(&ts);
}

/* The page's last task may be gone by the next call: the order is the ids' own. */
static void
t_a_page_survives_its_end(void)
{
	struct tasks ts;
	struct seen s = {0};
	struct task_filter f = {
	    .state = TASK_STATE_COUNT, .lane = LANE_COUNT, .limit = 9};

	tasks_init(&ts, 10, 1000, 1 << 20);
	add(&ts, &app_a, &hello, 100);
	struct task *gone = add(&ts, &app_a, &hello, 200);
	add(&ts, &app_a, &hello, 300);
	struct taskid after = gone->id;
	end(&ts, gone, 300);
	tasks_expire(&ts, 400);
	f.after = &after;
	OK(!tasks_list(&ts, &f, see, &s));
	EQ_INT(s.n, 1);
	EQ_INT(s.t[0]->accepted_ms, 100);
	tasks_fini(&ts);
}

static void
t_failed_ones_are_found_again(void)
{
	struct tasks ts;
	struct seen s = {0};

	tasks_init(&ts, 10, 1000, 1 << 20);
	for (int i = 0; i < 3; i++) {
		struct task *t = add(&ts, &app_a, &hello, 100 + i);
		size_t bytes = t->payload_bytes;
		task_move(t, TASK_LEASED, 200);
		task_move(t,
		    i == 1   ? TASK_DONE
		    : i == 2 ? TASK_DEAD
			     : TASK_FAILED,
		    i == 0 ? 201 : 205);
		tasks_end(&ts, t, bytes);
	}
	tasks_list_failed(&ts, see, &s);
	EQ_INT(s.n, 2);
	EQ_INT(s.t[0]->state, TASK_DEAD);
	tasks_expire(&ts, 211); /* the first is forgotten */
	s.n = 0;
	tasks_list_failed(&ts, see, &s);
	EQ_INT(s.n, 1);
	EQ_INT(s.t[0]->state, TASK_DEAD);
	tasks_fini(&ts);
}

static void
die(struct tasks *ts, struct task *t, int64_t now_ms)
{
	task_move(t, TASK_LEASED, now_ms);
	task_move(t, TASK_DEAD, now_ms);
	tasks_end(ts, t, t->payload_bytes);
}

/* Dead ones have bounds of their own, and a way back. */
static void
t_dead_ones_stand_apart(void)
{
	struct tasks ts;
	struct task *t[5];
	struct seen s = {0};
	struct task_filter f = {
	    .state = TASK_STATE_COUNT, .lane = LANE_COUNT, .limit = 9};

	tasks_init(&ts, 10, 2, 1 << 20);
	tasks_bound(&ts.dead, 1000, 3, 1 << 20);
	for (int i = 0; i < 5; i++)
		die(&ts, t[i] = add(&ts, &app_a, i % 2 ? &other : &hello, 100 + i),
		    200 + i);
	for (int i = 0; i < 5; i++)
		end(&ts, add(&ts, &app_a, &hello, 110 + i), 200);
	EQ_INT(ts.dead.n, 3);
	EQ_INT(ts.ended.n, 2);
	OK(ts.dead.bytes >= 3 * (sizeof(struct task) + 100));
	tasks_expire(&ts, 1000);
	EQ_INT(ts.ended.n, 0);
	EQ_INT(ts.dead.n, 3);
	OK(!tasks_list_dead(&ts, &f, see, &s));
	EQ_INT(s.n, 3);
	OK(s.t[0] == t[4] && s.t[2] == t[2]); /* the last one first */
	s.n = 0;
	f.fault = FAULT_TIMEOUT;
	OK(!tasks_list_dead(&ts, &f, see, &s));
	EQ_INT(s.n, 0);
	tasks_revive(&ts, t[3]);
	task_move(t[3], TASK_QUEUED, 1000);
	EQ_INT(ts.open, 1);
	EQ_INT(ts.payload_bytes, 100);
	EQ_INT(ts.dead.n, 2);
	tasks_expire(&ts, 1204);
	EQ_INT(ts.dead.n + ts.dead.bytes, 0);
	OK(tasks_find(&ts, &t[3]->id) == t[3]);
	tasks_fini(&ts);
}

static void
t_the_table_goes_on_after_an_id(void)
{
	struct tasks ts;

	tasks_init(&ts, 10, 1000, 1 << 20);
	struct task *a = add(&ts, &app_a, &hello, 100);
	struct task *gone = add(&ts, &app_a, &hello, 200);
	struct task *b = add(&ts, &app_a, &hello, 300);
	struct taskid id = gone->id;
	OK(tasks_after(&ts, &a->id) == gone);
	end(&ts, gone, 300);
	tasks_expire(&ts, 400);
	OK(tasks_after(&ts, &id) == b); /* whatever became of it */
	OK(!tasks_after(&ts, &b->id));
	OK(tasks_after(&ts, &(struct taskid){{0}}) == a);
	tasks_fini(&ts);
}

static void
t_a_small_struct(void)
{
	t_note("a task is %zu bytes beside its payload", sizeof(struct task));
	OK(sizeof(struct task) <= 224);
}

TESTS(TEST(counts_follow), TEST(ended_ones_are_bounded), TEST(bytes_are_bounded),
    TEST(abbreviations), TEST(lists_newest_first_in_pages),
    TEST(a_page_survives_its_end), TEST(failed_ones_are_found_again),
    TEST(dead_ones_stand_apart), TEST(the_table_goes_on_after_an_id),
    TEST(a_small_struct))

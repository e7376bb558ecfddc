#include "t.h"
#include "../../supervisor/brake.h"
#include "../../supervisor/heart.h"
#include "../../supervisor/life.h"

/* --- life --- */

static void
t_a_good_life(void)
{
	static const struct {
		enum life_event event;
		enum life_state next;
		enum life_action action;
	} step[] = {
	    {LIFE_EV_SPAWN, LIFE_STARTING, LIFE_ASK_SPAWN},
	    {LIFE_EV_HELLO, LIFE_READY, LIFE_GREET},
	    {LIFE_EV_RETIRE, LIFE_CLOSING, LIFE_ASK_RETIRE},
	    {LIFE_EV_BYE, LIFE_LEAVING, LIFE_LET_GO},
	    {LIFE_EV_EXIT, LIFE_EMPTY, LIFE_BURY_WELL},
	};
	enum life_state s = LIFE_EMPTY;

	for (size_t i = 0; i < COUNT_OF(step); i++) {
		struct life_step got = life_step(s, step[i].event);
		EQ_STR(life_state_name(got.next), life_state_name(step[i].next));
		EQ_INT(got.action, step[i].action);
		s = got.next;
	}
}

/* Whatever happens, an exit empties the seat, and a kill of a live worker shoots once.
 */
static void
t_every_state_ends(void)
{
	for (int s = LIFE_STARTING; s < LIFE_STATE_COUNT; s++) {
		struct life_step end = life_step(s, LIFE_EV_EXIT);
		EQ_INT(end.next, LIFE_EMPTY);
		OK(end.action == LIFE_BURY_WELL || end.action == LIFE_BURY_DEAD);
		struct life_step shot = life_step(s, LIFE_EV_KILL);
		EQ_INT(shot.next, LIFE_KILLED);
		EQ_INT(shot.action, s == LIFE_KILLED ? LIFE_IGNORE : LIFE_SHOOT);
	}
}

static void
t_the_odd_changes_nothing(void)
{
	EQ_INT(life_step(LIFE_READY, LIFE_EV_HELLO).action, LIFE_ODD);
	EQ_INT(life_step(LIFE_READY, LIFE_EV_HELLO).next, LIFE_READY);
	EQ_INT(life_step(LIFE_EMPTY, LIFE_EV_BYE).next, LIFE_EMPTY);
	for (int s = 0; s < LIFE_STATE_COUNT; s++)
		for (int e = 0; e < LIFE_EVENT_COUNT; e++)
			OK(life_step(s, e).next < LIFE_STATE_COUNT);
}

/* --- heart --- */

static struct heart_view
view_at(int64_t now_ms)
{
	return (struct heart_view){.now_ms = now_ms,
	    .burst_limit_ms = 10000,
	    .beat_timeout_ms = 10000,
	    .start_timeout_ms = 5000};
}

static void
t_a_silent_worker_is_noticed(void)
{
	struct heart h = {.alive_ms = 1000};
	struct heart_view v = view_at(11000);

	EQ_INT(heart_judge(&h, &v), HEART_BEATS);
	v.now_ms = 11001;
	EQ_INT(heart_judge(&h, &v), HEART_SILENT);
	heart_heard(&h, 11001);
	EQ_INT(heart_judge(&h, &v), HEART_BEATS);
	heart_heard(&h, 5); /* never backwards */
	EQ_INT(h.alive_ms, 11001);
}

static void
t_a_long_burst_is_noticed(void)
{
	struct heart h = {.alive_ms = 1000};
	struct heart_view v = view_at(12000);

	v.burst_began_ms = 2000;
	v.bursts = 1;
	EQ_INT(heart_judge(&h, &v), HEART_BEATS);
	v.now_ms = 12001;
	EQ_INT(heart_judge(&h, &v), HEART_BURST_TOO_LONG);
}

/* burst: 60 s keeps the beat away for a minute: no verdict then, nor right after. */
static void
t_an_allowed_long_burst_is_forgiven(void)
{
	struct heart h = {.alive_ms = 0};
	struct heart_view v = view_at(59000);

	v.burst_limit_ms = 60000;
	v.burst_began_ms = 1;
	v.bursts = 7;
	EQ_INT(heart_judge(&h, &v), HEART_BEATS);
	v.burst_began_ms = 0;
	v.now_ms = 60000;
	EQ_INT(heart_judge(&h, &v), HEART_BEATS);
	v.now_ms = 70000;
	EQ_INT(heart_judge(&h, &v), HEART_SILENT);
}

static void
t_one_that_never_came(void)
{
	struct heart h = {.alive_ms = 0};
	struct heart_view v = view_at(5000);

	v.starting = true;
	EQ_INT(heart_judge(&h, &v), HEART_BEATS);
	v.now_ms = 5001;
	EQ_INT(heart_judge(&h, &v), HEART_NEVER_CAME);
}

/* --- brake --- */

static void
t_the_brake_lets_some_through(void)
{
	struct brake b;

	brake_init(&b, 3, 10000, 1000);
	EQ_INT(brake_wait_ms(&b, 0), 0);
	brake_on_death(&b, 100);
	brake_on_death(&b, 200);
	EQ_INT(brake_wait_ms(&b, 200), 0);
	brake_on_death(&b, 300);
	EQ_INT(brake_wait_ms(&b, 300), 1000);
	EQ_INT(brake_wait_ms(&b, 1100), 200);
	EQ_INT(brake_wait_ms(&b, 1300), 0);
	EQ_INT(brake_wait_ms(&b, 10100), 0);
}

/* Under a storm of any length: never more than `allowed` and one a pause. */
static void
t_a_storm_is_bounded(void)
{
	struct brake b;
	int64_t now = 0;
	int starts = 0;

	brake_init(&b, 5, 10000, 1000);
	while (now < 100000) {
		now += brake_wait_ms(&b, now);
		starts++;
		brake_on_death(&b, ++now);
	}
	t_note("%d starts in 100 s of dying at once", starts);
	OK(starts <= 5 + 100 + 1);
	OK(starts >= 90);
}

TESTS(TEST(a_good_life), TEST(every_state_ends), TEST(the_odd_changes_nothing),
    TEST(a_silent_worker_is_noticed), TEST(a_long_burst_is_noticed),
    TEST(an_allowed_long_burst_is_forgiven), TEST(one_that_never_came),
    TEST(the_brake_lets_some_through), TEST(a_storm_is_bounded))

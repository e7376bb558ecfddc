#include "t.h"
#include "../../common/err.h"
#include "../../common/taskid.h"

#define T0 1795255200123LL

static void
t_has_the_fields_of_a_uuid_7(void)
{
	struct taskid_maker m = {0};
	struct taskid id;
	char text[TASKID_TEXT_BYTES];

	taskid_next(&m, T0, &id);
	EQ_INT(id.b[6] >> 4, 7);
	EQ_INT(id.b[8] >> 6, 2);
	int64_t ms = 0;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.b[i];
	EQ_INT(ms, T0);
	taskid_text(&id, text);
	EQ_INT(strlen(text), 36);
	OK(text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-');
	EQ_INT(text[14], '7');
}

static void
check_growing(struct taskid_maker *m, int64_t wall_ms, struct taskid *last)
{
	struct taskid id;

	taskid_next(m, wall_ms, &id);
	OK(memcmp(id.b, last->b, TASKID_BYTES) > 0);
	*last = id;
}

static void
t_grows_within_a_millisecond(void)
{
	struct taskid_maker m = {0};
	struct taskid last = {{0}};

	for (int i = 0; i < 20000; i++)
		check_growing(&m, T0, &last);
}

static void
t_grows_when_the_clock_steps_back(void)
{
	struct taskid_maker m = {0};
	struct taskid last = {{0}};
	uint64_t state = t_seed();

	for (int i = 0; i < 20000; i++)
		check_growing(&m, T0 + (int64_t)t_below(&state, 3600000), &last);
	check_growing(&m, 0, &last);
	check_growing(&m, -5, &last);
}

static void
t_is_not_guessed_from_another_maker(void)
{
	struct taskid_maker m = {0}, other = {0};
	struct taskid a, b;
	int same = 0;

	for (int i = 0; i < 1000; i++) {
		taskid_next(&m, T0, &a);
		taskid_next(&other, T0, &b);
		same += memcmp(a.b + 8, b.b + 8, 8) == 0;
	}
	EQ_INT(same, 0);
}

static void
t_text_comes_back(void)
{
	struct taskid_maker m = {0};
	struct taskid id, back;
	char text[TASKID_TEXT_BYTES];

	for (int i = 0; i < 1000; i++) {
		taskid_next(&m, T0 + i, &id);
		taskid_text(&id, text);
		if (i % 2)
			for (char *p = text; *p; p++)
				if (*p >= 'a')
					*p = (char)(*p - 32);
		EQ_INT(taskid_parse(text, 36, &back), 0);
		OK(memcmp(id.b, back.b, TASKID_BYTES) == 0);
	}
}

static void
t_refuses_other_texts(void)
{
	const char *good = "0193c1f2-8f0f-7173-bcfd-6a853ce92492";
	struct taskid id;
	char text[64];

	for (size_t n = 0; n < 36; n++)
		EQ_INT(taskid_parse(good, n, &id), -ERR_MALFORMED);
	EQ_INT(taskid_parse("0193c1f2-8f0f-7173-bcfd-6a853ce924920", 37, &id),
	    -ERR_MALFORMED);
	for (size_t i = 0; i < 36; i++) {
		for (int c = 0; c < 256; c++) {
			bool hex = c && strchr("0123456789abcdefABCDEF", c);
			memcpy(text, good, 37);
			text[i] = (char)c;
			EQ_INT(taskid_parse(text, 36, &id),
			    (good[i] == '-' ? c == '-' : hex) ? 0 : -ERR_MALFORMED);
		}
	}
}

TESTS(TEST(has_the_fields_of_a_uuid_7), TEST(grows_within_a_millisecond),
    TEST(grows_when_the_clock_steps_back), TEST(is_not_guessed_from_another_maker),
    TEST(text_comes_back), TEST(refuses_other_texts))

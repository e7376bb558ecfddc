/* Numbers for people. */
#include "../../common/human.h"
#include "t.h"

static void
t_ms(void)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {{-1, "-"}, {0, "0ms"}, {999, "999ms"}, {1000, "1.0s"},
	    {9949, "9.9s"}, {9950, "10s"}, {59499, "59s"}, {59500, "1m00s"},
	    {3599499, "59m59s"}, {3600000, "1h00m"}, {86399499, "23h59m"},
	    {86400000, "1d00h"}, {86400000LL * 400, "400d00h"}};
	char out[HUMAN_BYTES];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		EQ_STR(human_ms(cases[i].ms, out), cases[i].text);
}

static void
t_us(void)
{
	char out[HUMAN_BYTES];

	EQ_STR(human_us(-1, out), "-");
	EQ_STR(human_us(0, out), "0.00ms");
	EQ_STR(human_us(250, out), "0.25ms");
	EQ_STR(human_us(1500, out), "1.5ms");
	EQ_STR(human_us(10000, out), "10ms");
}

static void
t_bytes(void)
{
	char out[HUMAN_BYTES];

	EQ_STR(human_bytes(0, out), "0B");
	EQ_STR(human_bytes(1023, out), "1023B");
	EQ_STR(human_bytes(1024, out), "1.0K");
	EQ_STR(human_bytes(20 << 20, out), "20M");
	EQ_STR(human_bytes(UINT64_MAX, out), "16E");
}

TESTS(TEST(ms), TEST(us), TEST(bytes))

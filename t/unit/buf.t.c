#include "t.h"
#include "../../common/err.h"
#include <stdlib.h>

static void
t_starts_empty(void)
{
	struct buf b;
	size_t n = 9;

	buf_init(&b, 0);
	EQ_STR(buf_cstr(&b), "");
	EQ_INT(b.n, 0);
	buf_fini(&b);
	OK(buf_take(&b, &n) == NULL);
	EQ_INT(n, 0);
	buf_drop(&b, 0);
	EQ_INT(buf_add(&b, NULL, 0), 0);
	OK(b.p == NULL);
}

static void
t_grows_and_keeps_its_bytes(void)
{
	struct buf b;

	buf_init(&b, 0);
	for (int i = 0; i < 100000; i++)
		EQ_INT(buf_add_byte(&b, (uint8_t)i), 0);
	EQ_INT(b.n, 100000);
	for (int i = 0; i < 100000; i++)
		EQ_INT(b.p[i], i & 255);
	buf_fini(&b);
}

static void
t_refuses_over_its_cap(void)
{
	struct buf b;

	buf_init(&b, 10);
	EQ_INT(buf_add_str(&b, "12345678"), 0);
	EQ_INT(buf_add_str(&b, "abc"), -ERR_TOO_LARGE);
	OK(b.failed);
	EQ_STR(buf_cstr(&b), "12345678");
	EQ_INT(buf_add_str(&b, "ab"), 0);
	OK(b.failed); /* it says so until the reset */
	EQ_STR(buf_cstr(&b), "12345678ab");
	EQ_INT(buf_printf(&b, "%d", 7), -ERR_TOO_LARGE);
	OK(buf_room(&b, 1) == NULL);
	EQ_STR(buf_cstr(&b), "12345678ab");
	buf_reset(&b);
	OK(!b.failed);
	EQ_INT(buf_add(&b, "x", SIZE_MAX), -ERR_TOO_LARGE);
	EQ_INT(buf_printf(&b, "%s", "0123456789"), 0);
	EQ_INT(buf_printf(&b, "%s", ""), 0);
	EQ_INT(b.n, 10);
	buf_fini(&b);
}

static void
t_refuses_an_impossible_size(void)
{
	struct buf b;

	buf_init(&b, 0);
	EQ_INT(buf_add_str(&b, "a"), 0);
	EQ_INT(buf_add(&b, "x", SIZE_MAX), -ERR_TOO_LARGE);
#ifndef __SANITIZE_ADDRESS__ /* it ends the process instead of failing */
	EQ_INT(buf_add(&b, "x", SIZE_MAX / 8), -ERR_NOMEM);
#endif
	OK(b.failed);
	EQ_STR(buf_cstr(&b), "a");
	buf_fini(&b);
}

/* At every length around the sizes that the array has. */
static void
t_prints_at_every_length(void)
{
	char text[300];

	for (int n = 0; n < 290; n++) {
		struct buf b;
		memset(text, 'a' + n % 26, (size_t)n);
		text[n] = '\0';
		buf_init(&b, 0);
		EQ_INT(buf_add_str(&b, "<"), 0);
		EQ_INT(buf_printf(&b, "%s", text), 0);
		EQ_INT(buf_printf(&b, ">"), 0);
		EQ_INT(b.n, n + 2);
		OK(memcmp(b.p + 1, text, (size_t)n) == 0 && b.p[n + 1] == '>');
		EQ_INT(strlen(buf_cstr(&b)), n + 2);
		buf_fini(&b);
	}
}

static void
t_drops_from_the_front(void)
{
	struct buf b;

	buf_init(&b, 0);
	buf_add_str(&b, "hello world");
	buf_drop(&b, 6);
	EQ_STR(buf_cstr(&b), "world");
	buf_drop(&b, 5);
	EQ_INT(b.n, 0);
	buf_fini(&b);
}

static void
t_gives_its_bytes_away(void)
{
	struct buf b;
	size_t n;

	buf_init(&b, 100);
	buf_add_str(&b, "mine");
	uint8_t *p = buf_take(&b, &n);
	EQ_INT(n, 4);
	OK(memcmp(p, "mine", 4) == 0);
	OK(b.p == NULL && b.n == 0 && b.room == 0);
	EQ_INT(b.cap_bytes, 100);
	free(p);
	buf_add_str(&b, "x");
	buf_reset(&b);
	OK(buf_take(&b, &n) == NULL);
}

static void
t_gives_memory_back(void)
{
	struct buf b;

	buf_init(&b, 0);
	OK(buf_room(&b, 100000) != NULL);
	buf_grew(&b, 100000);
	buf_shrink(&b, 1000);
	EQ_INT(b.n, 0);
	EQ_INT(b.room, 1000);
	EQ_INT(buf_add_str(&b, "again"), 0);
	buf_shrink(&b, 0);
	OK(b.p == NULL);
	EQ_INT(buf_add_str(&b, "and again"), 0);
	EQ_STR(buf_cstr(&b), "and again");
	buf_fini(&b);
}

static void
t_compares_spans(void)
{
	OK(span_eq(SPAN_NONE, span_str("")));
	OK(span_eq(SPAN_NONE, span_str(NULL)));
	OK(span_is(span_of("abc", 2), "ab"));
	OK(!span_is(span_of("abc", 3), "ab"));
	OK(!span_is(span_of("a\0", 2), "a"));
}

TESTS(TEST(starts_empty), TEST(grows_and_keeps_its_bytes), TEST(refuses_over_its_cap),
    TEST(refuses_an_impossible_size), TEST(prints_at_every_length),
    TEST(drops_from_the_front), TEST(gives_its_bytes_away), TEST(gives_memory_back),
    TEST(compares_spans))

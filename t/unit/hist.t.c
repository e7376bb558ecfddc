#include "t.h"
#include "../../supervisor/hist.h"
#include <stdlib.h>

static struct buf text;

static const char *
written(const struct hist *h)
{
	buf_fini(&text);
	buf_init(&text, 0);
	hist_write(h, "m_seconds", "lane=\"main\"", &text);
	return buf_cstr(&text);
}

static void
t_begins_empty(void)
{
	struct hist h = {0};

	EQ_INT(hist_count(&h), 0);
	OK(strstr(written(&h), "m_seconds_bucket{lane=\"main\",le=\"0.0001\"} 0\n"));
	OK(strstr(written(&h), "m_seconds_count{lane=\"main\"} 0\n"));
	OK(strstr(written(&h), "m_seconds_sum{lane=\"main\"} 0.000000\n"));
}

static void
t_a_bound_belongs_below(void)
{
	struct hist h = {0};

	hist_add(&h, 1000);
	hist_add(&h, 1001);
	OK(strstr(written(&h), "le=\"0.0005\"} 0\n"));
	OK(strstr(written(&h), "le=\"0.001\"} 1\n"));
	OK(strstr(written(&h), "le=\"0.0025\"} 2\n"));
	OK(strstr(written(&h), "m_seconds_sum{lane=\"main\"} 0.002001\n"));
}

static void
t_takes_everything(void)
{
	struct hist h = {0};

	hist_add(&h, 0);
	hist_add(&h, 600000000);
	hist_add(&h, 600000001);
	hist_add(&h, UINT32_MAX);
	EQ_INT(hist_count(&h), 4);
	OK(strstr(written(&h), "le=\"0.0001\"} 1\n"));
	OK(strstr(written(&h), "le=\"600.0\"} 2\n"));
	OK(strstr(written(&h), "le=\"+Inf\"} 4\n"));
	OK(strstr(written(&h), "m_seconds_count{lane=\"main\"} 4\n"));
	OK(strstr(written(&h), "m_seconds_sum{lane=\"main\"} 5494.967296\n"));
}

/* Each bucket counts those below, too. */
static void
t_never_falls(void)
{
	unsigned long long before = 0, n;
	struct hist h = {0};
	int lines = 0;

	for (uint64_t us = 1; us < 1000000000; us = us * 3 / 2 + 1)
		hist_add(&h, us);
	for (const char *p = written(&h); (p = strstr(p, "le=\"")); p++, lines++) {
		OK((p = strstr(p, "} ")) != NULL);
		n = strtoull(p + 2, NULL, 10);
		OK(n >= before);
		before = n;
	}
	EQ_INT(lines, HIST_BOUNDS + 1);
	EQ_INT(before, hist_count(&h));
	buf_fini(&text);
	buf_init(&text, 0);
	hist_write(&h, "m", "", &text);
	OK(strncmp(buf_cstr(&text), "m_bucket{le=\"0.0001\"}", 21) == 0);
	buf_fini(&text);
}

static void
t_sizes(void)
{
	struct hist h = {0};

	hist_add_size(&h, 1);
	hist_add_size(&h, 2);
	hist_add_size(&h, 3);
	hist_add_size(&h, 5000);
	buf_fini(&text);
	buf_init(&text, 0);
	hist_write_sizes(&h, "m", "", &text);
	OK(strstr(buf_cstr(&text), "m_bucket{le=\"1.0\"} 1\nm_bucket{le=\"2.0\"} 2\n"));
	OK(strstr(buf_cstr(&text), "m_bucket{le=\"4.0\"} 3\n"));
	OK(strstr(buf_cstr(&text), "m_bucket{le=\"1024.0\"} 3\nm_bucket{le=\"+Inf\"} "
				   "4\nm_count 4\nm_sum 5006\n"));
	buf_fini(&text);
}

TESTS(TEST(begins_empty), TEST(a_bound_belongs_below), TEST(takes_everything),
    TEST(never_falls), TEST(sizes))

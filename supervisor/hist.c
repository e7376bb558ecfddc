#include "hist.h"
#include "../common/check.h"
#include <stdio.h>

/* A value that is a bound belongs below it, as OpenMetrics has it. */
struct hist_bound {
	uint64_t value;
	const char *text;
};
static const struct hist_bound hist_times[HIST_BOUNDS] = {
    {100, "0.0001"},
    {250, "0.00025"},
    {500, "0.0005"},
    {1000, "0.001"},
    {2500, "0.0025"},
    {5000, "0.005"},
    {10000, "0.01"},
    {25000, "0.025"},
    {50000, "0.05"},
    {100000, "0.1"},
    {250000, "0.25"},
    {500000, "0.5"},
    {1000000, "1.0"},
    {2500000, "2.5"},
    {5000000, "5.0"},
    {10000000, "10.0"},
    {30000000, "30.0"},
    {60000000, "60.0"},
    {300000000, "300.0"},
    {600000000, "600.0"},
};

static const struct hist_bound hist_sizes[] = {
    {1, "1.0"},
    {2, "2.0"},
    {4, "4.0"},
    {8, "8.0"},
    {16, "16.0"},
    {32, "32.0"},
    {64, "64.0"},
    {128, "128.0"},
    {256, "256.0"},
    {512, "512.0"},
    {1024, "1024.0"},
};

static void
hist_count_in(struct hist *h, const struct hist_bound *bound, size_t bounds, uint64_t v)
{
	size_t i = 0;

	while (i < bounds && v > bound[i].value)
		i++;
	h->n[i]++;
	h->sum += v;
}

void
hist_add(struct hist *h, uint64_t us)
{
	hist_count_in(h, hist_times, HIST_BOUNDS, us);
}

void
hist_add_size(struct hist *h, uint64_t size)
{
	hist_count_in(h, hist_sizes, COUNT_OF(hist_sizes), size);
}

uint64_t
hist_count(const struct hist *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= HIST_BOUNDS; i++)
		n += h->n[i];
	return n;
}

/* A sum without labels has no braces. */
static void
hist_write_total(struct buf *out, const char *metric, const char *what,
    const char *labels, const char *value)
{
	bool some = labels[0] != '\0';

	buf_printf(out, "%s_%s%s%s%s %s\n", metric, what, some ? "{" : "", labels,
	    some ? "}" : "", value);
}

static void
hist_write_lines(const struct hist *h, const struct hist_bound *bound, size_t bounds,
    const char *metric, const char *labels, const char *sum, struct buf *out)
{
	unsigned long long n = 0;
	char count[24];

	for (size_t i = 0; i <= bounds; i++) {
		n += h->n[i];
		buf_printf(out, "%s_bucket{%s%sle=\"%s\"} %llu\n", metric, labels,
		    labels[0] ? "," : "", i < bounds ? bound[i].text : "+Inf", n);
	}
	snprintf(count, sizeof count, "%llu", n);
	hist_write_total(out, metric, "count", labels, count);
	hist_write_total(out, metric, "sum", labels, sum);
}

uint64_t
hist_bound_us(size_t i)
{
	return hist_times[i].value;
}

void
hist_write(
    const struct hist *h, const char *metric, const char *labels, struct buf *out)
{
	char sum[40];

	snprintf(sum, sizeof sum, "%llu.%06llu", (unsigned long long)(h->sum / 1000000),
	    (unsigned long long)(h->sum % 1000000));
	hist_write_lines(h, hist_times, HIST_BOUNDS, metric, labels, sum, out);
}

void
hist_write_sizes(
    const struct hist *h, const char *metric, const char *labels, struct buf *out)
{
	char sum[40];

	snprintf(sum, sizeof sum, "%llu", (unsigned long long)h->sum);
	hist_write_lines(h, hist_sizes, COUNT_OF(hist_sizes), metric, labels, sum, out);
}

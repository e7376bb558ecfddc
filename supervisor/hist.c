#include "hist.h"

/* A value that is a bound belongs below it, as OpenMetrics has it. */
static const struct {
	uint64_t us;
	const char *seconds;
} hist_bounds[HIST_BOUNDS] = {
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

void
hist_add(struct hist *h, uint64_t us)
{
	size_t i = 0;

	while (i < HIST_BOUNDS && us > hist_bounds[i].us)
		i++;
	h->n[i]++;
	h->sum_us += us;
}

uint64_t
hist_count(const struct hist *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= HIST_BOUNDS; i++)
		n += h->n[i];
	return n;
}

void
hist_write(
    const struct hist *h, const char *metric, const char *labels, struct buf *out)
{
	unsigned long long n = 0;

	for (size_t i = 0; i <= HIST_BOUNDS; i++) {
		n += h->n[i];
		buf_printf(out, "%s_bucket{%s%sle=\"%s\"} %llu\n", metric, labels,
		    labels[0] ? "," : "",
		    i < HIST_BOUNDS ? hist_bounds[i].seconds : "+Inf", n);
	}
	buf_printf(out, "%s_count{%s} %llu\n", metric, labels, n);
	buf_printf(out, "%s_sum{%s} %llu.%06llu\n", metric, labels,
	    (unsigned long long)(h->sum_us / 1000000),
	    (unsigned long long)(h->sum_us % 1000000));
}

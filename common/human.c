#include "human.h"
#include <stdio.h>

#define S_PER_MIN 60
#define S_PER_HOUR 3600
#define S_PER_DAY 86400

const char *
human_ms(int64_t ms, char out[HUMAN_BYTES])
{
	int64_t s = (ms + 500) / 1000;

	if (ms < 0)
		snprintf(out, HUMAN_BYTES, "-");
	else if (ms < 1000)
		snprintf(out, HUMAN_BYTES, "%dms", (int)ms);
	else if (ms < 9950)
		snprintf(out, HUMAN_BYTES, "%.1fs", (double)ms / 1000);
	else if (s < S_PER_MIN)
		snprintf(out, HUMAN_BYTES, "%ds", (int)s);
	else if (s < S_PER_HOUR)
		snprintf(out, HUMAN_BYTES, "%dm%02ds", (int)(s / S_PER_MIN),
		    (int)(s % S_PER_MIN));
	else if (s < S_PER_DAY)
		snprintf(out, HUMAN_BYTES, "%dh%02dm", (int)(s / S_PER_HOUR),
		    (int)(s % S_PER_HOUR / S_PER_MIN));
	else
		snprintf(out, HUMAN_BYTES, "%lldd%02dh", (long long)(s / S_PER_DAY),
		    (int)(s % S_PER_DAY / S_PER_HOUR));
	return out;
}

const char *
human_us(int64_t us, char out[HUMAN_BYTES])
{
	if (us < 0 || us >= 10000)
		return human_ms(us < 0 ? -1 : us / 1000, out);
	snprintf(out, HUMAN_BYTES, us < 1000 ? "%.2fms" : "%.1fms", (double)us / 1000);
	return out;
}

const char *
human_bytes(uint64_t bytes, char out[HUMAN_BYTES])
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	int i = -1;

	if (bytes < 1024) {
		snprintf(out, HUMAN_BYTES, "%uB", (unsigned)bytes);
		return out;
	}
	while (v >= 1023.5 && units[i + 1] != '\0') {
		v /= 1024;
		i++;
	}
	snprintf(out, HUMAN_BYTES, v < 9.95 ? "%.1f%c" : "%.0f%c", v, units[i]);
	return out;
}

/*
 * brake.h: bounds restart storms. Only unproductive deaths count, those of a worker that
 * finished no task: a worker that works and is then killed may be replaced at once, as
 * often as it happens. Over the bound, the next start waits; it never stops for good.
 * Pure; after OTP's restart intensity.
 */
#ifndef DEFERD_BRAKE_H
#define DEFERD_BRAKE_H

#include <stdint.h>

#define BRAKE_MAX 64

struct brake {
	int64_t died_ms[BRAKE_MAX]; /* ring of the last deaths */
	unsigned next, n;
	unsigned allowed;  /* deaths within the window before it brakes, 1..BRAKE_MAX */
	int64_t window_ms; /* how long a death counts */
	int64_t pause_ms;  /* between two starts while it brakes */
};

void brake_init(struct brake *, unsigned allowed, int64_t window_ms, int64_t pause_ms);
void brake_on_death(struct brake *, int64_t now_ms);
/* 0: start now. Otherwise how many milliseconds to wait. */
int64_t brake_wait_ms(const struct brake *, int64_t now_ms);

#endif

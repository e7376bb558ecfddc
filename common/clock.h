/*
 * clock.h: time. Only loop files call clock_*_now*; pure rooms are handed `now`.
 *
 * Monotonic times are int64_t nanoseconds or milliseconds since an arbitrary start
 * (CLOCK_MONOTONIC, the same for all processes of a host). Wall times are
 * milliseconds since 1970, UTC.
 */
#ifndef DEFERD_CLOCK_H
#define DEFERD_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000LL

int64_t clock_now_ns(void);
int64_t clock_now_ms(void);
int64_t clock_wall_ms(void);

/* "250ms" "10" "10s" "5m" "1h30m" "2d" -> milliseconds; a bare number is seconds
 * and may have a fraction ("0.5"). -ERR_MALFORMED or -ERR_RANGE (negative, or over
 * ten years) otherwise. */
int clock_parse_ms(const char *text, int64_t *out_ms);
/* The other way, shortest: "1h30m", "10s", "250ms". out gets at most n bytes. */
const char *clock_format_ms(int64_t ms, char *out, size_t n);
/* RFC 3339 with milliseconds, UTC: "2026-11-21T10:00:00.123Z". At least 25 bytes. */
const char *clock_format_wall(int64_t wall_ms, char *out, size_t n);
/* RFC 3339 text -> wall ms; -ERR_MALFORMED otherwise. */
int clock_parse_wall(const char *text, size_t n, int64_t *out_ms);

#endif

/*
 * human.h: numbers for people: short, with a unit, never more exact than useful.
 */
#ifndef DEFERD_HUMAN_H
#define DEFERD_HUMAN_H

#include <stddef.h>
#include <stdint.h>

#define HUMAN_BYTES 24

/* "250ms" "1.5s" "4m05s" "3h07m" "2d04h"; negative: "-". Returns out. */
const char *human_ms(int64_t ms, char out[HUMAN_BYTES]);
/* Below a millisecond "0.25ms", else as human_ms. */
const char *human_us(int64_t us, char out[HUMAN_BYTES]);
/* "512B" "1.5K" "20M" "3.2G" */
const char *human_bytes(uint64_t bytes, char out[HUMAN_BYTES]);

#endif

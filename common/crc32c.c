/*
 * crc32c.c: by a table of sixteen, half a byte a step: a few hundred MB/s, and no
 * state.
 */
#include "crc32c.h"

#define CRC32C_POLY 0x82f63b78u /* 0x1edc6f41, reflected */
#define BIT(c) (((c) >> 1) ^ (CRC32C_POLY & (0u - ((c)&1u))))
#define ENTRY(c) BIT(BIT(BIT(BIT(c))))

static const uint32_t crc32c_table[16] = {ENTRY(0u), ENTRY(1u), ENTRY(2u), ENTRY(3u),
    ENTRY(4u), ENTRY(5u), ENTRY(6u), ENTRY(7u), ENTRY(8u), ENTRY(9u), ENTRY(10u),
    ENTRY(11u), ENTRY(12u), ENTRY(13u), ENTRY(14u), ENTRY(15u)};

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint32_t c = ~crc;

	for (; n > 0; n--, p++) {
		c ^= *p;
		c = (c >> 4) ^ crc32c_table[c & 15];
		c = (c >> 4) ^ crc32c_table[c & 15];
	}
	return ~c;
}

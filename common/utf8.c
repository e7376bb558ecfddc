/*
 * utf8.c: well-formed UTF-8, by RFC 3629's table of first and second bytes.
 */
#include "utf8.h"

struct utf8_row {
	uint8_t first_min, first_max, second_min, second_max, bytes;
};

static const struct utf8_row utf8_rows[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t
utf8_char_bytes(const uint8_t *p, const uint8_t *end)
{
	if (*p < 0x80)
		return 1;
	for (size_t i = 0; i < COUNT_OF(utf8_rows); i++) {
		const struct utf8_row *row = &utf8_rows[i];
		if (*p > row->first_max)
			continue;
		if (*p < row->first_min || end - p < row->bytes ||
		    p[1] < row->second_min || p[1] > row->second_max)
			return 0;
		for (int k = 2; k < row->bytes; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return row->bytes;
	}
	return 0;
}

size_t
utf8_ascii_bytes(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = p;

	for (uint64_t word; end - at >= 8; at += 8) {
		memcpy(&word, at, 8);
		if (word & 0x8080808080808080ULL)
			break;
	}
	while (at < end && *at < 0x80)
		at++;
	return (size_t)(at - p);
}

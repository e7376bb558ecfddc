/*
 * utf8.h: the one place that knows what well-formed UTF-8 is (RFC 3629: no surrogates,
 * no overlong forms, nothing above U+10FFFF).
 */
#ifndef DEFERD_UTF8_H
#define DEFERD_UTF8_H

#include "buf.h"

/* Bytes of the well-formed character at p, 1 to 4; 0: there is none. p < end. */
size_t utf8_char_bytes(const uint8_t *p, const uint8_t *end);
/* Bytes of plain ASCII (0x00 to 0x7f) from p on. */
size_t utf8_ascii_bytes(const uint8_t *p, const uint8_t *end);

#endif

/*
 * crc32c.h: CRC-32C (Castagnoli, as in RFC 3720 B.4), for records on disk.
 */
#ifndef DEFERD_CRC32C_H
#define DEFERD_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of the bytes, continued from `crc` (0 at the start). */
uint32_t crc32c(uint32_t crc, const void *p, size_t n_bytes);

#endif

/*
 * store_wal.c: walks the frames of a log file. Reads only.
 */
#include "store_wal.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAL_HEADER_BYTES 32
#define WAL_FRAME_HEADER_BYTES 24
#define WAL_MAGIC 0x377f0682u /* the last bit: checksums of big-endian words */
#define WAL_PAGE_MAX 65536

struct wal {
	FILE *file;
	uint32_t page_bytes;
	bool big_endian;
	uint8_t salts[8];
	uint32_t sum[2]; /* running checksum */
	uint8_t frame[WAL_FRAME_HEADER_BYTES + WAL_PAGE_MAX];
};

static uint32_t
wal_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
wal_word(const struct wal *w, const uint8_t *p)
{
	return w->big_endian ? wal_be32(p)
			     : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
				   (uint32_t)p[1] << 8 | p[0];
}

static void
wal_sum(struct wal *w, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		w->sum[0] += wal_word(w, p + i) + w->sum[1];
		w->sum[1] += wal_word(w, p + i + 4) + w->sum[0];
	}
}

static bool
wal_begin(struct wal *w)
{
	uint8_t h[WAL_HEADER_BYTES];

	if (fread(h, sizeof h, 1, w->file) != 1 || (wal_be32(h) & ~1u) != WAL_MAGIC)
		return false;
	w->big_endian = wal_be32(h) & 1;
	w->page_bytes = wal_be32(h + 8);
	memcpy(w->salts, h + 16, sizeof w->salts);
	wal_sum(w, h, 24);
	return w->page_bytes >= 512 && w->page_bytes <= WAL_PAGE_MAX;
}

/* Whether SQLite believes the frame that was just read. */
static bool
wal_frame_good(struct wal *w)
{
	wal_sum(w, w->frame, 8);
	wal_sum(w, w->frame + WAL_FRAME_HEADER_BYTES, w->page_bytes);
	return memcmp(w->frame + 8, w->salts, sizeof w->salts) == 0 &&
	       wal_be32(w->frame + 16) == w->sum[0] &&
	       wal_be32(w->frame + 20) == w->sum[1];
}

uint64_t
store_wal_lost_frames(const char *path, int *committed)
{
	struct wal *w = calloc(1, sizeof *w);
	uint64_t lost = 0;
	bool good = true;

	*committed = 0;
	if (!w || !(w->file = fopen(path, "re"))) {
		free(w);
		return 0;
	}
	if (wal_begin(w)) {
		size_t whole = WAL_FRAME_HEADER_BYTES + w->page_bytes;
		while (fread(w->frame, whole, 1, w->file) == 1) {
			bool first_bad = good && !(good = wal_frame_good(w));
			if (good ||
			    memcmp(w->frame + 8, w->salts, sizeof w->salts) != 0)
				continue;
			lost++;
			/* The size of the database stands in a commit's last frame. */
			if (!first_bad && wal_be32(w->frame + 4) != 0)
				*committed = 1;
		}
	}
	fclose(w->file);
	free(w);
	return lost;
}

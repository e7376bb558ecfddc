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
#define WAL_VERSION 3007000
#define WAL_PAGE_BYTES 4096 /* of the store's files */

struct wal_sum {
	uint32_t word[2];
};

struct wal {
	FILE *file;
	uint32_t page_bytes;
	bool big_endian;
	bool header_bad; /* SQLite believes nothing of this log */
	uint8_t salts[8];
	/* Of what came before the frame: as it is written there, and as its bytes give
	 * it. They differ where a byte has changed. */
	struct wal_sum written, counted;
	uint8_t frame[WAL_FRAME_HEADER_BYTES + WAL_PAGE_BYTES];
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

static struct wal_sum
wal_add(const struct wal *w, struct wal_sum sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		sum.word[0] += wal_word(w, p + i) + sum.word[1];
		sum.word[1] += wal_word(w, p + i + 4) + sum.word[0];
	}
	return sum;
}

static struct wal_sum
wal_sum_at(const uint8_t *p)
{
	return (struct wal_sum){{wal_be32(p), wal_be32(p + 4)}};
}

static bool
wal_sum_eq(struct wal_sum a, struct wal_sum b)
{
	return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

static bool
wal_begin(struct wal *w)
{
	uint8_t h[WAL_HEADER_BYTES];

	if (fread(h, sizeof h, 1, w->file) != 1)
		return false;
	w->big_endian = wal_be32(h) & 1;
	w->page_bytes = wal_be32(h + 8);
	memcpy(w->salts, h + 16, sizeof w->salts);
	w->counted = wal_add(w, (struct wal_sum){{0}}, h, 24);
	w->written = wal_sum_at(h + 24);
	w->header_bad =
	    (wal_be32(h) & ~1u) != WAL_MAGIC || wal_be32(h + 4) != WAL_VERSION ||
	    w->page_bytes != WAL_PAGE_BYTES || !wal_sum_eq(w->counted, w->written);
	if (w->header_bad) {
		w->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
		w->page_bytes = WAL_PAGE_BYTES;
	}
	return true;
}

static struct wal_sum
wal_add_frame(const struct wal *w, struct wal_sum sum)
{
	return wal_add(w, wal_add(w, sum, w->frame, 8),
	    w->frame + WAL_FRAME_HEADER_BYTES, w->page_bytes);
}

/* Whether the frame that was just read was written behind the one before it. */
static bool
wal_follows(struct wal *w)
{
	struct wal_sum here = wal_sum_at(w->frame + 16),
		       from_counted = wal_add_frame(w, w->counted),
		       from_written = wal_add_frame(w, w->written);
	bool follows = wal_sum_eq(here, from_counted) || wal_sum_eq(here, from_written);

	w->counted = from_written;
	w->written = here;
	return follows;
}

static bool
wal_read(struct wal *w)
{
	return fread(w->frame, WAL_FRAME_HEADER_BYTES + w->page_bytes, 1, w->file) == 1;
}

/* Goes to the first frame that SQLite will not believe. */
static bool
wal_find_bad(struct wal *w)
{
	while (wal_read(w)) {
		if (w->header_bad) {
			memcpy(w->salts, w->frame + 8, sizeof w->salts);
			wal_follows(w);
			return true;
		}
		if (!wal_follows(w) ||
		    memcmp(w->frame + 8, w->salts, sizeof w->salts) != 0)
			return true;
	}
	return false;
}

/* Counts it and the frames behind it. A transaction is synced before the next one is
 * written: so a frame that follows the last one of a transaction (in which the size of
 * the database stands) says that this one was committed. */
static uint64_t
wal_count_lost(struct wal *w, int *committed)
{
	uint64_t lost = 0;
	bool ended = w->header_bad, first = true;

	do {
		bool ours = memcmp(w->frame + 8, w->salts, sizeof w->salts) == 0;
		bool follows = !first && wal_follows(w);
		bool last = wal_be32(w->frame + 4) != 0;
		lost += ours;
		if (ours && ended && (follows || (w->header_bad && last)))
			*committed = 1;
		ended = (ours || first) && (last || w->header_bad);
		first = false;
	} while (wal_read(w));
	return lost;
}

uint64_t
store_wal_lost_frames(const char *path, int *committed)
{
	struct wal *w = calloc(1, sizeof *w);
	uint64_t lost = 0;

	*committed = 0;
	if (w && (w->file = fopen(path, "re"))) {
		if (wal_begin(w) && wal_find_bad(w))
			lost = wal_count_lost(w, committed);
		fclose(w->file);
	}
	free(w);
	return lost;
}

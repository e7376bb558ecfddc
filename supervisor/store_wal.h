/*
 * store_wal.h: a look at SQLite's log file before SQLite opens it. SQLite stops
 * replaying at the first frame whose checksum is wrong and says nothing: right after a
 * crash in the middle of a write, silent loss after a damaged byte. The two differ in
 * what stands behind that frame. File format: sqlite.org/fileformat2.html, section 4.
 */
#ifndef DEFERD_STORE_WAL_H
#define DEFERD_STORE_WAL_H

#include <stdint.h>

/* Frames of this run of the log that stand behind the first one that SQLite will not
 * believe: those whose salts are this log's. A crash leaves none that were committed;
 * so more than 0 with *committed set means that commits are lost. 0 also when there is
 * no readable log. Reads the whole file; blocks. */
uint64_t store_wal_lost_frames(const char *path, int *committed);

#endif

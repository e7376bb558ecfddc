/* rss.h: how much memory a process has resident. */
#ifndef DEFERD_RSS_H
#define DEFERD_RSS_H

#include <stdint.h>
#include <sys/types.h>

/* Of that process, 0 for this one; -1: it is gone, or the kernel does not tell (a /proc
 * that is mounted with hidepid). */
int64_t rss_bytes(pid_t);

#endif

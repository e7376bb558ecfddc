/*
 * link_close.h: closes sockets off the loop. NNG 1.5's nng_close may never return when its
 * peer was killed at a bad moment (seen once in a storm of signals: its reaper waited for a
 * pipe for ever). It costs a thread then, and not the loop.
 */
#ifndef DEFERD_LINK_CLOSE_H
#define DEFERD_LINK_CLOSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct link_closer {
	atomic_size_t closing; /* sockets that are being closed */
};

/* Closes the NNG socket of that id, then free()s memory, which NNG's callbacks may use until
 * then. Does not block, unless no thread can be made. */
void link_closer_close(struct link_closer *, uint32_t socket, void *memory);
/* Waits until all are closed; false: not within wait_ms. */
bool link_closer_wait(struct link_closer *, int64_t wait_ms);

#endif

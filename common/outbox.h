/*
 * outbox.h: messages on their way out, packed into batches. A batch closes at
 * batch_bytes; a message that is larger than that travels alone.
 */
#ifndef DEFERD_OUTBOX_H
#define DEFERD_OUTBOX_H

#include "msg.h"
#include <sys/queue.h>

struct batch {
	STAILQ_ENTRY(batch) next;
	struct buf bytes;
	unsigned tasks; /* messages in it that carry one, see msg_is_task */
};

struct outbox {
	STAILQ_HEAD(, batch) full; /* owned; in order, before current */
	struct batch *current;	   /* owned; NULL: empty */
	struct buf item;	   /* the message that is being packed */
	size_t batch_bytes;
	struct batch *spare; /* owned; one kept for reuse */
};

void outbox_init(struct outbox *, size_t batch_bytes);
void outbox_fini(struct outbox *);
/* Packs a message; what cannot be packed (no memory) is logged and dropped: false. */
bool outbox_put(struct outbox *, enum msg_number, const void *fields);
/* The oldest batch, still owned by the outbox; NULL: nothing to send. */
struct batch *outbox_peek(struct outbox *);
/* It has been sent. */
void outbox_drop(struct outbox *);
static inline bool
outbox_empty(const struct outbox *o)
{
	return !o->current && STAILQ_EMPTY(&o->full);
}

#endif

/* outbox.c: see outbox.h. */
#include "outbox.h"
#include "err.h"
#include "log.h"
#include <stdlib.h>

#define BATCH_KEEP_BYTES (256 * 1024)

void
outbox_init(struct outbox *o, size_t batch_bytes)
{
	*o = (struct outbox){.batch_bytes = batch_bytes};
	STAILQ_INIT(&o->full);
	buf_init(&o->item, 0);
}

static void
batch_free(struct batch *b)
{
	if (!b)
		return;
	buf_fini(&b->bytes);
	free(b);
}

void
outbox_fini(struct outbox *o)
{
	while (outbox_peek(o))
		outbox_drop(o);
	batch_free(o->spare);
	buf_fini(&o->item);
}

static struct batch *
batch_new(struct outbox *o)
{
	struct batch *b = o->spare;

	o->spare = NULL;
	if (!b) {
		b = xcalloc(1, sizeof *b);
		buf_init(&b->bytes, 0);
	}
	return b;
}

static void
outbox_close_batch(struct outbox *o)
{
	if (o->current)
		STAILQ_INSERT_TAIL(&o->full, o->current, next);
	o->current = NULL;
}

bool
outbox_put(struct outbox *o, enum msg_number number, const void *fields)
{
	buf_reset(&o->item);
	int rc = msg_pack(&o->item, number, fields);
	if (rc == 0) {
		if (o->current && o->current->bytes.n + o->item.n > o->batch_bytes)
			outbox_close_batch(o);
		if (!o->current)
			o->current = batch_new(o);
		rc = buf_add_span(&o->current->bytes, buf_span(&o->item));
		o->current->tasks += rc == 0 && msg_is_task(number);
	}
	if (rc != 0)
		log_error("%s cannot be packed: %s: it is dropped", msg_name(number),
		    err_text(rc));
	buf_shrink(&o->item, BATCH_KEEP_BYTES);
	return rc == 0;
}

struct batch *
outbox_peek(struct outbox *o)
{
	if (STAILQ_EMPTY(&o->full))
		outbox_close_batch(o);
	return STAILQ_FIRST(&o->full);
}

void
outbox_drop(struct outbox *o)
{
	struct batch *b = outbox_peek(o);

	STAILQ_REMOVE_HEAD(&o->full, next);
	if (o->spare) {
		batch_free(b);
		return;
	}
	buf_shrink(&b->bytes, BATCH_KEEP_BYTES);
	buf_reset(&b->bytes);
	b->tasks = 0;
	o->spare = b;
}

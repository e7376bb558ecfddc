/*
 * text.h: bytes from handlers as text that a message may carry.
 */
#ifndef DEFERD_TEXT_H
#define DEFERD_TEXT_H

#include "../common/buf.h"

/* Appends at most max_bytes of s: bytes that are no UTF-8 become "?", and a cut text
 * ends in "...". */
void text_add_clean(struct buf *, struct span s, size_t max_bytes);

#endif

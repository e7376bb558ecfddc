/*
 * ctlproto.h: the control socket's framing and words, pure. See deferd-control(7).
 *
 * Request: one line of words, shell quoting ('..', "..", backslash), at most
 * CTL_LINE_BYTES with its newline. Reply: "<code> <bytes>\n", then exactly that many
 * bytes, the last one a newline. Codes as HTTP's.
 */
#ifndef DEFERD_CTLPROTO_H
#define DEFERD_CTLPROTO_H

#include "buf.h"

/* Every JSON object of the control socket has it as its first member, "schema": names and
 * their meaning stay while it stays, names may be added. */
#define CTL_SCHEMA 1
#define CTL_LINE_BYTES 65536
#define CTL_WORDS_MAX 64

struct ctl_words {
	char *word[CTL_WORDS_MAX]; /* NUL-terminated, into text */
	size_t n;
	char *text; /* owned */
};

/* Splits a line (without its newline). 0, -ERR_MALFORMED (open quote, NUL, control
 * character), -ERR_TOO_LARGE (too long, too many words), -ERR_NOMEM. */
int ctl_split(struct span line, struct ctl_words *out) MUST_USE;
void ctl_words_fini(struct ctl_words *);
/* Does the line ask for JSON? Also one that cannot be split. */
bool ctl_wants_json(struct span line);
/* Joins words into a line, quoting where needed; with the newline. */
int ctl_join(struct buf *out, char *const *words, size_t n) MUST_USE;

/* Appends a frame; a newline is added to the body when it lacks one. */
int ctl_frame(struct buf *out, int code, struct span body) MUST_USE;

/* The reading side: a state machine over bytes as they come. */
struct ctl_reader {
	struct buf in;
	size_t used; /* bytes of in that belong to frames already given out */
	size_t body_max_bytes;
};
void ctl_reader_init(struct ctl_reader *, size_t body_max_bytes);
void ctl_reader_fini(struct ctl_reader *);
/* 0, -ERR_NOMEM, or -ERR_TOO_LARGE when a frame's worth of bytes was not asked for. */
int ctl_reader_feed(struct ctl_reader *, struct span bytes) MUST_USE;
/* The next whole frame: 1 with *code and *body (borrowed until the next call), 0 when
 * more bytes are needed, -ERR_MALFORMED, -ERR_TOO_LARGE. */
int ctl_reader_next(struct ctl_reader *, int *code, struct span *body) MUST_USE;

#endif

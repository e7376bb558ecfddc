/*
 * msg.h: typed messages, made from msg.def. The supervisor and its workers are one
 * release, so the version must match exactly; it changes with every change of msg.def.
 */
#ifndef DEFERD_MSG_H
#define DEFERD_MSG_H

#include "mp.h"

#define MSG_VERSION 1

enum msg_dir { MSG_DOWN, MSG_UP, MSG_FDOWN, MSG_FUP };

enum msg_number {
#define F(type, name)
#define MSG(number, NAME, name, dir, fields, sentence) MSG_##NAME = number,
#include "msg.def"
#undef MSG
#undef F
	MSG_NUMBER_END
};

/* Every field is 8 or 16 bytes with alignment 8: the codec relies on it. */
typedef uint64_t msg_c_uint;
typedef int64_t msg_c_sint;
typedef double msg_c_real;
typedef struct span msg_c_str;
typedef struct span msg_c_bin;
typedef struct span msg_c_raw;

#define F(type, name) msg_c_##type name;
#define MSG(number, NAME, name, dir, fields, sentence)                                    \
	struct msg_##name {                                                               \
		fields                                                                    \
	};
#include "msg.def"
#undef MSG
#undef F

struct msg {
	enum msg_number number;
	union {
#define F(type, name)
#define MSG(number, NAME, name, dir, fields, sentence) struct msg_##name name;
#include "msg.def"
#undef MSG
#undef F
	};
};

/* Does it carry a task to a worker, or its result back? */
static inline bool
msg_is_task(enum msg_number n)
{
	return n == MSG_RUN || n == MSG_DONE || n == MSG_FAILED;
}

/* "RUN", or "?" for a number that is not in the table. */
const char *msg_name(unsigned number);

/* Appends [number, fields...]; fields is the message's own struct. A raw field must hold
 * exactly one msgpack value; an empty one is packed as nil. 0, or buf's error (then
 * nothing of it is in b). */
int msg_pack(struct buf *b, enum msg_number, const void *fields) MUST_USE;

/* Reads the next message of that direction; spans borrow from the input. Strings must be
 * UTF-8. 0, or -ERR_* (another direction's or an unknown number: -ERR_UNKNOWN; arity:
 * -ERR_MALFORMED). After an error the rest of the input is not to be used. */
int msg_parse(struct mp *, enum msg_dir, struct msg *out) MUST_USE;

/* For tests and the man page: the table as data. */
struct msg_info {
	unsigned number;
	const char *name;
	enum msg_dir dir;
	const char *fields; /* "bin task, uint attempt, ..." */
	const char *sentence;
};
extern const struct msg_info msg_table[];
extern const size_t msg_table_count;

#endif

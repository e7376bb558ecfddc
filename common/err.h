/*
 * err.h: the error numbers that functions return, as 0 or -ERR_X.
 *
 * They say what went wrong inside the program. What a client is told is a fault
 * (supervisor/fault.def): another table, for another reader.
 */
#ifndef DEFERD_ERR_H
#define DEFERD_ERR_H

#define ERR_TABLE(X)                                                                      \
	X(NOMEM, "out of memory")                                                         \
	X(TOO_LARGE, "over its size limit")                                               \
	X(TOO_DEEP, "nested deeper than 32 levels")                                       \
	X(TRUNCATED, "ends in the middle of a value")                                     \
	X(MALFORMED, "not what the format allows")                                        \
	X(TYPE, "of another type than expected")                                          \
	X(RANGE, "outside its range")                                                     \
	X(UNKNOWN, "not known")                                                           \
	X(DUPLICATE, "there already")                                                     \
	X(AGAIN, "not now: try again when told")                                          \
	X(CLOSED, "the other side is gone")                                               \
	X(FULL, "at its limit")                                                           \
	X(STATE, "not possible in this state")                                            \
	X(SYSTEM, "a system call failed (errno)")                                         \
	X(CONFIG, "the configuration is not usable")                                      \
	X(DENIED, "not permitted")                                                       \
	X(SYNC, "written, but it is not known whether it is on disk")

enum err {
	ERR_NONE = 0,
#define X(name, text) ERR_##name,
	ERR_TABLE(X)
#undef X
	    ERR_COUNT
};

/* The name ("NOMEM") or the text of err or -err; "?" for anything else. */
const char *err_name(int err);
const char *err_text(int err);

/* Exit codes (sysexits' numbers), said in the man pages. */
enum { EXIT_ASKED = 0,
	EXIT_USAGE_ = 64,
	EXIT_UNAVAILABLE_ = 69,
	EXIT_BUG_ = 70,
	EXIT_SYSTEM_ = 71,
	EXIT_CANTCREATE_ = 73,
	EXIT_TAINTED_ = 75, /* a worker that must not go on (NoMemoryError) */
	EXIT_DENIED_ = 77,
	EXIT_CONFIG_ = 78 };

#endif

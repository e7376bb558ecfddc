/*
 * handover.h: descriptors that come from outside: from the program that this one replaced
 * (a restart: exec in the same process, or a process beside it), and from a service manager
 * (sd_listen_fds(3)). It knows what they are, not what they are for.
 */
#ifndef DEFERD_HANDOVER_H
#define DEFERD_HANDOVER_H

#include "../common/buf.h"

/* X(symbol, word): the words of DEFERD_HANDOVER, "http=7 control=5 pid=4". */
#define HANDOVER_TABLE(X)                                                                 \
	X(HTTP, "http")       /* a listening TCP socket */                                \
	X(KEPT, "kept")       /* the same; the service manager holds it, too */           \
	X(CONTROL, "control") /* the listening control socket */                          \
	X(PID_FILE, "pid")    /* the locked pid file */                                   \
	X(TEXT, "text")       /* a control connection that asked for the restart... */    \
	X(JSON, "json")       /* ...in JSON */
enum handover_kind {
#define X(sym, word) HANDOVER_##sym,
	HANDOVER_TABLE(X)
#undef X
	    HANDOVER_KINDS
};

struct handover {
	struct handover_fd {
		enum handover_kind kind;
		int fd; /* CLOEXEC until handover_exec */
	} *item;	/* owned, with their descriptors */
	size_t n;
	bool restarted; /* this process was another deferd before */
};

/* Takes DEFERD_HANDOVER and LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES out of the environment.
 * 0, or -ERR_MALFORMED with a logged sentence. To be called before anything is opened. */
int handover_take(struct handover *) MUST_USE;
/* The first of that kind, the caller's from now on; -1: there is none. */
int handover_claim(struct handover *, enum handover_kind);
/* Takes the descriptor over, which may be -1: then it does nothing. */
void handover_add(struct handover *, enum handover_kind, int fd);
/* Adds a duplicate: the caller's own may be closed. 0 or -ERR_SYSTEM. */
int handover_add_copy(struct handover *, enum handover_kind, int fd) MUST_USE;
void handover_remove(struct handover *, size_t i); /* without closing it */
/* Closes everything that nobody claimed. */
void handover_fini(struct handover *);

/* Replaces the program in this process: it is handed what is here, and nothing else above
 * stderr stays open. When `program` cannot be executed, the one that runs is started again.
 * Returns -ERR_SYSTEM, with a logged sentence, only when that fails, too. */
int handover_exec(const struct handover *, const char *program, char **argv);

#endif

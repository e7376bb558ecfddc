/*
 * command.h: the control commands. One table (common/command.def) and one parser; a
 * command fills a sheet, or refuses with a code and a sentence. It knows no sockets.
 */
#ifndef DEFERD_COMMAND_H
#define DEFERD_COMMAND_H

#include "../common/ctlproto.h"
#include "control.h"
#include "sheet.h"

enum command_level { LEVEL_NONE, LEVEL_VIEW, LEVEL_OPERATE, LEVEL_ADMIN };
const char *command_level_name(enum command_level);

/* Reply codes: HTTP's. */
enum command_code {
	CODE_OK = 200,
	CODE_ASKED = 202,
	CODE_SYNTAX = 400,
	CODE_DENIED = 403,
	CODE_UNKNOWN = 404,
	CODE_STATE = 409,
	CODE_TOO_LARGE = 413,
	CODE_TOO_SLOW = 429,
	CODE_INTERNAL = 500,
	CODE_FULL = 503
};

#define COMMAND_ARGS_MAX 8
#define COMMANDS_MAX 64 /* in the table */

struct command_arg {
	struct span name; /* "ID", or an option's word "state"; borrowed from the table */
	const char *value;
};

struct command_call;

/* For a command that answers when it is done: its handler sets poll and until_ms, and
 * says nothing yet. poll is asked again and again: true when the answer is made, or
 * refused; it must be once it has expired. What it needs to know is in `number`: the
 * words of the request are gone by then. */
#define COMMAND_WAIT_MS 30000
#define COMMAND_POLL_MS 20
struct command_wait {
	bool (*poll)(struct command_call *, bool expired); /* NULL: nothing to wait for */
	int64_t until_ms;
	uint64_t number[2];
	bool next_answers; /* the next program, after a restart */
};

struct command_call {
	/* given */
	struct core *core;
	const struct control_ops *ops;
	int64_t started_ms; /* when the daemon began; monotonic */
	enum command_level level;
	long uid; /* of the peer, for the sentence that refuses */
	/* found by the parser */
	const struct command *command;
	struct command_arg arg[COMMAND_ARGS_MAX];
	size_t arg_n;
	char *const *rest; /* the words of an [ARG...] */
	size_t rest_n;
	bool json;
	/* said by the handler */
	struct sheet sheet;
	int code;
	char refusal[1024]; /* when code is an error's */
	bool wants_events;  /* the connection becomes a subscriber; there is no reply */
	struct command_wait wait;
};

typedef void command_fn(struct command_call *);

struct command {
	const char *syntax, *help, *detail;
	enum command_level level;
	command_fn *run;
};
extern const struct command command_table[];
extern const size_t command_count;

/* Runs one request and appends the reply's body; the code is in call->code. Nothing is
 * appended when call->wants_events, or when call->wait.poll says that the answer comes
 * later. 0, or -ERR_NOMEM / -ERR_TOO_LARGE from body. */
int command_run(struct command_call *, char *const *words, size_t n, struct buf *body) MUST_USE;
/* Asks for an answer that comes later; wait.poll is NULL once it is there. As above. */
int command_poll(struct command_call *, int64_t now_ms, struct buf *body) MUST_USE;
/* The same for a line that could not even be split. */
int command_run_refusal(struct command_call *, struct buf *body, int code,
    const char *text) MUST_USE;
/* Goes on with a restart that the former program was asked for. */
void command_resume_restart(struct command_call *);

/* For handlers: an argument's value or NULL; the refusal. */
const char *command_arg(const struct command_call *, const char *name);
void command_refuse(struct command_call *, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* "starting" "running" "draining" "stopping" */
const char *command_phase_name(enum core_phase);

/* The next piece of a syntax string: "show", "ID", "[state STATE]", "[COMMAND...]". n 0 at
 * the end. */
struct span command_token(const char **syntax);

#define COMMAND(syntax, level, handler, help, detail) command_fn command_##handler;
#include "../common/command.def"
#undef COMMAND

#endif

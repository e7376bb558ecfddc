/*
 * log.h: the one log line format of all programs, and the one global state.
 *
 *   2026-11-21T10:00:00.123Z deferd[4711] warn: worker 3: no beat for 10.0 s: killing it
 *
 * or, as JSON, an object a line: at, level, pid, program, what the line is about (app,
 * handler, task, attempt, worker), text.
 *
 * Lines go to stderr, to a file (reopened on request) or to syslog. Control
 * characters in the text are escaped: what a handler prints cannot forge a line.
 * errno is left as it was.
 */
#ifndef DEFERD_LOG_H
#define DEFERD_LOG_H

#include "buf.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* ident is kept, not copied ("deferd", "deferd-worker"). Starts on stderr at INFO. */
void log_init(const char *ident);
void log_set_level(enum log_level);
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
void log_set_format(enum log_format);
enum log_format log_format(void);
/* "text" "json" -> format; -ERR_UNKNOWN otherwise. */
int log_format_parse(const char *name);
enum log_level log_level(void);
/* "error" "warn" "info" "debug" -> level; -ERR_UNKNOWN otherwise. */
int log_level_parse(const char *name);
const char *log_level_name(enum log_level);
/* Target: NULL or "stderr", "syslog", or a file's path (appended, 0640). 0 or
 * -ERR_SYSTEM with errno; then the old target stays. */
int log_open(const char *target);
/* Opens the file again under its name (after rotation). 0 or -ERR_SYSTEM. */
int log_reopen(void);
/* The descriptor that lines are written to (2 for stderr), -1 for syslog. */
int log_fd(void);

/* A line that another process has made, level and all: as it is, without its newline. */
void log_foreign(struct span line);

/* What a line is about. Borrowed; NULL and 0: nothing of the kind. */
struct log_about {
	const char *app, *handler, *task;
	unsigned attempt;
	uint64_t worker;
	bool names_worker; /* the text does already */
};
/* The app of a line that is about a handler and says none. Kept, not copied. */
void log_set_app(const char *app);
/* As text it begins with "app/handler: task ID, attempt N: ", as JSON it has fields. */
void log_about(enum log_level, const struct log_about *, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A line that is made already, without its newline. */
void log_ready(enum log_level, struct span line);
/* Appends text that others gave: control characters, what is not UTF-8, and the characters
 * of `also` as \n, \t or \xNN. */
void log_escape(struct buf *, struct span text, const char *also);

/* Messages say what: why: what happens next. */
void log_line(enum log_level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) (log_level() >= LOG_LEVEL_DEBUG ? log_line(LOG_LEVEL_DEBUG, __VA_ARGS__) : (void)0)

#endif

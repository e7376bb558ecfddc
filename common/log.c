/*
 * log.c: log lines: one write(2) each, so that lines of several processes never mix.
 * A line that cannot be written is lost: logging never fails its caller.
 */
#include "log.h"
#include "buf.h"
#include "clock.h"
#include "err.h"
#include "jsonw.h"
#include "utf8.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#define LOG_TEXT_BYTES 65536 /* longer texts are cut */
#define LOG_SMALL_BYTES 1024

static struct {
	const char *ident, *app;
	char *path; /* owned; of the file, NULL otherwise */
	int fd;     /* -1: syslog */
	enum log_level level;
	enum log_format format;
} logger = {.ident = "deferd", .fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};

static const struct log_level_row {
	const char *name;
	int syslog_priority;
} log_levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARN] = {"warn", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

/* Closes what the target was. */
static void
log_close(void)
{
	if (logger.fd > STDERR_FILENO)
		close(logger.fd);
	if (logger.fd < 0)
		closelog();
	free(logger.path);
	logger.path = NULL;
	logger.fd = STDERR_FILENO;
}

void
log_init(const char *ident)
{
	log_close();
	logger.ident = ident;
	logger.level = LOG_LEVEL_INFO;
}

void
log_set_level(enum log_level level)
{
	logger.level = level;
}

enum log_level
log_level(void)
{
	return logger.level;
}

int
log_level_parse(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(log_levels); i++)
		if (strcmp(name, log_levels[i].name) == 0)
			return (int)i;
	return -ERR_UNKNOWN;
}

const char *
log_level_name(enum log_level level)
{
	return (unsigned)level < COUNT_OF(log_levels) ? log_levels[level].name : "?";
}

void
log_set_format(enum log_format format)
{
	logger.format = format;
}

void
log_set_app(const char *app)
{
	logger.app = app;
}

enum log_format
log_format(void)
{
	return logger.format;
}

int
log_format_parse(const char *name)
{
	if (strcmp(name, "text") == 0)
		return LOG_FORMAT_TEXT;
	return strcmp(name, "json") == 0 ? LOG_FORMAT_JSON : -ERR_UNKNOWN;
}

static int
log_open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

int
log_open(const char *target)
{
	if (!target || strcmp(target, "stderr") == 0) {
		log_close();
		return 0;
	}
	if (strcmp(target, "syslog") == 0) {
		log_close();
		openlog(logger.ident, LOG_PID, LOG_DAEMON);
		logger.fd = -1;
		return 0;
	}
	char *path = strdup(target);
	int fd = path ? log_open_file(path) : -1;
	if (fd < 0) {
		int saved = errno;
		free(path);
		errno = saved;
		return -ERR_SYSTEM;
	}
	log_close();
	logger.path = path;
	logger.fd = fd;
	return 0;
}

int
log_reopen(void)
{
	if (!logger.path)
		return 0;
	int fd = log_open_file(logger.path);
	if (fd < 0)
		return -ERR_SYSTEM;
	close(logger.fd);
	logger.fd = fd;
	return 0;
}

int
log_fd(void)
{
	return logger.fd;
}

/* Bytes of the text at p that may stand in a line as they are; 0: escape one byte. Not
 * so the control characters, U+0080 to U+009F among them, and what is not UTF-8. */
static size_t
log_plain_bytes(const uint8_t *p, const uint8_t *end, const char *also)
{
	const uint8_t *at = p;

	while (at < end) {
		size_t n = utf8_char_bytes(at, end);
		if (n == 0 || *at < 0x20 || *at == 0x7f ||
		    (n == 2 && at[0] == 0xc2 && at[1] < 0xa0) ||
		    (*also && strchr(also, *at)))
			break;
		at += n;
	}
	return (size_t)(at - p);
}

void
log_escape(struct buf *out, struct span text, const char *also)
{
	const uint8_t *p = text.p, *end = text.p + text.n;

	while (p < end) {
		size_t n = log_plain_bytes(p, end, also);
		buf_add(out, p, n);
		p += n;
		if (p == end)
			break;
		if (*p == '\n')
			buf_add_str(out, "\\n");
		else if (*p == '\t')
			buf_add_str(out, "\\t");
		else
			buf_printf(out, "\\x%02x", *p);
		p++;
	}
}

static const char *
log_app_of(const struct log_about *a)
{
	return a->app || !a->handler ? a->app : logger.app;
}

static void
log_write_about(struct buf *out, const struct log_about *a)
{
	const char *app = log_app_of(a);

	if (app || a->handler)
		buf_printf(
		    out, "%s/%s: ", app ? app : "?", a->handler ? a->handler : "?");
	if (a->worker && !a->names_worker)
		buf_printf(out, "worker %llu: ", (unsigned long long)a->worker);
	if (a->task && a->attempt)
		buf_printf(out, "task %s, attempt %u: ", a->task, a->attempt);
	else if (a->task)
		buf_printf(out, "task %s: ", a->task);
}

static void
log_write_text(struct buf *line, enum log_level level, const struct log_about *about,
    struct span text)
{
	struct buf head;
	char when[32];

	buf_init(&head, 0);
	if (logger.fd >= 0)
		buf_printf(line, "%s %s[%d] %s: ",
		    clock_format_wall(clock_wall_ms(), when, sizeof when), logger.ident,
		    (int)getpid(), log_level_name(level));
	log_write_about(&head, about);
	log_escape(line, buf_span(&head), "");
	log_escape(line, text, "");
	buf_fini(&head);
}

static void
log_write_json(struct buf *line, enum log_level level, const struct log_about *about,
    struct span text)
{
	struct jsonw w;
	char when[32];

	jsonw_init(&w, line);
	jsonw_object(&w);
	jsonw_kstr(&w, "at", clock_format_wall(clock_wall_ms(), when, sizeof when));
	jsonw_kstr(&w, "level", log_level_name(level));
	jsonw_kint(&w, "pid", getpid());
	jsonw_kstr(&w, "program", logger.ident);
	if (log_app_of(about))
		jsonw_kstr(&w, "app", log_app_of(about));
	if (about->handler)
		jsonw_kstr(&w, "handler", about->handler);
	if (about->task)
		jsonw_kstr(&w, "task", about->task);
	if (about->attempt)
		jsonw_kint(&w, "attempt", about->attempt);
	if (about->worker)
		jsonw_kint(&w, "worker", (int64_t)about->worker);
	jsonw_kspan(&w, "text", text);
	jsonw_end_object(&w);
}

/* Without memory for the line a shorter one is better than none. */
static void
log_write(enum log_level level, struct buf *line, struct span text)
{
	ssize_t r;

	if (logger.fd < 0) {
		syslog(log_levels[level].syslog_priority, "%s", buf_cstr(line));
		return;
	}
	buf_add_byte(line, '\n');
	struct span s = line->failed ? text : buf_span(line);
	do
		r = write(logger.fd, s.p, s.n);
	while (r < 0 && errno == EINTR);
}

/* The level is only needed for syslog. */
void
log_foreign(struct span text)
{
	enum log_level level = LOG_LEVEL_INFO;
	struct buf line;
	char mark[16];

	for (size_t i = 0; i < COUNT_OF(log_levels) && logger.fd < 0; i++) {
		snprintf(mark, sizeof mark, "] %s: ", log_levels[i].name);
		if (memmem(text.p, text.n < 80 ? text.n : 80, mark, strlen(mark)))
			level = (enum log_level)i;
	}
	buf_init(&line, 0);
	log_escape(&line, text, "");
	log_write(level, &line, text);
	buf_fini(&line);
}

static void
log_emit(enum log_level level, const struct log_about *about, struct span text)
{
	struct buf line;

	buf_init(&line, 0);
	if (logger.format == LOG_FORMAT_JSON)
		log_write_json(&line, level, about, text);
	else
		log_write_text(&line, level, about, text);
	log_write(level, &line, text);
	buf_fini(&line);
}

static void
log_format_line(
    enum log_level level, const struct log_about *about, const char *fmt, va_list ap)
{
	char small[LOG_SMALL_BYTES], *text = small;
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(small, sizeof small, fmt, ap);
	size_t bytes = n < 0 ? 0 : (size_t)n;
	if (bytes >= sizeof small) {
		bytes = bytes < LOG_TEXT_BYTES ? bytes : LOG_TEXT_BYTES;
		text = malloc(bytes + 1);
		if (text)
			vsnprintf(text, bytes + 1, fmt, again);
		else
			bytes = sizeof small - 1;
	}
	log_emit(level, about, span_of(text ? text : small, bytes));
	if (text != small)
		free(text);
	va_end(again);
}

void
log_about(enum log_level level, const struct log_about *about, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (level > logger.level)
		return;
	va_start(ap, fmt);
	log_format_line(level, about, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	static const struct log_about nothing = {0};
	int saved = errno;
	va_list ap;

	if (level > logger.level)
		return;
	va_start(ap, fmt);
	log_format_line(level, &nothing, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_ready(enum log_level level, struct span text)
{
	int saved = errno;
	struct buf line;

	if (level > logger.level)
		return;
	buf_init(&line, 0);
	buf_add_span(&line, text);
	log_write(level, &line, text);
	buf_fini(&line);
	errno = saved;
}

/*
 * log.c: log lines: one write(2) each, so that lines of several processes never mix.
 * A line that cannot be written is lost: logging never fails its caller.
 */
#include "log.h"
#include "buf.h"
#include "clock.h"
#include "err.h"
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
	const char *ident;
	char *path; /* owned; of the file, NULL otherwise */
	int fd;     /* -1: syslog */
	enum log_level level;
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
log_plain_bytes(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = p;

	while (at < end) {
		size_t n = utf8_char_bytes(at, end);
		if (n == 0 || *at < 0x20 || *at == 0x7f ||
		    (n == 2 && at[0] == 0xc2 && at[1] < 0xa0))
			break;
		at += n;
	}
	return (size_t)(at - p);
}

static void
log_escape(struct buf *out, const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		size_t n = log_plain_bytes(p, end);
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

static void
log_emit(enum log_level level, struct span text)
{
	char when[32];
	struct buf line;

	buf_init(&line, 0);
	if (logger.fd >= 0)
		buf_printf(&line, "%s %s[%d] %s: ",
		    clock_format_wall(clock_wall_ms(), when, sizeof when), logger.ident,
		    (int)getpid(), log_level_name(level));
	log_escape(&line, text.p, text.p + text.n);
	if (logger.fd < 0) {
		syslog(log_levels[level].syslog_priority, "%s", buf_cstr(&line));
	} else {
		ssize_t r;
		buf_add_byte(&line, '\n');
		/* without memory a shorter line is better than none */
		struct span s = line.failed ? text : buf_span(&line);
		do
			r = write(logger.fd, s.p, s.n);
		while (r < 0 && errno == EINTR);
	}
	buf_fini(&line);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	char small[LOG_SMALL_BYTES], *text = small;
	int saved = errno;
	va_list ap, again;

	if (level > logger.level)
		return;
	va_start(ap, fmt);
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
	log_emit(level, span_of(text ? text : small, bytes));
	if (text != small)
		free(text);
	va_end(again);
	va_end(ap);
	errno = saved;
}

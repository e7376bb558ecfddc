#include "http_log.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/jsonw.h"
#include "app.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define HTTP_LOG_BUFFER_BYTES (1 << 20)
#define HTTP_LOG_PATH_MAX 512 /* bytes of what a client says */
#define HTTP_LOG_AGENT_MAX 64
#define HTTP_LOG_WORD_MAX 16 /* of our own paths */

static struct {
	char *path; /* owned; NULL: no file */
	int fd;
	bool in_log;
	struct buf lines;
	uint64_t lost; /* since it last could be written */
} logger = {.fd = -1};

/* --- what a client said --- */

static struct span
http_log_segment(struct span *rest)
{
	while (rest->n && rest->p[0] == '/')
		*rest = span_of(rest->p + 1, rest->n - 1);
	const uint8_t *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
	struct span s = span_of(rest->p, slash ? (size_t)(slash - rest->p) : rest->n);

	*rest = span_of(rest->p + s.n, rest->n - s.n);
	return s;
}

/* Paths that begin so have no key in them; all others are taken for /<app>/<key>/... */
static bool
http_log_is_keyless(struct span first)
{
	static const char *const names[] = {
	    "v1", "parse", "api", "ui", "healthz", "readyz", "metrics"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (first.n == strlen(names[i]) &&
		    strncasecmp((const char *)first.p, names[i], first.n) == 0)
			return true;
	return false;
}

/* "apps", "functions", "style.css"; not the key of who took the "v1" before it for an
 * app. */
static bool
http_log_is_word(struct span s)
{
	bool plain = s.n <= HTTP_LOG_WORD_MAX;

	for (size_t i = 0; i < s.n && plain; i++)
		plain = isalpha(s.p[i]) || s.p[i] == '.' || s.p[i] == '_';
	return plain;
}

static void
http_log_mask(struct span path, struct buf *out)
{
	struct span rest = path, first = http_log_segment(&rest), key;

	if (http_log_is_keyless(first)) {
		struct span after = rest, second = http_log_segment(&after);

		buf_add_byte(out, '/');
		if (http_log_is_word(second)) {
			buf_add_span(out, path);
		} else {
			buf_add_span(out, first);
			buf_add_str(out, "/***");
			buf_add_span(out, after);
		}
		return;
	}
	/* An app's id needs no encoding: who knows what is hidden in it. */
	if (first.n && memchr(first.p, '%', first.n)) {
		buf_add_str(out, "/***");
		return;
	}
	key = http_log_segment(&rest);
	buf_add_byte(out, '/');
	buf_add_span(out, first);
	if (key.n)
		buf_add_str(out, "/***");
	buf_add_span(out, rest);
}

/* At most so many bytes, and no half character. */
static struct span
http_log_cut(struct span s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && (s.p[max] & 0xc0) == 0x80)
		max--;
	return span_of(s.p, max);
}

/* --- lines --- */

static void
http_log_add_text(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, " %s=", name);
	log_escape(out, span_str(value), " \"\\");
}

static void
http_log_add_times(struct buf *out, const struct http_log_entry *e, int64_t wait_ms,
    int64_t run_ms, int64_t loop_us)
{
	if (e->task && e->task->execution == EXEC_SYNC)
		buf_printf(
		    out, " queue=%lld run=%lld", (long long)wait_ms, (long long)run_ms);
	if (loop_us >= 0)
		buf_printf(out, " loop=%lld.%03lld", (long long)(loop_us / 1000),
		    (long long)(loop_us % 1000));
}

static void
http_log_write_text(struct buf *out, const struct http_log_entry *e, struct span path,
    struct span agent, const int64_t times[3])
{
	const struct task *t = e->task;
	char id[TASKID_TEXT_BYTES];

	buf_printf(out, "%s %s ", e->ip ? e->ip : "-", e->method ? e->method : "-");
	log_escape(out, path, " \"\\");
	buf_printf(out, " %d %zu", e->status, e->bytes);
	http_log_add_text(out, "app", e->app);
	if (t) {
		buf_printf(out, " handler=%s/", kind_name(t->handler->kind));
		log_escape(out, span_str(t->handler->name), " \"\\");
		http_log_add_text(out, "task", taskid_text(&t->id, id));
		http_log_add_text(out, "lane", lane_text(t->lane));
	}
	http_log_add_times(out, e, times[0], times[1], times[2]);
	if (agent.n) {
		buf_add_str(out, " agent=\"");
		log_escape(out, agent, "\"\\");
		buf_add_byte(out, '"');
	}
}

static void
http_log_write_json(struct jsonw *w, const struct http_log_entry *e, struct span path,
    struct span agent, const int64_t times[3])
{
	const struct task *t = e->task;
	char id[TASKID_TEXT_BYTES];

	if (e->ip)
		jsonw_kstr(w, "ip", e->ip);
	if (e->method)
		jsonw_kstr(w, "method", e->method);
	jsonw_kspan(w, "path", path);
	jsonw_kint(w, "status", e->status);
	jsonw_kint(w, "bytes", (int64_t)e->bytes);
	if (e->app)
		jsonw_kstr(w, "app", e->app);
	if (t) {
		jsonw_kstr(w, "kind", kind_name(t->handler->kind));
		jsonw_kstr(w, "handler", t->handler->name);
		jsonw_kstr(w, "task", taskid_text(&t->id, id));
		jsonw_kstr(w, "lane", lane_text(t->lane));
	}
	if (t && t->execution == EXEC_SYNC) {
		jsonw_kint(w, "queue_ms", times[0]);
		jsonw_kint(w, "run_ms", times[1]);
	}
	if (times[2] >= 0)
		jsonw_kreal(w, "loop_ms", (double)times[2] / 1000);
	if (agent.n)
		jsonw_kspan(w, "agent", agent);
}

/* What a JSON line of the log has, besides. */
static void
http_log_write_head(struct jsonw *w, const struct http_log_entry *e, bool in_log)
{
	char when[32];

	jsonw_kstr(w, "at", clock_format_wall(e->wall_ms, when, sizeof when));
	if (!in_log)
		return;
	jsonw_kstr(w, "level", log_level_name(LOG_LEVEL_INFO));
	jsonw_kint(w, "pid", getpid());
	jsonw_kstr(w, "program", "deferd");
	jsonw_kstr(w, "text", "request");
}

/* queue, run (ms) and loop (us): of a sync call the rest of its time is the loop's. */
static void
http_log_split(const struct http_log_entry *e, int64_t times[3])
{
	bool sync = e->task && e->task->execution == EXEC_SYNC;

	times[0] = sync ? task_wait_ms(e->task, e->now_ms) : 0;
	times[1] = sync ? task_run_ms(e->task, e->now_ms) : 0;
	times[2] = e->total_us;
	if (e->total_us < 0)
		return;
	times[2] -= (times[0] + times[1]) * 1000;
	/* they are whole milliseconds, and may be rounded up */
	if (times[2] < 0)
		times[2] = 0;
}

void
http_log_format(const struct http_log_entry *e, enum log_format format, bool in_log,
    struct buf *out)
{
	struct span agent =
	    e->agent ? http_log_cut(span_str(e->agent), HTTP_LOG_AGENT_MAX) : SPAN_NONE;
	struct buf path;
	struct jsonw w;
	int64_t times[3];
	char when[32];

	buf_init(&path, 0);
	http_log_mask(e->path, &path);
	struct span shown = http_log_cut(buf_span(&path), HTTP_LOG_PATH_MAX);
	http_log_split(e, times);
	if (format == LOG_FORMAT_JSON) {
		jsonw_init(&w, out);
		jsonw_object(&w);
		http_log_write_head(&w, e, in_log);
		http_log_write_json(&w, e, shown, agent, times);
		jsonw_end_object(&w);
	} else {
		if (!in_log)
			buf_printf(out, "%s ",
			    clock_format_wall(e->wall_ms, when, sizeof when));
		http_log_write_text(out, e, shown, agent, times);
	}
	buf_fini(&path);
}

/* --- the file --- */

static int
http_log_open_file(const char *path)
{
	/* a pipe that nobody reads must not stop the loop */
	return open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

int
http_log_open(const char *target)
{
	http_log_close();
	buf_init(&logger.lines, HTTP_LOG_BUFFER_BYTES);
	logger.in_log = target && strcmp(target, "log") == 0;
	if (!target || logger.in_log || strcmp(target, "off") == 0)
		return 0;
	logger.fd = http_log_open_file(target);
	if (logger.fd < 0)
		return -ERR_SYSTEM;
	logger.path = strdup(target);
	return 0;
}

int
http_log_reopen(void)
{
	if (!logger.path)
		return 0;
	http_log_flush();
	int fd = http_log_open_file(logger.path);
	if (fd < 0)
		return -ERR_SYSTEM;
	fd_close(&logger.fd);
	logger.fd = fd;
	return 0;
}

bool
http_log_is_on(void)
{
	return logger.fd >= 0 || logger.in_log;
}

static void
http_log_lose(uint64_t lines, const char *why)
{
	if (logger.lost == 0 && lines > 0)
		log_warn("log.access: %s: its lines are lost until they can be written",
		    why);
	logger.lost += lines;
}

static uint64_t
http_log_count_lines(struct span s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

void
http_log_flush(void)
{
	struct span s = buf_span(&logger.lines);
	ssize_t n;

	if (s.n == 0)
		return;
	do
		n = write(logger.fd, s.p, s.n);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)s.n && logger.lost > 0) {
		log_warn("log.access: it can be written again: %llu lines were lost",
		    (unsigned long long)logger.lost);
		logger.lost = 0;
	} else if (n < (ssize_t)s.n) {
		size_t done = n > 0 ? (size_t)n : 0;
		http_log_lose(http_log_count_lines(span_of(s.p + done, s.n - done)),
		    n < 0 ? strerror(errno) : "a part only could be written");
	}
	bool torn = n > 0 && s.p[n - 1] != '\n';
	buf_reset(&logger.lines);
	if (torn)
		buf_add_byte(&logger.lines, '\n');
}

void
http_log_add(const struct http_log_entry *e)
{
	enum log_format format = log_format();
	size_t was = logger.lines.n;

	http_log_format(e, format, logger.in_log, &logger.lines);
	buf_add_byte(&logger.lines, '\n');
	if (logger.lines.failed) {
		logger.lines.failed = false;
		logger.lines.n = was;
		http_log_lose(1, "more lines in a turn than there is room for");
	}
	if (!logger.in_log)
		return;
	struct span line = span_of(logger.lines.p, logger.lines.n - 1);
	if (format == LOG_FORMAT_JSON)
		log_ready(LOG_LEVEL_INFO, line);
	else
		log_info("http: %.*s", SPAN_FMT(line));
	buf_reset(&logger.lines);
}

void
http_log_close(void)
{
	http_log_flush();
	fd_close(&logger.fd);
	free(logger.path);
	buf_fini(&logger.lines);
	logger.path = NULL;
	logger.in_log = false;
	logger.lost = 0;
}

/* The access log: what stands in a line, what must not, and what a client cannot forge.
 */
#include "../../common/clock.h"
#include "../../supervisor/app.h"
#include "../../supervisor/http_log.h"
#include "t.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct buf out;
static struct handler hello = {.kind = KIND_EVENT, .name = (char *)"hello there"};
static struct task task = {.handler = &hello,
    .execution = EXEC_SYNC,
    .lane = LANE_MAIN,
    .accepted_ms = 1000,
    .started_ms = 1003,
    .ended_ms = 1015};
static struct http_log_entry entry;

static void
begin(const char *path, const char *agent)
{
	entry = (struct http_log_entry){.wall_ms = 1000,
	    .ip = "127.0.0.1",
	    .method = "POST",
	    .path = span_str(path),
	    .status = 200,
	    .bytes = 17,
	    .now_ms = 1015,
	    .total_us = -1,
	    .agent = agent};
}

static const char *
line(enum log_format format, bool in_log)
{
	buf_fini(&out);
	buf_init(&out, 0);
	http_log_format(&entry, format, in_log, &out);
	return buf_cstr(&out);
}

static const char *
shown(const char *path)
{
	static char text[1024];
	const char *p;

	begin(path, NULL);
	p = strstr(line(LOG_FORMAT_TEXT, true), "POST ") + 5;
	snprintf(text, sizeof text, "%.*s", (int)strcspn(p, " "), p);
	return text;
}

static void
t_text(void)
{
	begin("demo/secret-key/servercode/events/hello", "curl/7.88.1");
	EQ_STR(line(LOG_FORMAT_TEXT, false),
	    "1970-01-01T00:00:01.000Z 127.0.0.1 POST "
	    "/demo/***/servercode/events/hello 200 17 agent=\"curl/7.88.1\"");
	entry.task = &task;
	entry.app = "demo";
	entry.agent = NULL;
	entry.total_us = 15310;
	EQ_STR(line(LOG_FORMAT_TEXT, true),
	    "127.0.0.1 POST /demo/***/servercode/events/hello 200 17 app=demo "
	    "handler=event/hello\\x20there task=00000000-0000-0000-0000-000000000000 "
	    "lane=main queue=3 run=12 loop=0.310");
	entry.total_us = 14000; /* whole milliseconds, rounded up */
	OK(strstr(line(LOG_FORMAT_TEXT, true), " loop=0.000"));
	task.execution = EXEC_ASYNC;
	entry.total_us = 210;
	OK(strstr(line(LOG_FORMAT_TEXT, true), "lane=main loop=0.210"));
	task.execution = EXEC_SYNC;
	entry = (struct http_log_entry){.status = 400, .total_us = -1};
	EQ_STR(line(LOG_FORMAT_TEXT, true), "- - / 400 0");
}

static void
t_json(void)
{
	begin("v1/apps/demo/tasks", "a\"b\n");
	entry.task = &task;
	entry.app = "demo";
	entry.total_us = 15310;
	EQ_STR(line(LOG_FORMAT_JSON, false),
	    "{\"at\":\"1970-01-01T00:00:01.000Z\",\"ip\":\"127.0.0.1\","
	    "\"method\":\"POST\",\"path\":\"/v1/apps/demo/tasks\",\"status\":200,"
	    "\"bytes\":17,\"app\":\"demo\",\"kind\":\"event\","
	    "\"handler\":\"hello there\","
	    "\"task\":\"00000000-0000-0000-0000-000000000000\",\"lane\":\"main\","
	    "\"queue_ms\":3,\"run_ms\":12,\"loop_ms\":0.31,\"agent\":\"a\\\"b\\n\"}");
	OK(strstr(line(LOG_FORMAT_JSON, true), "\"level\":\"info\",\"pid\":"));
	OK(strstr(line(LOG_FORMAT_JSON, true), "\"program\":\"deferd\",\"text\":"));
}

static void
t_keys_are_masked(void)
{
	EQ_STR(shown("demo/secret-key"), "/demo/***");
	EQ_STR(shown("demo/secret-key/"), "/demo/***/");
	EQ_STR(shown("demo//secret-key/a/b"), "/demo/***/a/b");
	EQ_STR(shown("/demo///secret-key/a//b"), "/demo/***/a//b");
	EQ_STR(shown("wrong app/secret-key"), "/wrong\\x20app/***");
	EQ_STR(shown("demo%2fsecret-key%2Fa"), "/***");
	EQ_STR(shown("%64emo/secret-key/a"), "/***");
	EQ_STR(shown("V2/secret-key/x"), "/V2/***/x");
	EQ_STR(shown("v1x/secret-key/x"), "/v1x/***/x");
	EQ_STR(shown("demo"), "/demo");
	EQ_STR(shown(""), "/");
	EQ_STR(shown("v1/apps/demo/tasks/1"), "/v1/apps/demo/tasks/1");
	EQ_STR(shown("Parse/functions/hello"), "/Parse/functions/hello");
	EQ_STR(shown("api/services/S/m"), "/api/services/S/m");
	EQ_STR(shown("metrics"), "/metrics");
	EQ_STR(shown("v1/secret-key-1/apps"), "/v1/***/apps");
	EQ_STR(shown("V1//0123456789ABCDEF"), "/V1/***");
	EQ_STR(shown("parse/secretsecretsecretkey"), "/parse/***");
	EQ_STR(shown("v1"), "/v1");
	EQ_STR(shown("ui/style.css"), "/ui/style.css");
}

static void
t_nothing_is_forged(void)
{
	static char longest[3000];

	begin("v1/apps/a b\"c\\d\n2026 e\x7f\xff\xc2\x85\xc3\xa9",
	    "x\" status=1\r\n\t\x1b[31m\\");
	EQ_STR(line(LOG_FORMAT_TEXT, true),
	    "127.0.0.1 POST "
	    "/v1/apps/a\\x20b\\x22c\\x5cd\\n2026\\x20e\\x7f\\xff\\xc2\\x85\xc3\xa9 "
	    "200 17 agent=\"x\\x22 status=1\\x0d\\n\\t\\x1b[31m\\x5c\"");
	memset(longest, 'a', sizeof longest - 1);
	begin(longest, longest);
	OK(strlen(line(LOG_FORMAT_TEXT, true)) < 700);
	/* no half character at the cut */
	memset(longest, 0, sizeof longest);
	for (size_t i = 0; i < 40; i++)
		memcpy(longest + 1 + 2 * i, "\xc3\xa9", 2);
	longest[0] = 'x';
	begin("v1", longest);
	OK(strstr(line(LOG_FORMAT_TEXT, true), "\xc3\xa9\""));
}

/* Whatever a client says: one line, whose fields are as many as ours. */
static void
t_any_bytes(void)
{
	uint64_t r = 20261121;
	char path[200], agent[100];

	for (int i = 0; i < 20000; i++) {
		size_t n = t_below(&r, sizeof path - 1), m = t_below(&r, 99);
		for (size_t k = 0; k < n; k++)
			path[k] = (char)(1 + t_below(&r, 255));
		for (size_t k = 0; k < m; k++)
			agent[k] = (char)(1 + t_below(&r, 255));
		path[n] = agent[m] = '\0';
		begin(path, agent);
		const char *s = line(LOG_FORMAT_TEXT, false), *p = s;
		int quotes = 0;
		for (; *p; p++) {
			OK((unsigned char)*p >= 0x20 && *p != 0x7f);
			quotes += *p == '"';
		}
		EQ_INT(quotes, m ? 2 : 0);
		OK(strstr(s, " 200 17"));
		s = line(LOG_FORMAT_JSON, false);
		OK(!strchr(s, '\n'));
	}
}

static const char *
contents(const char *path)
{
	static char text[4000];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
t_file(void)
{
	char dir[] = "/tmp/http-log-XXXXXX", path[64], moved[64];
	struct stat st;

	OK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof path, "%s/a", dir);
	snprintf(moved, sizeof moved, "%s/b", dir);
	EQ_INT(http_log_open("off"), 0);
	OK(!http_log_is_on());
	OK(http_log_open(dir) != 0); /* a folder */
	EQ_INT(http_log_open(path), 0);
	OK(http_log_is_on());
	OK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
	begin("v1/one", NULL);
	http_log_add(&entry);
	EQ_STR(contents(path), ""); /* not before the turn ends */
	begin("v1/two", NULL);
	http_log_add(&entry);
	http_log_flush();
	OK(strstr(contents(path), "/v1/one 200 17\n"));
	OK(strstr(contents(path), "/v1/two 200 17\n"));
	OK(rename(path, moved) == 0);
	http_log_add(&entry);
	EQ_INT(http_log_reopen(), 0);
	begin("v1/three", NULL);
	http_log_add(&entry);
	http_log_close();
	EQ_STR(strstr(contents(path), "/v1"), "/v1/three 200 17\n");
	OK(!strstr(contents(moved), "three"));
	OK(!http_log_is_on());
	unlink(path);
	unlink(moved);
	rmdir(dir);
	buf_fini(&out);
}

/* A pipe that nobody empties neither stops nor fills us. */
static void
t_a_pipe_that_is_full(void)
{
	char dir[] = "/tmp/http-log-XXXXXX", path[64];
	char bytes[65536];
	int fd;

	OK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof path, "%s/pipe", dir);
	OK(mkfifo(path, 0600) == 0);
	OK(http_log_open(path) != 0); /* nobody reads */
	fd = open(path, O_RDONLY | O_NONBLOCK);
	EQ_INT(http_log_open(path), 0);
	log_open("/dev/null");
	begin("v1", "a name that makes it longer");
	for (int i = 0; i < 20000; i++) {
		http_log_add(&entry);
		if (i % 100 == 0)
			http_log_flush();
	}
	while (read(fd, bytes, sizeof bytes) > 0)
		;
	http_log_add(&entry);
	http_log_flush();
	OK(read(fd, bytes, sizeof bytes) > 0);
	http_log_close();
	log_open(NULL);
	close(fd);
	unlink(path);
	rmdir(dir);
}

TESTS(TEST(text), TEST(json), TEST(keys_are_masked), TEST(nothing_is_forged),
    TEST(any_bytes), TEST(file), TEST(a_pipe_that_is_full))

#include "t.h"
#include "../../common/clock.h"
#include "../../common/err.h"
#include "../../common/log.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/deferd-log-XXXXXX";
static char content[200000];

static void
fresh_log(const char *ident)
{
	static bool made;

	if (!made) {
		int fd = mkstemp(path);
		OK(fd >= 0);
		close(fd);
		made = true;
	}
	OK(truncate(path, 0) == 0);
	log_init(ident);
	EQ_INT(log_open(path), 0);
}

/* All of the file, as a string. */
static const char *
logged(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, content, sizeof content - 1);

	close(fd);
	content[n < 0 ? 0 : n] = '\0';
	return content;
}

/* The text of the only line, behind time, name, pid and level. */
static const char *
logged_text(const char *level)
{
	char head[64];
	int64_t ms;

	logged();
	EQ_INT(clock_parse_wall(content, 24, &ms), 0);
	OK(llabs(clock_wall_ms() - ms) < 60000);
	snprintf(head, sizeof head, " deferd-t[%d] %s: ", (int)getpid(), level);
	OK(strncmp(content + 24, head, strlen(head)) == 0);
	char *end = strchr(content, '\n');
	OK(end && end[1] == '\0');
	*end = '\0';
	return content + 24 + strlen(head);
}

static void
t_writes_a_line(void)
{
	fresh_log("deferd-t");
	log_warn("worker %d: no beat for %.1f s: killing it", 3, 10.0);
	EQ_STR(logged_text("warn"), "worker 3: no beat for 10.0 s: killing it");
}

static void
t_escapes_control_characters(void)
{
	fresh_log("deferd-t");
	log_info("%s", "a\nb\tc\r\033[0m\x7f h\xc3\xa9 \xc2\x9b \xff\xc3 end");
	EQ_STR(logged_text("info"),
	    "a\\nb\\tc\\x0d\\x1b[0m\\x7f h\xc3\xa9 \\xc2\\x9b \\xff\\xc3 end");
}

static void
t_tells_what_a_line_is_about(void)
{
	struct log_about about = {
	    .app = "demo", .handler = "he\nllo", .task = "0198", .attempt = 2};

	fresh_log("deferd-t");
	log_about(LOG_LEVEL_WARN, &about, "failed: %d", 7);
	EQ_STR(logged_text("warn"), "demo/he\\nllo: task 0198, attempt 2: failed: 7");
	fresh_log("deferd-t");
	about = (struct log_about){.worker = 3};
	log_about(LOG_LEVEL_WARN, &about, "it hangs");
	EQ_STR(logged_text("warn"), "worker 3: it hangs");
	log_about(LOG_LEVEL_DEBUG, &about, "not shown");
	EQ_INT(strlen(logged()) > 0 && !strstr(content, "shown"), 1);
	fresh_log("deferd-t");
	about.names_worker = true;
	log_about(LOG_LEVEL_WARN, &about, "obituary: worker 3");
	EQ_STR(logged_text("warn"), "obituary: worker 3");
	fresh_log("deferd-t");
	log_set_app("mine");
	about = (struct log_about){.handler = "hello"};
	log_about(LOG_LEVEL_WARN, &about, "done");
	EQ_STR(logged_text("warn"), "mine/hello: done");
	fresh_log("deferd-t");
	log_warn("about nothing");
	EQ_STR(logged_text("warn"), "about nothing");
	log_set_app(NULL);
}

static void
t_writes_json(void)
{
	struct log_about about = {
	    .app = "demo", .handler = "hello", .task = "0198", .attempt = 2};
	char expected[400], *pid;

	fresh_log("deferd-t");
	log_set_format(LOG_FORMAT_JSON);
	log_about(LOG_LEVEL_WARN, &about, "a \"b\"\n\x01\xff");
	log_info("plain");
	logged();
	OK(strncmp(content, "{\"at\":\"20", 9) == 0);
	OK((pid = strstr(content, ",\"level\":\"warn\"")) != NULL);
	snprintf(expected, sizeof expected,
	    ",\"level\":\"warn\",\"pid\":%d,\"program\":\"deferd-t\","
	    "\"app\":\"demo\",\"handler\":\"hello\",\"task\":\"0198\","
	    "\"attempt\":2,\"text\":\"a \\\"b\\\"\\n\\u0001\xef\xbf\xbd\"}\n",
	    (int)getpid());
	OK(strncmp(pid, expected, strlen(expected)) == 0);
	OK(strstr(content, "\"program\":\"deferd-t\",\"text\":\"plain\"}\n") != NULL);
	log_set_format(LOG_FORMAT_TEXT);
	EQ_INT(log_format_parse("json"), LOG_FORMAT_JSON);
	EQ_INT(log_format_parse("xml"), -ERR_UNKNOWN);
}

static void
t_cuts_long_lines(void)
{
	char *text = malloc(100001);

	OK(text != NULL);
	memset(text, 'a', 100000);
	text[100000] = '\0';
	fresh_log("deferd-t");
	log_error("%.*s", 5000, text);
	EQ_INT(strlen(logged_text("error")), 5000);
	fresh_log("deferd-t");
	log_error("%s", text);
	EQ_INT(strlen(logged_text("error")), 65536);
	for (int n = 1020; n < 1030; n++) {
		fresh_log("deferd-t");
		log_error("%.*s", n, text);
		EQ_INT(strlen(logged_text("error")), n);
	}
	free(text);
}

static void
t_keeps_to_its_level(void)
{
	int asked = 0;

	fresh_log("deferd-t");
	log_debug("not shown %d", ++asked);
	EQ_INT(asked, 0); /* not even computed */
	log_set_level(LOG_LEVEL_ERROR);
	log_warn("not shown");
	EQ_STR(logged(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("shown");
	EQ_STR(logged_text("debug"), "shown");
	EQ_INT(log_level_parse("warn"), LOG_LEVEL_WARN);
	EQ_INT(log_level_parse("WARN"), -ERR_UNKNOWN);
	EQ_STR(log_level_name(LOG_LEVEL_ERROR), "error");
	EQ_STR(log_level_name((enum log_level)7), "?");
}

static void
t_keeps_errno(void)
{
	fresh_log("deferd-t");
	errno = EXDEV;
	log_info("text");
	EQ_INT(errno, EXDEV);
}

static void
t_opens_again_after_a_rotation(void)
{
	char moved[64];
	struct stat st;

	fresh_log("deferd-t");
	snprintf(moved, sizeof moved, "%s.1", path);
	OK(rename(path, moved) == 0);
	log_info("to the old one");
	EQ_INT(log_reopen(), 0);
	log_info("to the new one");
	EQ_STR(logged_text("info"), "to the new one");
	OK(stat(path, &st) == 0);
	EQ_INT(st.st_mode & 0137, 0);
	OK(fcntl(log_fd(), F_GETFD) & FD_CLOEXEC);
	unlink(moved);
}

/* As logrotate's copytruncate does it. */
static void
t_goes_on_at_the_end_of_a_cut_file(void)
{
	fresh_log("deferd-t");
	log_info("before");
	OK(truncate(path, 0) == 0);
	log_info("after");
	EQ_STR(logged_text("info"), "after");
}

static void
t_stays_where_it_was_when_a_file_cannot_be_opened(void)
{
	fresh_log("deferd-t");
	int fd = log_fd();
	EQ_INT(log_open("/nonexistent/deferd.log"), -ERR_SYSTEM);
	EQ_INT(errno, ENOENT);
	EQ_INT(log_fd(), fd);
	log_info("still here");
	EQ_STR(logged_text("info"), "still here");
	EQ_INT(log_open("stderr"), 0);
	EQ_INT(log_fd(), 2);
	EQ_INT(log_reopen(), 0);
}

/* Lines of several processes do not mix: one write(2) each. */
static void
t_lines_do_not_mix(void)
{
	int lines = 0;

	fresh_log("deferd-t");
	for (int child = 0; child < 4; child++) {
		if (fork() == 0) {
			for (int i = 0; i < 200; i++)
				log_info("%0150d", child);
			_exit(0);
		}
	}
	for (int child = 0; child < 4; child++)
		OK(wait(NULL) > 0);
	logged();
	for (char *p = content, *end; *p; p = end + 1, lines++) {
		end = strchr(p, '\n');
		OK(end && end - p > 170 && end - p < 200);
	}
	EQ_INT(lines, 800);
}

static void
t_a_broken_invariant_says_where(void)
{
	int status;
	pid_t pid;

	fresh_log("deferd-t");
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		ASSERT(1 + 1 == 3);
		_exit(0);
	}
	OK(waitpid(pid, &status, 0) == pid);
	OK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	OK(strstr(logged(), "error: bug: ") && strstr(content, "log.t.c:") &&
	    strstr(content, "1 + 1 == 3"));
	unlink(path);
}

TESTS(TEST(writes_a_line), TEST(escapes_control_characters),
    TEST(tells_what_a_line_is_about), TEST(writes_json), TEST(cuts_long_lines),
    TEST(keeps_to_its_level), TEST(keeps_errno), TEST(opens_again_after_a_rotation),
    TEST(goes_on_at_the_end_of_a_cut_file),
    TEST(stays_where_it_was_when_a_file_cannot_be_opened), TEST(lines_do_not_mix),
    TEST(a_broken_invariant_says_where))

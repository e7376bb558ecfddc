/* capture.c: see capture.h. */
#include "capture.h"
#include "../common/err.h"
#include "../common/log.h"
#include "api.h"
#include <fcntl.h>
#include <unistd.h>

/* What one burst can write: more is an error of its write, so that nothing blocks. */
#define CAPTURE_PIPE_BYTES (1 << 20)

static void
capture_say(struct engine *e, const char *p, const char *end)
{
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((eol ? eol : end) - p);
		api_log(e, LOG_LEVEL_INFO, span_of(p, n));
		p += n + 1;
	}
}

/* A line that a read cuts becomes two: the log cuts long ones anyhow. */
static void
capture_read(struct engine *e)
{
	char text[8192];
	ssize_t n;

	while ((n = read(e->captured_fd, text, sizeof text)) > 0)
		capture_say(e, text, text + n);
}

int
capture_stdout(struct engine *e)
{
	int fd[2];

	if (pipe2(fd, O_NONBLOCK | O_CLOEXEC) != 0)
		return -ERR_SYSTEM;
	(void)fcntl(fd[1], F_SETPIPE_SZ, CAPTURE_PIPE_BYTES);
	int r = dup2(fd[1], STDOUT_FILENO);
	close(fd[1]);
	if (r < 0) {
		close(fd[0]);
		return -ERR_SYSTEM;
	}
	e->captured_fd = fd[0];
	e->burst_over = capture_read;
	return 0;
}

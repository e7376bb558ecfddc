/*
 * trial.c: see trial.h. What it says goes to a file in memory: no pipe can be full.
 */
#include "trial.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "reap.h"
#include "spawn_exec.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

#define TRIAL_TEXT_BYTES 2000

static int
trial_exec(struct trial *t, const char *program, const char *file)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	const char *const argv[] = {program, "-t", "-f", file, NULL};

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
	    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, t->out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, t->out, STDERR_FILENO);
	int e = spawn_exec_program(program, (char **)(uintptr_t)argv, &actions, &pid);
	posix_spawn_file_actions_destroy(&actions);
	t->pid = e == 0 ? pid : 0;
	return e;
}

int
trial_start(struct trial *t, const char *program, const char *file, int64_t limit_ms,
    struct buf *why)
{
	int e = 0;

	t->pid = 0;
	t->until_ms = clock_now_ms() + limit_ms;
	if ((t->out = memfd_create("deferd-trial", MFD_CLOEXEC)) < 0)
		e = errno;
	if (e == 0)
		e = trial_exec(t, program, file);
	if (e == 0)
		return 0;
	buf_printf(why, "%s cannot be started: %s", program, strerror(e));
	fd_close(&t->out);
	return -ERR_SYSTEM;
}

static void
trial_read(const struct trial *t, struct buf *why)
{
	uint8_t *p = buf_room(why, TRIAL_TEXT_BYTES);
	ssize_t n = p ? pread(t->out, p, TRIAL_TEXT_BYTES, 0) : 0;

	while (n > 0 && p[n - 1] == '\n')
		n--;
	if (n > 0)
		buf_grew(why, (size_t)n);
}

enum trial_result
trial_poll(struct trial *t, struct core *c, struct buf *why)
{
	struct reap_exit x;
	char how[64];

	if (!core_take_exit(c, t->pid, &x)) {
		if (clock_now_ms() > t->until_ms)
			kill(t->pid, SIGKILL);
		return TRIAL_RUNS;
	}
	t->pid = 0;
	if (x.status != 0) {
		trial_read(t, why);
		if (why->n == 0)
			buf_printf(why, "deferd -t was %s",
			    reap_describe(&x, how, sizeof how));
	}
	fd_close(&t->out);
	return x.status == 0 ? TRIAL_GOOD : TRIAL_BAD;
}

void
trial_stop(struct trial *t)
{
	if (t->pid == 0)
		return;
	kill(t->pid, SIGKILL);
	t->pid = 0;
	fd_close(&t->out);
}

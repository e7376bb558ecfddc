#include "spawn_exec.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_BYTES 128

extern char **environ;

const char *
spawn_exec_worker(void)
{
	const char *given = getenv("DEFERD_WORKER");

	return given ? given : DEFERD_LIBEXECDIR "/deferd-worker";
}

/* Its own process group: a Ctrl-C at our terminal is for us, not for it. */
static void
spawn_exec_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attr);
	posix_spawnattr_setflags(attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setpgroup(attr, 0);
}

int
spawn_exec_program(const char *path, char *const *argv,
    const posix_spawn_file_actions_t *actions, pid_t *pid)
{
	posix_spawnattr_t attr;

	spawn_exec_attributes(&attr);
	int e = posix_spawn(pid, path, actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (e != 0)
		*pid = 0;
	return e;
}

int
spawn_exec(const char *app_id, int sock, int log, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char name[NAME_BYTES];
	char *argv[] = {name, NULL};

	snprintf(name, sizeof name, "deferd-worker: forkserver %.64s", app_id);
	posix_spawn_file_actions_init(&actions);
	/* With a log of our own nothing of whoever started us is held open. First, as
	 * the log may be what 3 is. */
	if (log >= 0) {
		posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
	}
	posix_spawn_file_actions_adddup2(&actions, sock, 3);
	posix_spawn_file_actions_addopen(
	    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	int e = spawn_exec_program(spawn_exec_worker(), argv, &actions, pid);
	posix_spawn_file_actions_destroy(&actions);
	return e;
}

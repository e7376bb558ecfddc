/*
 * main.c: deferd-worker. The supervisor starts it as an app's forkserver, with a
 * SOCK_SEQPACKET socket as descriptor 3; the workers are forks of it.
 */
#include <config.h>
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "forkserver.h"
#include "usertest.h"
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SUPERVISOR_FD 3

static const char about[] =
    "deferd-worker runs the handlers of deferd: it is started by deferd itself (see\n"
    "deferd(8)), as the forkserver of an app, with a socket as descriptor 3.\n"
    "\n"
    "  -t, --test FILE...  run tests of handlers instead; -t -h tells more\n"
    "  -V, --version       print the version\n"
    "  -h, --help          print this\n";

static int
fd_is_record_socket(int fd)
{
	int type = 0;
	socklen_t n = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
	       type == SOCK_SEQPACKET;
}

int
main(int argc, char **argv)
{
	const char *arg = argc > 1 ? argv[1] : "";
	sigset_t none;

	if (strcmp(arg, "-V") == 0 || strcmp(arg, "--version") == 0) {
		printf("deferd-worker %s\n", PACKAGE_VERSION);
		return EXIT_ASKED;
	}
	if (strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0) {
		fputs(about, stdout);
		return EXIT_ASKED;
	}
	if (strcmp(arg, "-t") == 0 || strcmp(arg, "--test") == 0) {
		log_init("deferd-worker");
		return usertest_main(argc - 1, argv + 1);
	}
	if (arg[0] == '-' || !fd_is_record_socket(SUPERVISOR_FD)) {
		fputs(about, stderr);
		return EXIT_USAGE_;
	}
	/* An arena of malloc's for each of NNG's threads takes 64 MB of addresses, and
	 * these are limited (memory.c): with one for all, messages of megabytes find
	 * room. */
	mallopt(M_ARENA_MAX, 1);
	log_init("deferd-worker");
	const char *format = getenv("DEFERD_LOG_FORMAT");
	if (format && log_format_parse(format) == LOG_FORMAT_JSON)
		log_set_format(LOG_FORMAT_JSON);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* whatever the supervisor had blocked */
	fd_cloexec(SUPERVISOR_FD);
	return forkserver_run(SUPERVISOR_FD, argv[0]);
}

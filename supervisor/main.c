/*
 * main.c: the program deferd: options, the config file, the background, the pid file.
 */
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include "config.h"
#include "conf.h"
#include "explain.h"
#include "http_log.h"
#include "sup.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAIN_CONF DEFERD_SYSCONFDIR "/deferd/deferd.yaml"

static const char main_usage[] =
    "usage: deferd [-FtTVh] [-f FILE] [-p PIDFILE] [--explain[=OLD]]\n"
    "\n"
    "  -f FILE      the config file (default " MAIN_CONF ")\n"
    "  -F           stay in the foreground, log to stderr unless the config says "
    "otherwise\n"
    "  -p PIDFILE   write the process id there (default: pidFile of the config)\n"
    "  -t           check the config and load the handlers, then exit (0 good, 78 "
    "not)\n"
    "  --explain[=OLD]  with -t: what a reload would change in the running daemon, or "
    "in "
    "one\n"
    "               with the config OLD, and what needs a restart (0 nothing, 1 "
    "reload,\n"
    "               2 restart)\n"
    "  -T           as -t, and print the config in effect, keys masked\n"
    "  -V           print the version\n"
    "  -h, --help   print this\n"
    "\n"
    "Signals: TERM stops gracefully, QUIT without a limit of time, INT at once; HUP "
    "reloads\n"
    "config and handlers, USR1 reopens the log, USR2 restarts, TTIN and TTOU change "
    "the\npool by a worker.\n"
    "See deferd(8), deferd.yaml(5), deferctl(8).\n";

struct main_options {
	const char *file, *pid_file;
	const char *old;
	bool foreground, test, dump, explain;
	int exit_code; /* when parsing was all; -1: go on */
};

static const struct option main_long[] = {{"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'}, {"explain", optional_argument, NULL, 'e'},
    {NULL, 0, NULL, 0}};

static struct main_options
main_parse(int argc, char **argv)
{
	struct main_options o = {.file = MAIN_CONF, .exit_code = -1};
	int c;

	while ((c = getopt_long(argc, argv, "f:Fp:tTVh", main_long, NULL)) != -1) {
		switch (c) {
		case 'e':
			o.explain = true;
			o.old = optarg;
			break;
		case 'f': o.file = optarg; break;
		case 'F': o.foreground = true; break;
		case 'p': o.pid_file = optarg; break;
		case 't': o.test = true; break;
		case 'T': o.test = o.dump = true; break;
		case 'V':
			printf("deferd %s\n", PACKAGE_VERSION);
			o.exit_code = 0;
			break;
		case 'h':
			fputs(main_usage, stdout);
			o.exit_code = 0;
			break;
		default:
			fputs(main_usage, stderr);
			o.exit_code = EXIT_USAGE_;
			break;
		}
	}
	if (o.exit_code < 0 && o.explain && !o.test) {
		fprintf(stderr, "deferd: --explain goes with -t\n%s", main_usage);
		o.exit_code = EXIT_USAGE_;
	}
	if (o.exit_code < 0 && optind < argc) {
		fprintf(stderr, "deferd: unexpected argument '%s'\n%s", argv[optind],
		    main_usage);
		o.exit_code = EXIT_USAGE_;
	}
	return o;
}

static void
main_print_problem(const char *text, bool notice, void *arg UNUSED)
{
	fprintf(stderr, "%s%s\n", text, notice ? " (notice)" : "");
}

static int
main_test(const struct conf *conf, const struct main_options *o)
{
	struct buf text;
	int code = o->explain ? explain_run(conf, o->old)
			      : sup_check_handlers(conf, NULL, NULL);

	if (o->dump) {
		buf_init(&text, 0);
		if (conf_dump(conf, &text) == 0)
			fwrite(text.p, 1, text.n, stdout);
		buf_fini(&text);
	}
	if (code == 0 && !o->explain)
		fprintf(stderr, "%s: configuration and handlers are good\n", o->file);
	return code;
}

/* --- the background --- */

struct main_parent {
	int fd; /* where the parent waits for a line; -1: nobody waits */
};

/* The parent of a daemon stays until it is told how the start went: one line, "<code>
 * <text>". */
static void
main_tell_parent(int code, const char *text, void *arg)
{
	struct main_parent *p = arg;

	if (p->fd < 0)
		return;
	if (code == EXIT_ASKED && log_fd() == STDERR_FILENO)
		log_warn("the log goes to the standard error of whoever started "
			 "deferd, which is in the background now: set log.target "
			 "to syslog or a file");
	dprintf(p->fd, "%d %s\n", code, text);
	fd_close(&p->fd);
	/* Nobody reads what the terminal got so far. */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0 && log_fd() != STDERR_FILENO) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	fd_close(&null);
}

static int
main_wait_for_child(int fd)
{
	char line[256] = "";
	int code = EXIT_SYSTEM_, text = 0;
	FILE *f = fdopen(fd, "r");

	if (!f || !fgets(line, sizeof line, f) ||
	    sscanf(line, "%d %n", &code, &text) != 1)
		fprintf(stderr, "deferd: it ended before it was ready: see the log\n");
	else if (code != EXIT_ASKED)
		fprintf(stderr, "deferd: %s", line + text);
	return code;
}

/* -1 in the child, which goes on; an exit code in the parent. */
static int
main_daemonize(struct main_parent *p)
{
	int pair[2];

	if (pipe(pair) != 0)
		return EXIT_SYSTEM_;
	fd_cloexec(pair[1]);
	pid_t pid = fork();
	if (pid < 0)
		return EXIT_SYSTEM_;
	if (pid > 0) {
		close(pair[1]);
		return main_wait_for_child(pair[0]);
	}
	close(pair[0]);
	setsid();
	p->fd = pair[1];
	return -1;
}

/* The file that was opened is not the one that has the name now: between the two an
 * earlier daemon ended and took its file along. */
static bool
main_is_stale(const char *path, int fd)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 &&
	       (stat(path, &named) != 0 || opened.st_dev != named.st_dev ||
		   opened.st_ino != named.st_ino);
}

/* Locked for life: a second daemon on it is refused, a stale one never is. */
static int
main_write_pid(const char *path, int *fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	bool stale = true;

	for (int tries = 0; stale && tries < 3; tries++) {
		fd_close(fd);
		*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		if (*fd < 0) {
			log_error(
			    "pid file %s: %s: not started", path, strerror(errno));
			return EXIT_CANTCREATE_;
		}
		if (fcntl(*fd, F_SETLK, &lock) != 0)
			break;
		stale = main_is_stale(path, *fd);
	}
	if (stale) {
		fd_close(fd);
		log_error(
		    "pid file %s is locked: another deferd runs: not started", path);
		return EXIT_UNAVAILABLE_;
	}
	if (ftruncate(*fd, 0) != 0 || dprintf(*fd, "%d\n", (int)getpid()) < 0)
		log_warn("pid file %s: %s", path, strerror(errno));
	return 0;
}

/* Its folder may belong to the user that deferd was before: then it is emptied. */
static void
main_remove_pid(const char *path, int fd)
{
	if (fd >= 0 && unlink(path) != 0 && ftruncate(fd, 0) != 0)
		log_warn("pid file %s: %s: it stays", path, strerror(errno));
}

/* The file that a former deferd handed over, locked and with our pid in it, or another
 * one when the config says so by now. Never opened again: closing that would end the
 * lock. */
static int
main_take_pid(const char *path, struct handover *h, int *fd)
{
	char was[PATH_MAX] = "", name[32];
	int code = 0;

	*fd = handover_claim(h, HANDOVER_PID_FILE);
	if (*fd >= 0 && path && !main_is_stale(path, *fd))
		return 0;
	snprintf(name, sizeof name, "/proc/self/fd/%d", *fd);
	if (*fd >= 0 && readlink(name, was, sizeof was - 1) > 0)
		main_remove_pid(was, *fd);
	fd_close(fd);
	if (path)
		code = main_write_pid(path, fd);
	return code;
}

/* workers are told by the environment: they write lines of their own */
static int
main_open_log(const struct conf *conf)
{
	unsetenv("DEFERD_LOG_FORMAT");
	if (conf->log.format && log_format_parse(conf->log.format) == LOG_FORMAT_JSON) {
		log_set_format(LOG_FORMAT_JSON);
		setenv("DEFERD_LOG_FORMAT", "json", 1);
	}
	if (log_open(conf->log.target) != 0)
		fprintf(stderr, "deferd: log %s: %s: not started\n", conf->log.target,
		    strerror(errno));
	else if (http_log_open(conf->log.access) != 0)
		fprintf(stderr, "deferd: log.access %s: %s: not started\n",
		    conf->log.access, strerror(errno));
	else
		return 0;
	return EXIT_CANTCREATE_;
}

/* The name that it was started by: the next version has that, too. Without a folder it
 * was looked for: the file that was found. Owned by the caller. */
static char *
main_find_program(const char *name)
{
	char path[PATH_MAX] = "deferd";

	if (!strchr(name, '/')) {
		ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
		path[n > 0 ? n : 0] = '\0';
	} else {
		snprintf(path, sizeof path, "%s", name);
	}
	return xmemdup(path, strlen(path) + 1);
}

static int
main_serve(const struct conf *conf, const struct main_options *o, const char *program,
    char **argv, struct handover *h)
{
	struct main_parent parent = {.fd = -1};
	const char *pid_file = o->pid_file ? o->pid_file : conf->pid_file;
	struct sup_start start = {.conf = conf,
	    .handover = h,
	    .program = program,
	    .ready = main_tell_parent,
	    .arg = &parent};
	int pid_fd = -1, code;

	if (!o->foreground && !h->restarted && (code = main_daemonize(&parent)) >= 0)
		return code;
	code = main_take_pid(pid_file, h, &pid_fd);
	if (code == 0)
		code = sup_run(&start);
	http_log_close();
	if (code == SUP_RESTART) {
		handover_add(h, HANDOVER_PID_FILE, pid_fd);
		handover_exec(h, program, argv);
		code = EXIT_SYSTEM_;
	}
	main_tell_parent(code, "not started: see the log", &parent);
	main_remove_pid(pid_file, pid_fd);
	return code;
}

static int
main_run(const struct conf *conf, const struct main_options *o, char **argv)
{
	char *program = main_find_program(argv[0]);
	struct handover h;
	int code;

	if (handover_take(&h) != 0)
		code = EXIT_USAGE_;
	else if ((code = main_open_log(conf)) == 0)
		code = main_serve(conf, o, program, argv, &h);
	handover_fini(&h);
	free(program);
	return code;
}

int
main(int argc, char **argv)
{
	struct main_options o = main_parse(argc, argv);

	if (o.exit_code >= 0)
		return o.exit_code;
	log_init("deferd");
	/* Small blocks of requests come and go between large ones: glibc's fastbins are
	 * merged again and again then, a fifth of the time per call. */
	mallopt(M_MXFAST, 0);
	struct conf *conf = conf_load(o.file, main_print_problem, NULL);
	if (!conf) {
		fprintf(
		    stderr, "deferd: %s is not usable: nothing was started\n", o.file);
		return EXIT_CONFIG_;
	}
	int level =
	    conf->log.level ? log_level_parse(conf->log.level) : (int)LOG_LEVEL_INFO;
	if (level >= 0)
		log_set_level((enum log_level)level);
	int code = o.test ? main_test(conf, &o) : main_run(conf, &o, argv);
	conf_free(conf);
	return code;
}

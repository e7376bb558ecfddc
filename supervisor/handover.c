/*
 * handover.c: see handover.h.
 */
#include "handover.h"
#include "../common/err.h"
#include "../common/fd.h"
#include "../common/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HANDOVER_ENV "DEFERD_HANDOVER"
#define HANDOVER_FIRST_FD 3 /* of the service manager's; sd_listen_fds(3) */
#define HANDOVER_FDS_MAX 1024

static const char *const handover_words[] = {
#define X(sym, word) word,
    HANDOVER_TABLE(X)
#undef X
};

/* --- the list --- */

void
handover_add(struct handover *h, enum handover_kind kind, int fd)
{
	if (fd < 0)
		return;
	h->item = realloc(h->item, (h->n + 1) * sizeof(struct handover_fd));
	ASSERT(h->item != NULL);
	h->item[h->n++] = (struct handover_fd){kind, fd};
}

int
handover_add_copy(struct handover *h, enum handover_kind kind, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, HANDOVER_FIRST_FD);

	if (copy < 0)
		return -ERR_SYSTEM;
	handover_add(h, kind, copy);
	return 0;
}

void
handover_remove(struct handover *h, size_t i)
{
	h->n--;
	memmove(h->item + i, h->item + i + 1, (h->n - i) * sizeof(struct handover_fd));
}

int
handover_claim(struct handover *h, enum handover_kind kind)
{
	for (size_t i = 0; i < h->n; i++) {
		int fd = h->item[i].fd;

		if (h->item[i].kind != kind)
			continue;
		handover_remove(h, i);
		return fd;
	}
	return -1;
}

void
handover_fini(struct handover *h)
{
	for (size_t i = 0; i < h->n; i++)
		fd_close(&h->item[i].fd);
	free(h->item);
	h->item = NULL;
	h->n = 0;
}

/* --- coming in --- */

static int
handover_take_word(struct handover *h, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : 0;
	char *end;
	long fd = equals ? strtol(equals + 1, &end, 10) : -1;

	if (fd < HANDOVER_FIRST_FD || *end != '\0' || fd_cloexec((int)fd) != 0)
		return -ERR_MALFORMED;
	for (int kind = 0; kind < HANDOVER_KINDS; kind++)
		if (n == strlen(handover_words[kind]) &&
		    strncmp(word, handover_words[kind], n) == 0) {
			handover_add(h, (enum handover_kind)kind, (int)fd);
			return 0;
		}
	return -ERR_MALFORMED;
}

static int
handover_take_former(struct handover *h, char *words)
{
	char *rest, *word = strtok_r(words, " ", &rest);

	h->restarted = true;
	for (; word; word = strtok_r(NULL, " ", &rest))
		if (handover_take_word(h, word) != 0) {
			log_error(HANDOVER_ENV
			    " has \"%s\", which is no descriptor of a "
			    "former deferd: it is not to be set by hand: not started",
			    word);
			return -ERR_MALFORMED;
		}
	return 0;
}

static bool
handover_listens(int fd)
{
	int listens = 0, family = 0;
	socklen_t n = sizeof listens, m = sizeof family;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) == 0 &&
	       listens && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &m) == 0 &&
	       (family == AF_INET || family == AF_INET6);
}

static int
handover_take_passed(struct handover *h, const char *count)
{
	char *end;
	long n = strtol(count, &end, 10);

	if (end == count || *end != '\0' || n < 0 || n > HANDOVER_FDS_MAX) {
		log_error(
		    "LISTEN_FDS is %s, which is no number of sockets: not started",
		    count);
		return -ERR_MALFORMED;
	}
	for (int fd = HANDOVER_FIRST_FD; fd < HANDOVER_FIRST_FD + n; fd++) {
		if (!handover_listens(fd)) {
			log_error("LISTEN_FDS: the descriptor %d is no TCP socket that "
				  "listens: not started",
			    fd);
			return -ERR_MALFORMED;
		}
		fd_cloexec(fd);
		fd_nonblock(fd);
		handover_add(h, HANDOVER_KEPT, fd);
	}
	return 0;
}

int
handover_take(struct handover *h)
{
	const char *former = getenv(HANDOVER_ENV), *count = getenv("LISTEN_FDS"),
		   *pid = getenv("LISTEN_PID");
	int rc = 0;

	*h = (struct handover){0};
	if (former) {
		char *words = xmemdup(former, strlen(former) + 1);
		rc = handover_take_former(h, words);
		free(words);
	}
	/* meant for another process: it has passed through a wrapper */
	if (rc == 0 && count && pid && strtoll(pid, NULL, 10) == getpid())
		rc = handover_take_passed(h, count);
	unsetenv(HANDOVER_ENV);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return rc;
}

/* --- going out --- */

int
handover_exec(const struct handover *h, const char *program, char **argv)
{
	struct buf words;

	buf_init(&words, 0);
	/* a library's descriptor without the flag would stay open for good */
	close_range(HANDOVER_FIRST_FD, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < h->n; i++) {
		fcntl(h->item[i].fd, F_SETFD, 0);
		buf_printf(&words, "%s%s=%d", i ? " " : "",
		    handover_words[h->item[i].kind], h->item[i].fd);
	}
	setenv(HANDOVER_ENV, buf_cstr(&words), 1);
	buf_fini(&words);
	execv(program, argv);
	log_error(
	    "cannot start %s: %s: the program that ran until now is started again",
	    program, strerror(errno));
	execv("/proc/self/exe", argv);
	log_error(
	    "nor that: %s: nothing is left to take the sockets over", strerror(errno));
	return -ERR_SYSTEM;
}

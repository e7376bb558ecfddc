/*
 * deferctl.c: the command line. The words go to the daemon as they are; its table says
 * what they mean. top and
 * watch are this program's own.
 */
#include "config.h"
#include "deferctl.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/deferd/control.sock" /* the config's default, too */

static const struct {
	const char *syntax, *help;
} commands[] = {
#define COMMAND(syntax, level, handler, help, detail) {syntax, help},
#include "../common/command.def"
#undef COMMAND
};

static void
print_usage(FILE *f)
{
	fprintf(f, "usage: deferctl [-V] [-s SOCKET] [-j] COMMAND...\n\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(f, "  %s\n      %s\n", commands[i].syntax, commands[i].help);
	fprintf(f, "\nWords may be shortened (\"sh w\"). -j: JSON. The socket is "
		   "$DEFERD_SOCKET, else\n" DEFAULT_SOCKET ".\n");
}

/* Every frame that comes until the daemon closes: one, or a stream of events. */
static int
print_replies(struct link *l)
{
	int exit_code = EXIT_UNAVAILABLE_, code, rc;
	bool any = false;
	struct span body;

	while ((rc = link_next(l, &code, &body)) == 1) {
		FILE *f = code < 300 ? stdout : stderr;

		if (!any)
			link_set_patience(l, 0); /* a stream may be silent */
		any = true;
		exit_code = link_exit_code(code);
		if (fwrite(body.p, 1, body.n, f) != body.n || fflush(f) != 0)
			return EXIT_SYSTEM_;
	}
	if (rc == 0 && !any)
		fprintf(stderr,
		    "deferctl: %s: deferd closed the connection without an answer\n",
		    l->path);
	return rc < 0 ? EXIT_UNAVAILABLE_ : exit_code;
}

bool
is_prefix(const char *text, const char *of)
{
	return text[0] != '\0' && strncmp(of, text, strlen(text)) == 0;
}

/* Commands that answer when it is done, not at once: deferd itself bounds that. */
static void
set_patience_for(struct link *l, const char *word)
{
	static const char *const slow[] = {"scale", "recycle", "reload"};

	for (size_t i = 0; i < COUNT_OF(slow); i++)
		if (is_prefix(word, slow[i]))
			link_set_patience(l, LINK_SLOW_PATIENCE_S);
	/* as long as shutdown.grace allows */
	if (is_prefix(word, "restart"))
		link_set_patience(l, 0);
}

int
remote_run(const char *socket, bool json, char *const *words, size_t n)
{
	char *all[CTL_WORDS_MAX] = {(char *)"-j"};
	struct link l;
	int rc;

	if (n + 1 > CTL_WORDS_MAX) {
		fprintf(stderr, "deferctl: too many words\n");
		return EXIT_USAGE_;
	}
	memcpy(all + json, words, n * sizeof *words);
	rc = link_open(&l, socket);
	if (rc != 0 && n > 0 && is_prefix(words[0], "help")) {
		print_usage(stdout);
		rc = 0;
	} else if (rc == 0) {
		if (n > 0)
			set_patience_for(&l, words[0]);
		rc = link_send(&l, all, n + json);
		shutdown(l.fd, SHUT_WR);
		rc = rc ? rc : print_replies(&l);
	}
	link_close(&l);
	return rc;
}

int
words_run(const char *socket, bool json, int n, char *const *words)
{
	if (strcmp(words[0], "-j") == 0) {
		json = true;
		words++;
		n--;
	}
	if (n > 0 && is_prefix(words[0], "top"))
		return top_run(socket, n, words);
	if (n > 0 && is_prefix(words[0], "watch"))
		return watch_run(socket, json, n, words);
	return remote_run(socket, json, words, (size_t)n);
}

int
main(int argc, char **argv)
{
	const char *socket = getenv("DEFERD_SOCKET");
	bool json = false;
	int opt;

	if (!socket || socket[0] == '\0')
		socket = DEFAULT_SOCKET;
	while ((opt = getopt(argc, argv, "+hjs:V")) != -1) {
		switch (opt) {
		case 'h': print_usage(stdout); return 0;
		case 'j': json = true; break;
		case 's': socket = optarg; break;
		case 'V': printf("deferctl %s\n", PACKAGE_VERSION); return 0;
		default: print_usage(stderr); return EXIT_USAGE_;
		}
	}
	if (optind < argc)
		return words_run(socket, json, argc - optind, argv + optind);
	if (isatty(STDIN_FILENO))
		return prompt_run(socket, json);
	print_usage(stderr);
	return EXIT_USAGE_;
}

/*
 * deferctl_loop.c: the ways to give more than one command: watch, which repeats one,
 * and the prompt, which reads them from a terminal.
 */
#include "../common/clock.h"
#include "deferctl.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define WATCH_LEAST_MS 100
#define WATCH_MOST_MS 86400000

/* Commands that have no one answer. */
static bool
watch_may_repeat(const char *word)
{
	static const char *const endless[] = {"subscribe", "top", "watch"};

	for (size_t i = 0; i < COUNT_OF(endless); i++)
		if (is_prefix(word, endless[i]))
			return false;
	return true;
}

static void
watch_head(const char *every, char *const *words, size_t n)
{
	char when[32];

	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[2J");
	printf("every %s, %s:", every,
	    clock_format_wall(clock_wall_ms(), when, sizeof when));
	for (size_t i = 0; i < n; i++)
		printf(" %s", words[i]);
	printf("\n\n");
	fflush(stdout);
}

int
watch_run(const char *socket, bool json, int argc, char *const *argv)
{
	int64_t every_ms = 0;
	int rc;

	if (argc < 3 || clock_parse_ms(argv[1], &every_ms) != 0 ||
	    every_ms < WATCH_LEAST_MS || every_ms > WATCH_MOST_MS ||
	    !watch_may_repeat(argv[2])) {
		fprintf(stderr,
		    "usage: deferctl [-j] [-s SOCKET] watch SECONDS COMMAND...\n"
		    "SECONDS: 0.1 to a day; COMMAND: any but top, subscribe and "
		    "watch\n");
		return EXIT_USAGE_;
	}
	do {
		struct timespec ts = {
		    every_ms / MS_PER_S, every_ms % MS_PER_S * NS_PER_MS};

		if (!json)
			watch_head(argv[1], argv + 2, (size_t)argc - 2);
		rc = remote_run(socket, json, argv + 2, (size_t)argc - 2);
		printf("\n");
		if (fflush(stdout) != 0)
			return EXIT_SYSTEM_;
		nanosleep(&ts, NULL);
	} while (rc == 0);
	return rc;
}

/* One line of the prompt; false: the user has had enough. */
static bool
prompt_line(const char *socket, bool json, struct span line)
{
	struct ctl_words w;
	bool go_on = true;

	if (ctl_split(line, &w) != 0) {
		fprintf(stderr, "deferctl: an open quote, a control character, or too "
				"many words\n");
		return true;
	}
	if (w.n == 1 &&
	    (strcmp(w.word[0], "quit") == 0 || strcmp(w.word[0], "exit") == 0))
		go_on = false;
	else if (w.n > 0)
		words_run(socket, json, (int)w.n, w.word);
	ctl_words_fini(&w);
	return go_on;
}

int
prompt_run(const char *socket, bool json)
{
	char *line = NULL;
	size_t room = 0;
	bool go_on = true;

	printf("help lists the commands, quit or control-D ends.\n");
	while (go_on) {
		ssize_t n;

		printf("deferctl> ");
		fflush(stdout);
		n = getline(&line, &room, stdin);
		if (n < 0) {
			printf("\n");
			break;
		}
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		go_on = prompt_line(socket, json, span_of(line, (size_t)n));
	}
	free(line);
	return 0;
}

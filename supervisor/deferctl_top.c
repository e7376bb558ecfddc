/*
 * deferctl_top.c: the live picture: asks, draws, waits for time, a key, an event or a
 * signal.
 */
#include "../common/clock.h"
#include "deferctl.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define TOP_DEFAULT_MS 500
#define TOP_LEAST_MS 100

struct top {
	struct link ask, events;
	struct model model;
	struct draw_size size;
	struct term term;
	int signals;
	int64_t every_ms;
	bool once;
	bool asking; /* for the seat to kill */
	char seat[8];
	size_t seat_n;
};

enum top_next { TOP_WAIT, TOP_DRAW, TOP_END };

/* Signals come through a descriptor: nothing happens in a handler. */
static int
top_open_signals(void)
{
	static const int signals[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Everything that has come on the stream. -1: it is over. */
static int
top_take_events(struct top *t)
{
	int over = link_pump(&t->events), code;
	struct span body;

	while (link_take(&t->events, &code, &body) == 1)
		if (code < 300)
			model_event(&t->model, body);
	return over;
}

/* The last row, which the picture leaves free. */
static void
top_draw_foot(const struct top *t, struct buf *out)
{
	buf_printf(out, "\033[J\033[%d;1H", t->size.rows + 1);
	if (t->asking)
		buf_printf(out, "kill what runs in seat: %.*s (Enter; another key: no)",
		    (int)t->seat_n, t->seat);
	else if (t->size.columns >= 60)
		buf_add_str(out, "q quit  p pause/resume low  d drain/undrain  k kill");
}

static void
top_draw(struct top *t)
{
	struct buf out;

	buf_init(&out, 0);
	if (t->size.live) {
		term_size(&t->size.columns, &t->size.rows);
		t->size.rows--; /* the cursor rests on the last one */
		buf_add_str(&out, "\033[H");
	}
	draw_picture(&out, &t->model, &t->size);
	if (t->size.live)
		top_draw_foot(t, &out);
	term_write(buf_span(&out));
	buf_fini(&out);
}

/* Control-Z: the shell gets its terminal back, and takes ours back when it continues.
 */
static enum top_next
top_suspend(struct top *t)
{
	term_leave(&t->term);
	raise(SIGSTOP);
	return term_enter(&t->term) == 0 ? TOP_DRAW : TOP_END;
}

static enum top_next
top_take_signal(struct top *t)
{
	struct signalfd_siginfo sig;

	if (read(t->signals, &sig, sizeof sig) != sizeof sig)
		return TOP_WAIT;
	switch (sig.ssi_signo) {
	case SIGWINCH: return TOP_DRAW;
	case SIGTSTP: return top_suspend(t);
	default: return TOP_END;
	}
}

/* The daemon's answer becomes a line of the picture. */
static enum top_next
top_do(struct top *t, const char *first, const char *second)
{
	const char *const words[] = {first, second};
	struct span body;
	int code;

	if (link_send(&t->ask, (char *const *)words, second ? 2 : 1) == 0 &&
	    link_next(&t->ask, &code, &body) == 1)
		model_say(&t->model, body);
	return TOP_DRAW;
}

static enum top_next
top_kill(struct top *t)
{
	t->seat[t->seat_n] = '\0';
	for (size_t i = 0; i < t->model.worker_n; i++) {
		const struct model_worker *w = &t->model.worker[i];

		if (w->seat == atoi(t->seat) && w->task[0])
			return top_do(t, "kill", w->task);
	}
	model_say(&t->model, span_str("nothing runs in that seat"));
	return TOP_DRAW;
}

/* While the number of a seat is typed. */
static enum top_next
top_take_digit(struct top *t, char key)
{
	if (key >= '0' && key <= '9' && t->seat_n + 1 < sizeof t->seat) {
		t->seat[t->seat_n++] = key;
		return TOP_DRAW;
	}
	t->asking = false;
	return (key == '\n' || key == '\r') && t->seat_n > 0 ? top_kill(t) : TOP_DRAW;
}

static enum top_next
top_take_key(struct top *t, struct pollfd *p)
{
	const struct model *m = &t->model;
	char key;

	if (read(p->fd, &key, 1) <= 0) {
		p->fd = -1; /* no more keys; signals still come */
		return TOP_WAIT;
	}
	if (t->asking)
		return top_take_digit(t, key);
	switch (key) {
	case 'q':
	case 'Q': return TOP_END;
	case 'p': return top_do(t, m->lane[1].paused ? "resume" : "pause", "low");
	case 'd':
		return top_do(
		    t, strcmp(m->phase, "draining") == 0 ? "undrain" : "drain", NULL);
	case 'k':
		t->asking = true;
		t->seat_n = 0;
		return TOP_DRAW;
	default: return key == ' ' || key == '\n' ? TOP_DRAW : TOP_WAIT;
	}
}

/* What the locale says, as the C library reads it. */
static bool
top_has_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *v = getenv(names[i]);

		if (v && v[0])
			return strstr(v, "UTF-8") || strstr(v, "utf8");
	}
	return false;
}

/* Until the next picture is due. False: the user has had enough. */
static bool
top_wait(struct top *t, struct pollfd p[3], int64_t until_ms)
{
	enum top_next next = TOP_WAIT;
	int64_t left;

	while (next == TOP_WAIT && (left = until_ms - clock_now_ms()) > 0) {
		if (poll(p, 3, (int)left) <= 0)
			continue;
		if (p[2].revents && top_take_events(t) != 0)
			p[2].fd = -1;
		if (p[1].revents)
			next = top_take_key(t, &p[1]);
		if (p[0].revents)
			next = top_take_signal(t);
	}
	return next != TOP_END;
}

static int
top_live(struct top *t)
{
	struct pollfd p[3] = {{.events = POLLIN},
	    {.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = t->events.fd, .events = POLLIN}};
	int rc;

	p[0].fd = t->signals = top_open_signals();
	if (t->signals < 0 || term_enter(&t->term) != 0)
		return EXIT_SYSTEM_;
	do {
		rc = model_update(&t->model, &t->ask, clock_now_ms());
		if (rc == 0)
			top_draw(t);
	} while (rc == 0 && top_wait(t, p, clock_now_ms() + t->every_ms));
	term_leave(&t->term);
	close(t->signals);
	if (rc == EXIT_UNAVAILABLE_)
		fprintf(stderr, "deferctl: the picture ends here: deferd is gone\n");
	return rc;
}

/* Two looks, because a rate needs them. */
static int
top_once(struct top *t)
{
	struct timespec ts = {
	    t->every_ms / MS_PER_S, t->every_ms % MS_PER_S * NS_PER_MS};
	int rc = model_update(&t->model, &t->ask, clock_now_ms());

	if (rc == 0) {
		nanosleep(&ts, NULL);
		rc = model_update(&t->model, &t->ask, clock_now_ms());
	}
	if (rc == 0)
		top_draw(t);
	return rc;
}

static int
top_usage(void)
{
	fprintf(stderr, "usage: deferctl [-s SOCKET] top [-1] [-d SECONDS]\n");
	return EXIT_USAGE_;
}

static int
top_take_options(struct top *t, int argc, char *const *argv)
{
	int opt;

	optind = 0; /* another vector: getopt starts anew */
	while ((opt = getopt(argc, argv, "+1d:")) != -1) {
		if (opt == '1')
			t->once = true;
		else if (opt != 'd' || clock_parse_ms(optarg, &t->every_ms) != 0 ||
			 t->every_ms < TOP_LEAST_MS)
			return top_usage();
	}
	return optind < argc ? top_usage() : 0;
}

int
top_run(const char *socket, int argc, char *const *argv)
{
	struct top t = {.every_ms = TOP_DEFAULT_MS, .ask.fd = -1, .events.fd = -1};
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	char *subscribe[] = {(char *)"subscribe", (char *)"events"};
	bool tty = isatty(STDOUT_FILENO);
	int rc = top_take_options(&t, argc, argv);

	if (rc != 0)
		return rc;
	t.once = t.once || !tty;
	t.size = (struct draw_size){.columns = 80,
	    .colour = tty && (!no_colour || !no_colour[0]) && term &&
		      strcmp(term, "dumb") != 0,
	    .utf8 = top_has_utf8(),
	    .live = !t.once};
	if (tty)
		term_size(&t.size.columns, &t.size.rows);
	t.size.rows = 0;
	model_init(&t.model);
	rc = link_open(&t.ask, socket);
	if (rc == 0 && !t.once)
		rc = link_open(&t.events, socket);
	if (rc == 0 && !t.once)
		rc = link_send(&t.events, subscribe, 2);
	if (rc == 0)
		rc = t.once ? top_once(&t) : top_live(&t);
	link_close(&t.ask);
	link_close(&t.events);
	model_fini(&t.model);
	return rc;
}

/*
 * deferctl_term.c: the terminal: what it was, what it shows, how large it is.
 */
#include "deferctl.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char enter_text[] = "\033[?1049h\033[?25l\033[2J";
static const char leave_text[] = "\033[?25h\033[?1049l";

int
term_enter(struct term *t)
{
	struct termios now;

	t->has_keys = tcgetattr(STDIN_FILENO, &t->was) == 0;
	if (t->has_keys) {
		now = t->was;
		now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		now.c_cc[VMIN] = 0;
		now.c_cc[VTIME] = 0;
		if (tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0)
			return -ERR_SYSTEM;
	}
	t->entered = true;
	term_write(span_str(enter_text));
	return 0;
}

void
term_leave(struct term *t)
{
	if (!t->entered)
		return;
	t->entered = false;
	term_write(span_str(leave_text));
	if (t->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->was);
}

void
term_size(int *columns, int *rows)
{
	struct winsize ws;

	*columns = 80;
	*rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0 || ws.ws_col == 0 ||
	    ws.ws_row == 0)
		return;
	*columns = ws.ws_col;
	*rows = ws.ws_row;
}

void
term_write(struct span s)
{
	while (s.n > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0)
			s = span_of(s.p + n, s.n - (size_t)n);
	}
}

/*
 * deferctl_term.c: the terminal's state. File-scope, because a signal must be able to
 * put it back.
 */
#include "deferctl.h"
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios term_was;
static volatile sig_atomic_t term_entered;

static const char enter_text[] = "\033[?1049h\033[?25l\033[2J";
static const char leave_text[] = "\033[?25h\033[?1049l";

int
term_enter(void)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &term_was) == 0) {
		now = term_was;
		now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		now.c_cc[VMIN] = 0;
		now.c_cc[VTIME] = 0;
		if (tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0)
			return -ERR_SYSTEM;
		term_entered = 2;
	} else {
		term_entered = 1; /* keys come from elsewhere: signals still work */
	}
	term_write(span_str(enter_text));
	return 0;
}

void
term_leave(void)
{
	int was = term_entered;

	term_entered = 0;
	if (was > 0)
		term_write(span_str(leave_text));
	if (was > 1)
		tcsetattr(STDIN_FILENO, TCSANOW, &term_was);
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

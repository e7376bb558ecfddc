/*
 * deferctl.h: the operator's command. Four rooms: the link (socket and frames), the
 * model (what `show -j` said), the drawing (model -> text), the terminal; top and main
 * join them.
 */
#ifndef DEFERD_DEFERCTL_H
#define DEFERD_DEFERCTL_H

#include "../common/ctlproto.h"
#include "../common/err.h"
#include <jansson.h>
#include <termios.h>

/* --- link --- */
#define LINK_REPLY_BYTES (64 * 1024 * 1024)
#define LINK_PATIENCE_S 5
#define LINK_SLOW_PATIENCE_S 40 /* over the 30 s after which deferd answers anyway */

struct link {
	int fd;
	const char *path; /* borrowed */
	struct ctl_reader reader;
};
/* Connects. 0, or an exit code with the sentence on stderr. */
int link_open(struct link *, const char *path);
void link_close(struct link *);
/* How long link_next waits for bytes; 0: without an end. At first LINK_PATIENCE_S. */
void link_set_patience(struct link *, int seconds);
/* 0, or an exit code with the sentence on stderr. A peer that has gone is found when
 * its answer is read. */
int link_send(struct link *, char *const *words, size_t n);
/* Waits for the next frame: 1, 0 when the daemon closed, -1 with the sentence on stderr. */
int link_next(struct link *, int *code, struct span *body);
/* Reads what is there without waiting; then frames may be taken with link_take. -1: the
 * daemon closed. */
int link_pump(struct link *);
int link_take(struct link *, int *code, struct span *body);
/* The exit code that a reply's code means. */
int link_exit_code(int code);
/* Sends the words and waits for the one JSON reply; NULL with the sentence on stderr. The
 * caller decrefs. */
json_t *link_ask(struct link *, const char *const *words, size_t n, int *exit_code);

/* --- model: what a picture needs --- */
#define MODEL_LINES 8
#define MODEL_TEXT 256

struct model_lane {
	char name[16];
	long long queued, leased, limit, oldest_ms, p50_ms, p99_ms;
	bool paused;
};
struct model_worker {
	int seat;
	char cell; /* enum model_cell */
	char task[40]; /* the id of what it runs; "" */
};
#define MODEL_SPARKS 32
struct model_spark { /* the last values, a ring */
	double value[MODEL_SPARKS];
	size_t n, next;
};
struct model {
	char version[32], phase[16], not_ready[128];
	long long pid, uptime_ms, capacity, low_limit, queued, leased, rss_bytes;
	long long done, failed, died, refused;
	long long ended, at_ms; /* what the rate is computed from */
	long long queued_max, leased_max, full_times;
	struct model_spark rates, waits; /* tasks a second; ms */
	double rate; /* ended tasks a second since the last picture; < 0: not known yet */
	struct model_lane lane[2];
	struct model_worker *worker; /* owned */
	size_t worker_n;
	char line[MODEL_LINES][MODEL_TEXT]; /* the last events, newest last */
	size_t line_n;
};
void model_init(struct model *);
void model_fini(struct model *);
/* Asks the daemon; 0 or an exit code with the sentence on stderr. */
int model_update(struct model *, struct link *, int64_t now_ms);
/* An event of the stream: kept when it is one to show. */
void model_event(struct model *, struct span json);

/* A line of its own below the picture. */
void model_say(struct model *, struct span text);

/* The letters of the cells. */
enum model_cell { CELL_MAIN = 'M', CELL_LOW = 'L', CELL_IDLE = '.', CELL_STARTING = 's',
	CELL_CLOSING = 'c', CELL_NONE = 'x', CELL_BUSY = '!' };
#define MODEL_BUSY_MS 1000 /* one burst for longer is worth a look */

/* --- drawing --- */
struct draw_size {
	int columns, rows; /* rows 0: as many as it takes */
	bool colour;
	bool utf8; /* blocks in sparklines, else ASCII */
	bool live; /* lines end with "erase to the end of the line" */
};
void draw_picture(struct buf *out, const struct model *, const struct draw_size *);

/* --- terminal --- */
/* The alternate screen, keys without echo. */
struct term {
	struct termios was;
	bool entered, has_keys; /* has_keys: the standard input is the terminal, too */
};
int term_enter(struct term *);
/* Puts everything back; may be called twice. */
void term_leave(struct term *);
void term_size(int *columns, int *rows);
void term_write(struct span);

/* --- the command line --- */
bool is_prefix(const char *text, const char *of);
/* Each an exit code; what went wrong is on stderr. n >= 1. */
int words_run(const char *socket, bool json, int n, char *const *words);
int remote_run(const char *socket, bool json, char *const *words, size_t n);
/* argv: "watch", the seconds, the command. */
int watch_run(const char *socket, bool json, int argc, char *const *argv);
/* Reads commands from the terminal until its end. */
int prompt_run(const char *socket, bool json);

/* --- top --- */
/* argv: what stands behind the word "top". An exit code. */
int top_run(const char *socket, int argc, char *const *argv);

#endif

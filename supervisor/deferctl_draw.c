/*
 * deferctl_draw.c: a picture as text, cut to the size it is given. Letters say what
 * colours say too.
 */
#include "deferctl.h"
#include "../common/human.h"
#include <stdarg.h>
#include <stdio.h>

#define BAR_COLUMNS_MAX 40
#define CELL_GROUP 10

struct draw {
	struct buf *out;
	const struct draw_size *size;
	int column, row;
};

/* SGR codes. */
static const char bold[] = "1", dim[] = "2", red[] = "31;1", green[] = "32",
		  yellow[] = "33", cyan[] = "36";

static bool
draw_full(const struct draw *d)
{
	return d->size->rows > 0 && d->row >= d->size->rows;
}

static void draw_text(struct draw *d, const char *style, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static void
draw_text(struct draw *d, const char *style, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int room = d->size->columns - d->column, n = 0;
	size_t end = 0;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (draw_full(d))
		return;
	while (text[end] != '\0' && (n < room || (text[end] & 0xc0) == 0x80))
		n += (text[end++] & 0xc0) != 0x80;
	style = d->size->colour ? style : NULL;
	if (style)
		buf_printf(d->out, "\033[%sm", style);
	buf_add(d->out, text, end);
	if (style)
		buf_add_str(d->out, "\033[0m");
	d->column += n;
}

static void
draw_end_line(struct draw *d)
{
	if (!draw_full(d))
		buf_add_str(d->out, d->size->live ? "\033[K\r\n" : "\n");
	d->column = 0;
	d->row++;
}

static void
draw_head(struct draw *d, const struct model *m)
{
	char up[HUMAN_BYTES], rss[HUMAN_BYTES];

	draw_text(d, bold, "deferd %s", m->version);
	draw_text(d, NULL, "  pid %lld  ", m->pid);
	draw_text(d, strcmp(m->phase, "running") == 0 ? green : yellow, "%s", m->phase);
	draw_text(d, NULL, "  up %s  memory %s  ", human_ms(m->uptime_ms, up),
	    human_bytes((uint64_t)m->rss_bytes, rss));
	if (m->rate < 0)
		draw_text(d, bold, "- tasks/s");
	else
		draw_text(d, bold, "%.*f tasks/s", m->rate < 100 ? 1 : 0, m->rate);
	draw_end_line(d);
	draw_text(d, NULL, "queued %lld  running %lld of %lld  done %lld  ", m->queued,
	    m->leased, m->capacity, m->done);
	draw_text(d, m->failed > 0 ? red : NULL, "failed %lld", m->failed);
	draw_text(d, NULL, "  refused %lld  ", m->refused);
	draw_text(d, m->died > 0 ? red : NULL, "workers lost %lld", m->died);
	draw_end_line(d);
	if (m->not_ready[0] != '\0') {
		draw_text(d, red, "not ready: %s", m->not_ready);
		draw_end_line(d);
	}
	draw_end_line(d);
}

/* [########------|----]: leased of the capacity, the lane's limit marked when it is
 * below the capacity. */
static void
draw_bar(struct draw *d, const struct model *m, const struct model_lane *lane,
    const char *style)
{
	int width = d->size->columns - 48;
	long long capacity = m->capacity > 0 ? m->capacity : 1, full, mark;

	width = width > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : width < 10 ? 10 : width;
	full = (lane->leased * width + capacity - 1) / capacity;
	mark = lane->limit < m->capacity ? lane->limit * width / capacity : -1;
	draw_text(d, NULL, "%-4s [", lane->name);
	for (int i = 0; i < width; i++) {
		bool on = i < full;

		if (i == mark)
			draw_text(d, bold, "|");
		draw_text(d, on ? style : dim, "%c", on ? '#' : '-');
	}
	draw_text(d, mark == width ? bold : NULL, "%s]", mark == width ? "|" : "");
}

static void
draw_lane(struct draw *d, const struct model *m, const struct model_lane *lane,
    const char *style)
{
	char p50[HUMAN_BYTES], p99[HUMAN_BYTES];

	draw_bar(d, m, lane, style);
	draw_text(d, NULL, " %3lld/%-3lld queued %-6lld ", lane->leased, lane->limit,
	    lane->queued);
	if (lane->paused)
		draw_text(d, yellow, "paused");
	else
		draw_text(d, dim, "wait %s/%s", human_ms(lane->p50_ms, p50),
		    human_ms(lane->p99_ms, p99));
	draw_end_line(d);
}

/* The last values, each as tall as it is beside the greatest of them. */
static void
draw_spark(struct draw *d, const char *name, const struct model_spark *s)
{
	static const char *const blocks[] = {"\xe2\x96\x81", "\xe2\x96\x82",
	    "\xe2\x96\x83", "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86",
	    "\xe2\x96\x87", "\xe2\x96\x88"};
	static const char *const plain[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	const char *const *ramp = d->size->utf8 ? blocks : plain;
	double most = 0;

	for (size_t i = 0; i < s->n; i++)
		most = s->value[i] > most ? s->value[i] : most;
	draw_text(d, NULL, "%-4s [", name);
	for (size_t i = 0; i < MODEL_SPARKS; i++) {
		size_t age = MODEL_SPARKS - i; /* 1: the newest */
		double v = age <= s->n ? s->value[(s->next + i) % MODEL_SPARKS] : -1;
		size_t at = most > 0 && v > 0 ? (size_t)(v / most * 7 + 0.5) : 0;

		draw_text(d, cyan, "%s", v < 0 ? " " : ramp[at]);
	}
	draw_text(d, NULL, "]");
}

static void
draw_sparks(struct draw *d, const struct model *m)
{
	char wait[HUMAN_BYTES];
	size_t last = (m->waits.next + MODEL_SPARKS - 1) % MODEL_SPARKS;

	draw_spark(d, "rate", &m->rates);
	draw_text(d, m->full_times > 0 ? yellow : NULL,
	    "  most: queued %lld, running %lld", m->queued_max, m->leased_max);
	draw_end_line(d);
	draw_spark(d, "wait", &m->waits);
	draw_text(d, NULL, "  %s  ",
	    human_ms(m->waits.n > 0 ? (int64_t)m->waits.value[last] : 0, wait));
	draw_text(d, m->full_times > 0 ? yellow : NULL, "no free slot: %lld times",
	    m->full_times);
	draw_end_line(d);
}

static const struct draw_cell {
	char cell;
	const char *style, *name;
} draw_cells[] = {
    {CELL_MAIN, green, "main"},
    {CELL_LOW, cyan, "low"},
    {CELL_IDLE, dim, "idle"},
    {CELL_STARTING, yellow, "starting"},
    {CELL_CLOSING, yellow, "closing"},
    {CELL_NONE, red, "no worker"},
    {CELL_BUSY, red, "burst over 1 s"},
};

static const struct draw_cell *
draw_find_cell(char cell)
{
	for (size_t i = 0; i < COUNT_OF(draw_cells); i++)
		if (draw_cells[i].cell == cell)
			return &draw_cells[i];
	return &draw_cells[COUNT_OF(draw_cells) - 1];
}

static void
draw_workers(struct draw *d, const struct model *m)
{
	int group = d->size->columns < 2 * CELL_GROUP ? 1 : CELL_GROUP;
	int groups = (d->size->columns - 6) / (group + 1);

	groups = groups < 1 ? 1 : groups;
	for (size_t i = 0; i < m->worker_n; i++) {
		size_t in_row = i % ((size_t)groups * (size_t)group);

		if (in_row == 0)
			draw_text(d, dim, "%4d ", m->worker[i].seat);
		else if (in_row % (size_t)group == 0)
			draw_text(d, NULL, " ");
		draw_text(d, draw_find_cell(m->worker[i].cell)->style, "%c",
		    m->worker[i].cell);
		if (i + 1 == m->worker_n ||
		    in_row + 1 == (size_t)groups * (size_t)group)
			draw_end_line(d);
	}
	draw_text(d, NULL, "     ");
	for (size_t i = 0; i < COUNT_OF(draw_cells); i++) {
		draw_text(d, draw_cells[i].style, "%c", draw_cells[i].cell);
		draw_text(d, dim, " %s  ", draw_cells[i].name);
	}
	draw_end_line(d);
}

static void
draw_lines(struct draw *d, const struct model *m)
{
	size_t room = m->line_n, first;

	if (m->line_n == 0)
		return;
	draw_end_line(d);
	if (d->size->rows > 0)
		room = d->size->rows > d->row ? (size_t)(d->size->rows - d->row) : 0;
	first = m->line_n > room ? m->line_n - room : 0;
	for (size_t i = first; i < m->line_n; i++) {
		draw_text(d, NULL, "%s", m->line[i]);
		draw_end_line(d);
	}
}

void
draw_picture(struct buf *out, const struct model *m, const struct draw_size *size)
{
	struct draw d = {.out = out, .size = size};

	draw_head(&d, m);
	draw_lane(&d, m, &m->lane[0], green);
	draw_lane(&d, m, &m->lane[1], cyan);
	draw_sparks(&d, m);
	draw_end_line(&d);
	draw_workers(&d, m);
	draw_lines(&d, m);
}

/*
 * sheet.c: cells are collected until the table or card ends, because only then the
 * widths are known; JSON is written at once.
 */
#include "sheet.h"
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/human.h"
#include <stdarg.h>
#include <stdio.h>

#define COLUMN_GAP 2
#define TIME_BYTES 32

struct sheet_cell {
	uint32_t at, bytes, width; /* in text; width in characters */
};

void
sheet_init(struct sheet *s, struct buf *out, bool json)
{
	memset(s, 0, sizeof *s);
	s->out = out;
	s->json = json;
	buf_init(&s->text, 0);
	buf_init(&s->cells, 0);
	if (json) {
		jsonw_init(&s->w, out);
		jsonw_object(&s->w);
		jsonw_kint(&s->w, "schema", CTL_SCHEMA);
	}
}

int
sheet_fini(struct sheet *s)
{
	bool failed = s->text.failed || s->cells.failed || s->out->failed;

	ASSERT(s->mode == SHEET_IDLE);
	if (s->json)
		jsonw_end_object(&s->w);
	buf_fini(&s->text);
	buf_fini(&s->cells);
	return failed ? -ERR_NOMEM : 0;
}

void
sheet_gap(struct sheet *s)
{
	ASSERT(s->mode == SHEET_IDLE);
	if (!s->json && s->out->n > 0)
		buf_add_byte(s->out, '\n');
}

static void
sheet_begin(struct sheet *s, enum sheet_mode mode)
{
	buf_reset(&s->text);
	buf_reset(&s->cells);
	s->columns = s->column = s->rows = 0;
	s->row_open = false;
	sheet_gap(s);
	s->mode = mode;
}

void
sheet_card(struct sheet *s, const char *key)
{
	sheet_begin(s, SHEET_CARD);
	s->keyed = key != NULL;
	if (s->json && key) {
		jsonw_key(&s->w, key);
		jsonw_object(&s->w);
	}
}

void
sheet_table(struct sheet *s, const char *key, const char *empty)
{
	sheet_begin(s, SHEET_TABLE);
	s->empty = empty;
	if (s->json) {
		jsonw_key(&s->w, key);
		jsonw_array(&s->w);
	}
}

static void
sheet_end_row(struct sheet *s)
{
	if (!s->row_open)
		return;
	s->row_open = false;
	if (s->json)
		jsonw_end_object(&s->w);
	ASSERT(s->column == s->columns);
}

void
sheet_row(struct sheet *s)
{
	ASSERT(s->mode == SHEET_TABLE);
	sheet_end_row(s);
	s->row_open = true;
	s->column = 0;
	s->rows++;
	if (s->json)
		jsonw_object(&s->w);
}

static void
sheet_pad(struct sheet *s, size_t n)
{
	while (n-- > 0)
		buf_add_byte(s->out, ' ');
}

static void
sheet_put(
    struct sheet *s, struct span text, size_t width, size_t room, bool right, bool last)
{
	size_t pad = room > width ? room - width : 0;

	if (right)
		sheet_pad(s, pad);
	buf_add_span(s->out, text);
	if (!last) {
		sheet_pad(s, (right ? 0 : pad) + COLUMN_GAP);
		return;
	}
	while (s->out->n > 0 && s->out->p[s->out->n - 1] == ' ')
		s->out->n--;
	buf_add_byte(s->out, '\n');
}

static void
sheet_print_table(struct sheet *s)
{
	const struct sheet_cell *cell =
	    (const struct sheet_cell *)(const void *)s->cells.p;
	size_t room[SHEET_COLUMNS_MAX];

	for (size_t c = 0; c < s->columns; c++) {
		room[c] = strlen(s->title[c]);
		for (size_t r = 0; r < s->rows; r++)
			if (cell[r * s->columns + c].width > room[c])
				room[c] = cell[r * s->columns + c].width;
	}
	for (size_t c = 0; c < s->columns; c++)
		sheet_put(s, span_str(s->title[c]), strlen(s->title[c]), room[c],
		    s->right[c], c + 1 == s->columns);
	for (size_t i = 0; i < s->rows * s->columns; i++) {
		size_t c = i % s->columns;

		sheet_put(s, span_of(s->text.p + cell[i].at, cell[i].bytes),
		    cell[i].width, room[c], s->right[c], c + 1 == s->columns);
	}
}

void
sheet_end_table(struct sheet *s)
{
	ASSERT(s->mode == SHEET_TABLE);
	sheet_end_row(s);
	s->mode = SHEET_IDLE;
	if (s->json)
		jsonw_end_array(&s->w);
	else if (s->rows == 0)
		buf_printf(s->out, "%s\n", s->empty);
	else if (!s->text.failed && !s->cells.failed)
		sheet_print_table(s);
}

/* A card's cells are label, value, label, value... */
void
sheet_end_card(struct sheet *s)
{
	const struct sheet_cell *cell =
	    (const struct sheet_cell *)(const void *)s->cells.p;
	size_t n = s->cells.n / sizeof *cell, room = 0;

	ASSERT(s->mode == SHEET_CARD);
	s->mode = SHEET_IDLE;
	if (s->json) {
		if (s->keyed)
			jsonw_end_object(&s->w);
		return;
	}
	if (s->text.failed || s->cells.failed)
		return;
	for (size_t i = 0; i < n; i += 2)
		if (cell[i].width > room)
			room = cell[i].width;
	for (size_t i = 0; i < n; i++)
		sheet_put(s, span_of(s->text.p + cell[i].at, cell[i].bytes),
		    cell[i].width, i % 2 ? 0 : room, false, i % 2);
}

/* Adds the cell's text, control characters escaped, and counts its characters. */
static void
sheet_add_cell(struct sheet *s, struct span v)
{
	struct sheet_cell cell = {(uint32_t)s->text.n, 0, 0};

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < ' ' || v.p[i] == 0x7f) {
			buf_printf(&s->text, "\\x%02x", v.p[i]);
			cell.width += 4;
		} else {
			buf_add_byte(&s->text, v.p[i]);
			cell.width += (v.p[i] & 0xc0) != 0x80;
		}
	}
	cell.bytes = (uint32_t)(s->text.n - cell.at);
	buf_add(&s->cells, &cell, sizeof cell);
}

static void
sheet_cell(struct sheet *s, const char *title, struct span v, bool right)
{
	ASSERT(s->mode != SHEET_IDLE);
	if (s->json || !title)
		return;
	if (s->mode == SHEET_CARD) {
		sheet_add_cell(s, span_str(title));
	} else {
		ASSERT(s->column < SHEET_COLUMNS_MAX);
		s->title[s->column] = title;
		s->right[s->column] = right;
		s->column++;
		if (s->rows == 1)
			s->columns = s->column;
	}
	sheet_add_cell(s, v);
}

static void
sheet_text_cell(struct sheet *s, const char *title, const char *v, bool right)
{
	sheet_cell(s, title, span_str(v), right);
}

static bool
sheet_key(struct sheet *s, const char *key)
{
	if (!s->json || !key)
		return false;
	jsonw_key(&s->w, key);
	return true;
}

void
sheet_span(struct sheet *s, const char *key, const char *title, struct span v)
{
	if (sheet_key(s, key))
		jsonw_span(&s->w, v);
	sheet_cell(s, title, v, false);
}

void
sheet_str(struct sheet *s, const char *key, const char *title, const char *v)
{
	if (sheet_key(s, key))
		jsonw_str(&s->w, v);
	sheet_text_cell(s, title, v && v[0] ? v : "-", false);
}

void
sheet_lines(struct sheet *s, const char *key, const char *title, const char *text)
{
	if (sheet_key(s, key))
		jsonw_str(&s->w, text);
	while (*text) {
		size_t n = strcspn(text, "\n");

		sheet_cell(s, title, span_of(text, n), false);
		title = "";
		text += n + (text[n] == '\n');
	}
}

static void
sheet_json_int(struct sheet *s, const char *key, int64_t v, bool null)
{
	if (!sheet_key(s, key))
		return;
	if (null)
		jsonw_null(&s->w);
	else
		jsonw_int(&s->w, v);
}

void
sheet_int(struct sheet *s, const char *key, const char *title, int64_t v)
{
	char text[HUMAN_BYTES];

	sheet_json_int(s, key, v, false);
	snprintf(text, sizeof text, "%lld", (long long)v);
	sheet_text_cell(s, title, text, true);
}

void
sheet_ms(struct sheet *s, const char *key, const char *title, int64_t ms)
{
	char text[HUMAN_BYTES];

	sheet_json_int(s, key, ms, ms < 0);
	sheet_text_cell(s, title, human_ms(ms, text), true);
}

void
sheet_us(struct sheet *s, const char *key, const char *title, int64_t us)
{
	char text[HUMAN_BYTES];

	if (sheet_key(s, key)) {
		if (us < 0)
			jsonw_null(&s->w);
		else
			jsonw_real(&s->w, (double)us / 1000);
	}
	sheet_text_cell(s, title, human_us(us, text), true);
}

void
sheet_id(struct sheet *s, const char *key, const char *title, uint64_t id)
{
	char text[HUMAN_BYTES] = "-";

	sheet_json_int(s, key, (int64_t)id, id == 0);
	if (id != 0)
		snprintf(text, sizeof text, "%llu", (unsigned long long)id);
	sheet_text_cell(s, title, text, true);
}

void
sheet_bytes(struct sheet *s, const char *key, const char *title, int64_t bytes)
{
	char text[HUMAN_BYTES] = "-";

	sheet_json_int(s, key, bytes, bytes < 0);
	if (bytes >= 0)
		human_bytes((uint64_t)bytes, text);
	sheet_text_cell(s, title, text, true);
}

void
sheet_bool(struct sheet *s, const char *key, const char *title, bool v)
{
	if (sheet_key(s, key))
		jsonw_bool(&s->w, v);
	sheet_text_cell(s, title, v ? "yes" : "no", false);
}

void
sheet_wall(struct sheet *s, const char *key, const char *title, int64_t wall_ms)
{
	char text[TIME_BYTES];

	if (wall_ms > 0)
		clock_format_wall(wall_ms, text, sizeof text);
	sheet_str(s, key, title, wall_ms > 0 ? text : NULL);
}

void
sheet_text(struct sheet *s, const char *title, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	sheet_text_cell(s, title, text, false);
}

void
sheet_line(struct sheet *s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	ASSERT(s->mode == SHEET_IDLE);
	if (s->json)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	buf_printf(s->out, "%s\n", text);
}

struct jsonw *
sheet_json(struct sheet *s)
{
	return s->json ? &s->w : NULL;
}

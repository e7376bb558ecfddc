/*
 * sheet.h: what a command answers, said once for both readers: aligned text for people,
 * JSON with stable names for programs. It knows columns, units and escapes, and nothing
 * about tasks or workers.
 *
 * A sheet is a row of cards (label and value, a line each) and tables. Each value has a
 * key, its name in JSON, and a title, its label or column in text; a NULL key or title
 * leaves it out of that form. Text cells are cleared of control characters.
 */
#ifndef DEFERD_SHEET_H
#define DEFERD_SHEET_H

#include "../common/ctlproto.h"
#include "../common/jsonw.h"

#define SHEET_COLUMNS_MAX 24

enum sheet_mode { SHEET_IDLE, SHEET_CARD, SHEET_TABLE };

struct sheet {
	struct buf *out; /* borrowed */
	bool json;
	struct jsonw w;
	enum sheet_mode mode;
	bool row_open, keyed;
	struct buf text;  /* all cells' text of the open table or card, in a row */
	struct buf cells; /* of struct sheet_cell */
	const char *title[SHEET_COLUMNS_MAX];
	bool right[SHEET_COLUMNS_MAX];
	size_t columns, column, rows;
	const char *empty;
};

void sheet_init(struct sheet *, struct buf *out, bool json);
/* Ends the JSON object. 0 or buf's error. */
int sheet_fini(struct sheet *) MUST_USE;

/* A card; with a key it is an object of its own in JSON, else its values are members of
 * the reply. */
void sheet_card(struct sheet *, const char *key);
void sheet_end_card(struct sheet *);
/* A table: an array of objects in JSON. Every row must set the same columns in the same
 * order. empty is printed in its place when it has no row. */
void sheet_table(struct sheet *, const char *key, const char *empty);
void sheet_row(struct sheet *);
void sheet_end_table(struct sheet *);

/* NULL: null, "-" in text. */
void sheet_str(struct sheet *, const char *key, const char *title, const char *);
/* In a card: each line of the text on a line of its own. */
void sheet_lines(struct sheet *, const char *key, const char *title, const char *);
void sheet_span(struct sheet *, const char *key, const char *title, struct span);
void sheet_int(struct sheet *, const char *key, const char *title, int64_t);
/* Negative: null, "-"; so for the next three. */
void sheet_ms(struct sheet *, const char *key, const char *title, int64_t ms);
/* In JSON milliseconds with a fraction. */
void sheet_us(struct sheet *, const char *key, const char *title, int64_t us);
void sheet_bytes(struct sheet *, const char *key, const char *title, int64_t bytes);
/* A number that counts from 1; 0: null, "-". */
void sheet_id(struct sheet *, const char *key, const char *title, uint64_t id);
void sheet_bool(struct sheet *, const char *key, const char *title, bool);
/* RFC 3339; 0 or less: null, "-". */
void sheet_wall(struct sheet *, const char *key, const char *title, int64_t wall_ms);
/* Only in text: a value made of several. */
void sheet_text(struct sheet *, const char *title, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Only in text, between cards and tables: an empty line, a line of its own. */
void sheet_gap(struct sheet *);
void sheet_line(struct sheet *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* For what is special in JSON: the writer, or NULL in text. */
struct jsonw *sheet_json(struct sheet *);

#endif

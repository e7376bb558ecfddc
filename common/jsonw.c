/*
 * jsonw.c: the JSON writer. It knows JSON and nothing of what it writes.
 */
#include "jsonw.h"
#include "utf8.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define JSONW_DEPTH_MAX 63

void
jsonw_init(struct jsonw *w, struct buf *out)
{
	*w = (struct jsonw){.out = out};
}

/* What stands between the last element and the one that comes now. */
static void
jsonw_comma(struct jsonw *w)
{
	uint64_t bit = 1ULL << w->depth;

	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->depth > 0 && (w->has & bit))
		buf_add_byte(w->out, ',');
	w->has |= bit;
}

static void
jsonw_open(struct jsonw *w, uint8_t bracket)
{
	jsonw_comma(w);
	buf_add_byte(w->out, bracket);
	ASSERT(w->depth < JSONW_DEPTH_MAX);
	w->has &= ~(1ULL << ++w->depth);
}

static void
jsonw_close(struct jsonw *w, uint8_t bracket)
{
	ASSERT(w->depth > 0 && !w->after_key);
	w->depth--;
	buf_add_byte(w->out, bracket);
}

void
jsonw_object(struct jsonw *w)
{
	jsonw_open(w, '{');
}

void
jsonw_array(struct jsonw *w)
{
	jsonw_open(w, '[');
}

void
jsonw_end_object(struct jsonw *w)
{
	jsonw_close(w, '}');
}

void
jsonw_end_array(struct jsonw *w)
{
	jsonw_close(w, ']');
}

/* Per byte of the word, the high bit: it has to be escaped or looked at. */
static uint64_t
jsonw_word_special(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101ULL, highs = ones << 7;
	uint64_t quote = w ^ (ones * '"'), backslash = w ^ (ones * '\\');

	/* (x - 1) & ~x has the high bit of a zero byte; w - 0x20 that of a control one;
	 * borrows only add false alarms behind a true one */
	return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
		   ((w - ones * 0x20) & ~w) | w) &
	       highs;
}

static bool
jsonw_byte_special(uint8_t c)
{
	return c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
}

/* Bytes from p on that stand in a string as they are. */
static size_t
jsonw_plain_bytes(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = p;

	while (at < end) {
		uint64_t word;
		while (
		    end - at >= 8 && (memcpy(&word, at, 8), !jsonw_word_special(word)))
			at += 8;
		while (at < end && !jsonw_byte_special(*at))
			at++;
		size_t n = at < end && *at >= 0x80 ? utf8_char_bytes(at, end) : 0;
		if (n == 0)
			break;
		at += n;
	}
	return (size_t)(at - p);
}

static void
jsonw_escape(struct buf *out, uint8_t c)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *l = letters; *l; l += 2) {
		if ((uint8_t)*l == c) {
			buf_add(out, (char[]){'\\', l[1]}, 2);
			return;
		}
	}
	if (c >= 0x80)
		buf_add_str(out, "\xef\xbf\xbd"); /* U+FFFD */
	else
		buf_printf(out, "\\u%04x", c);
}

static void
jsonw_quote(struct buf *out, struct span s)
{
	const uint8_t *p = s.p, *end = s.p + s.n;

	buf_add_byte(out, '"');
	while (p < end) {
		size_t n = jsonw_plain_bytes(p, end);
		buf_add(out, p, n);
		p += n;
		if (p < end)
			jsonw_escape(out, *p++);
	}
	buf_add_byte(out, '"');
}

void
jsonw_key_span(struct jsonw *w, struct span key)
{
	ASSERT(w->depth > 0 && !w->after_key);
	jsonw_comma(w);
	jsonw_quote(w->out, key);
	buf_add_byte(w->out, ':');
	w->after_key = true;
}

void
jsonw_key(struct jsonw *w, const char *key)
{
	jsonw_key_span(w, span_str(key));
}

void
jsonw_raw(struct jsonw *w, struct span json)
{
	jsonw_comma(w);
	buf_add_span(w->out, json);
}

void
jsonw_span(struct jsonw *w, struct span s)
{
	jsonw_comma(w);
	jsonw_quote(w->out, s);
}

void
jsonw_str(struct jsonw *w, const char *s)
{
	if (s)
		jsonw_span(w, span_str(s));
	else
		jsonw_null(w);
}

void
jsonw_uint(struct jsonw *w, uint64_t v)
{
	char text[20], *p = text + sizeof text;

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	jsonw_raw(w, span_of(p, (size_t)(text + sizeof text - p)));
}

void
jsonw_int(struct jsonw *w, int64_t v)
{
	char text[24];

	if (v >= 0) {
		jsonw_uint(w, (uint64_t)v);
		return;
	}
	int n = snprintf(text, sizeof text, "%lld", (long long)v);
	jsonw_raw(w, span_of(text, (size_t)n));
}

void
jsonw_real(struct jsonw *w, double v)
{
	char text[32];

	if (isfinite(v))
		jsonw_raw(w, span_str(real_format(v, text)));
	else
		jsonw_null(w);
}

void
jsonw_bool(struct jsonw *w, bool v)
{
	jsonw_raw(w, span_str(v ? "true" : "false"));
}

void
jsonw_null(struct jsonw *w)
{
	jsonw_raw(w, span_str("null"));
}

void
jsonw_kstr(struct jsonw *w, const char *key, const char *s)
{
	jsonw_key(w, key);
	jsonw_str(w, s);
}

void
jsonw_kspan(struct jsonw *w, const char *key, struct span s)
{
	jsonw_key(w, key);
	jsonw_span(w, s);
}

void
jsonw_kint(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_int(w, v);
}

void
jsonw_kreal(struct jsonw *w, const char *key, double v)
{
	jsonw_key(w, key);
	jsonw_real(w, v);
}

void
jsonw_kbool(struct jsonw *w, const char *key, bool v)
{
	jsonw_key(w, key);
	jsonw_bool(w, v);
}

const char *
real_format(double d, char out[32])
{
	/* 15 digits always fit a normal double's text; a subnormal has fewer */
	int digits = fabs(d) < DBL_MIN ? 1 : 15;

	do
		snprintf(out, 32, "%.*g", digits, d);
	while (digits++ < 17 && strtod(out, NULL) != d);
	if (!strpbrk(out, ".e"))
		strcat(out, ".0");
	return out;
}

/*
 * api_json.c: JSON.parse: a recursive descent straight into Ruby values. Strict RFC
 * 8259, depth at most 32; integers beyond 64 bits become Floats.
 */
#include "../common/err.h"
#include "api.h"
#include "conv.h"
#include "json.h"
#include <errno.h>
#include <math.h>
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/hash.h>
#include <mruby/string.h>
#include <stdlib.h>

struct json {
	mrb_state *mrb;
	const char *start, *p, *end; /* a Ruby String's bytes, with a NUL behind them */
	struct buf *text;            /* scratch for a string with escapes */
	const char *why;             /* NULL: all is well */
	const char *bad;             /* where it went wrong */
	int depth;
};

static mrb_value json_value(struct json *);

static mrb_value
json_bad(struct json *j, const char *why)
{
	if (!j->why) {
		j->why = why;
		j->bad = j->p;
	}
	return mrb_nil_value();
}

static void
json_space(struct json *j)
{
	while (j->p < j->end && strchr(" \t\r\n", *j->p) && *j->p)
		j->p++;
}

static bool
json_take(struct json *j, char c)
{
	json_space(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static mrb_value
json_word(struct json *j, const char *word, mrb_value v)
{
	size_t n = strlen(word);

	if ((size_t)(j->end - j->p) < n || memcmp(j->p, word, n) != 0)
		return json_bad(j, "unexpected character");
	j->p += n;
	return v;
}

static size_t
json_digits(struct json *j)
{
	const char *from = j->p;

	while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
		j->p++;
	return (size_t)(j->p - from);
}

/* Moves over a number; *whole says that it has neither fraction nor exponent. */
static bool
json_scan_number(struct json *j, bool *whole)
{
	*whole = true;
	j->p += *j->p == '-';
	const char *first = j->p;
	size_t n = json_digits(j);
	if (n == 0 || (n > 1 && *first == '0'))
		return false;
	if (j->p < j->end && *j->p == '.') {
		*whole = false;
		j->p++;
		if (json_digits(j) == 0)
			return false;
	}
	if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
		*whole = false;
		j->p++;
		j->p += j->p < j->end && (*j->p == '+' || *j->p == '-');
		if (json_digits(j) == 0)
			return false;
	}
	return true;
}

static mrb_value
json_number(struct json *j)
{
	const char *from = j->p;
	bool whole;

	if (!json_scan_number(j, &whole))
		return json_bad(j, "a number is not well-formed");
	if (whole) {
		errno = 0;
		long long n = strtoll(from, NULL, 10);
		if (errno == 0)
			return mrb_int_value(j->mrb, n);
	}
	double d = strtod(from, NULL);
	if (isinf(d))
		return json_bad(j, "a number is too large");
	return mrb_float_value(j->mrb, d);
}

/* Four hex digits, or -1. */
static int
json_hex(struct json *j)
{
	int v = 0;

	for (int i = 0; i < 4; i++, j->p++) {
		if (j->p == j->end)
			return -1;
		char c = *j->p;
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static void
json_add_utf8(struct buf *b, int c)
{
	uint8_t out[4];
	size_t n;

	if (c < 0x80) {
		out[0] = (uint8_t)c;
		n = 1;
	} else if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		n = 2;
	} else if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		n = 3;
	} else {
		out[0] = (uint8_t)(0xf0 | c >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		out[i] = (uint8_t)(0x80 | ((c >> 6 * (n - 1 - i)) & 0x3f));
	buf_add(b, out, n);
}

static bool
json_unicode(struct json *j)
{
	int c = json_hex(j);

	if (c >= 0xd800 && c < 0xdc00) {
		if (j->end - j->p < 2 || j->p[0] != '\\' || j->p[1] != 'u')
			return false;
		j->p += 2;
		int low = json_hex(j);
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c < 0 || (c >= 0xdc00 && c < 0xe000)) {
		return false;
	}
	json_add_utf8(j->text, c);
	return true;
}

static bool
json_escape(struct json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (j->p == j->end)
		return false;
	char c = *j->p++;
	if (c == 'u')
		return json_unicode(j);
	const char *at = c ? strchr(from, c) : NULL;
	if (at)
		buf_add_byte(j->text, (uint8_t)to[at - from]);
	return at != NULL;
}

/* p stands behind the opening quote. */
static mrb_value
json_string(struct json *j)
{
	const char *from = j->p;

	buf_reset(j->text);
	for (; j->p < j->end && *j->p != '"'; from = j->p) {
		while (j->p < j->end && *j->p != '"' && *j->p != '\\' &&
		       (unsigned char)*j->p >= 0x20)
			j->p++;
		buf_add(j->text, from, (size_t)(j->p - from));
		if (j->p < j->end && *j->p == '\\') {
			j->p++;
			if (!json_escape(j))
				return json_bad(j, "an escape is not well-formed");
		} else if (j->p < j->end && *j->p != '"') {
			return json_bad(j, "a control character in a string");
		}
	}
	if (j->p == j->end)
		return json_bad(j, "a string does not end");
	j->p++;
	return mrb_str_new(j->mrb, (const char *)j->text->p, (mrb_int)j->text->n);
}

static mrb_value
json_array(struct json *j)
{
	mrb_value ary = mrb_ary_new(j->mrb);
	int mark = mrb_gc_arena_save(j->mrb);

	if (json_take(j, ']'))
		return ary;
	do {
		mrb_ary_push(j->mrb, ary, json_value(j));
		mrb_gc_arena_restore(j->mrb, mark);
	} while (!j->why && json_take(j, ','));
	return json_take(j, ']') ? ary : json_bad(j, "expected , or ]");
}

static mrb_value
json_object(struct json *j)
{
	mrb_value hash = mrb_hash_new(j->mrb);
	int mark = mrb_gc_arena_save(j->mrb);

	if (json_take(j, '}'))
		return hash;
	do {
		if (!json_take(j, '"'))
			return json_bad(j, "expected a key in quotes");
		mrb_value key = json_string(j);
		if (!j->why && !json_take(j, ':'))
			json_bad(j, "expected :");
		mrb_value v = j->why ? mrb_nil_value() : json_value(j);
		if (!j->why)
			mrb_hash_set(j->mrb, hash, key, v);
		mrb_gc_arena_restore(j->mrb, mark);
	} while (!j->why && json_take(j, ','));
	return json_take(j, '}') ? hash : json_bad(j, "expected , or }");
}

static mrb_value
json_container(struct json *j, mrb_value (*parse)(struct json *))
{
	mrb_value v = mrb_nil_value();

	j->p++;
	if (++j->depth > MP_DEPTH_MAX)
		json_bad(j, "nested deeper than 32 levels");
	else
		v = parse(j);
	j->depth--;
	return v;
}

static mrb_value
json_value(struct json *j)
{
	json_space(j);
	if (j->p == j->end)
		return json_bad(j, "the text ends early");
	switch (*j->p) {
	case '{': return json_container(j, json_object);
	case '[': return json_container(j, json_array);
	case '"': j->p++; return json_string(j);
	case 't': return json_word(j, "true", mrb_true_value());
	case 'f': return json_word(j, "false", mrb_false_value());
	case 'n': return json_word(j, "null", mrb_nil_value());
	default: break;
	}
	if (*j->p == '-' || (*j->p >= '0' && *j->p <= '9'))
		return json_number(j);
	return json_bad(j, "unexpected character");
}

/* JSON.parse(text) */
static mrb_value
json_parse(mrb_state *mrb, mrb_value self UNUSED)
{
	mrb_value text;
	size_t bad;

	mrb_get_args(mrb, "S", &text);
	text = mrb_str_new(mrb, RSTRING_PTR(text), RSTRING_LEN(text));
	const char *p = RSTRING_PTR(text); /* a copy of its own; a NUL is behind it */
	struct json j = {.mrb = mrb,
	    .start = p,
	    .p = p,
	    .end = p + RSTRING_LEN(text),
	    .text = &engine_of(mrb)->text};
	if (!mp_utf8_valid(span_of(p, (size_t)RSTRING_LEN(text)), &bad))
		mrb_raisef(mrb, json_error_class(mrb),
		    "JSON.parse: not UTF-8 at byte %i", (mrb_int)bad);
	mrb_value v = json_value(&j);
	json_space(&j);
	if (!j.why && j.p != j.end)
		json_bad(&j, "something follows the value");
	if (j.why)
		mrb_raisef(mrb, json_error_class(mrb), "JSON.parse: %s at byte %i",
		    j.why, (mrb_int)(j.bad - j.start));
	return v;
}

struct RClass *
json_error_class(mrb_state *mrb)
{
	return mrb_class_get_under(mrb, mrb_module_get(mrb, "JSON"), "ParserError");
}

void
api_json_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;
	struct RClass *c = mrb_define_module(mrb, "JSON");

	mrb_define_class_under(
	    mrb, c, "ParserError", mrb_class_get(mrb, "StandardError"));
	mrb_define_class_under(
	    mrb, c, "GeneratorError", mrb_class_get(mrb, "StandardError"));
	mrb_define_module_function(mrb, c, "parse", json_parse, MRB_ARGS_REQ(1));
	json_define_generate(e, c);
}

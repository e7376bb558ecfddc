/*
 * ctlproto.c: words and frames of the control socket. Pure: bytes in, bytes out; it
 * knows no command and no socket.
 */
#include "ctlproto.h"
#include "err.h"
#include <stdlib.h>

#define CTL_HEAD_BYTES 32 /* "200 12345\n", generously */

static bool
ctl_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Tabs are blanks; every other control character is refused, in quotes too. */
static bool
ctl_has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

/* A cursor over the line, and where the unquoted text goes (never ahead of it). */
struct ctl_scan {
	const uint8_t *p, *end;
	char *to;
};

static int
ctl_take_single(struct ctl_scan *s)
{
	for (; s->p < s->end; *s->to++ = (char)*s->p++) {
		if (*s->p == '\'') {
			s->p++;
			return 0;
		}
	}
	return -ERR_MALFORMED;
}

static int
ctl_take_double(struct ctl_scan *s)
{
	for (; s->p < s->end; *s->to++ = (char)*s->p++) {
		if (*s->p == '"') {
			s->p++;
			return 0;
		}
		/* as in a shell, a backslash before another character stays */
		if (*s->p == '\\' && s->end - s->p > 1 && memchr("\"\\$`", s->p[1], 4))
			s->p++;
	}
	return -ERR_MALFORMED;
}

static int
ctl_take_word(struct ctl_scan *s)
{
	int r = 0;

	while (r == 0 && s->p < s->end && !ctl_is_blank(*s->p)) {
		uint8_t c = *s->p++;
		if (c == '\'')
			r = ctl_take_single(s);
		else if (c == '"')
			r = ctl_take_double(s);
		else if (c != '\\')
			*s->to++ = (char)c;
		else if (s->p < s->end)
			*s->to++ = (char)*s->p++;
		else
			r = -ERR_MALFORMED;
	}
	return r;
}

int
ctl_split(struct span line, struct ctl_words *out)
{
	int r = 0;

	*out = (struct ctl_words){0};
	if (line.n >= CTL_LINE_BYTES)
		return -ERR_TOO_LARGE;
	if (ctl_has_control(line))
		return -ERR_MALFORMED;
	out->text = malloc(line.n + 1);
	if (!out->text)
		return -ERR_NOMEM;
	struct ctl_scan s = {line.p, line.p + line.n, out->text};
	while (r == 0) {
		while (s.p < s.end && ctl_is_blank(*s.p))
			s.p++;
		if (s.p == s.end)
			return 0;
		if (out->n == CTL_WORDS_MAX) {
			r = -ERR_TOO_LARGE;
			break;
		}
		out->word[out->n++] = s.to;
		r = ctl_take_word(&s);
		*s.to++ = '\0';
	}
	ctl_words_fini(out);
	return r;
}

void
ctl_words_fini(struct ctl_words *w)
{
	free(w->text);
	*w = (struct ctl_words){0};
}

static bool
ctl_is_plain(const char *word)
{
	return *word &&
	       strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789-_./:=,@%+") == strlen(word);
}

static void
ctl_join_word(struct buf *out, const char *word)
{
	if (ctl_is_plain(word)) {
		buf_add_str(out, word);
		return;
	}
	buf_add_byte(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_byte(out, (uint8_t)*word);
	}
	buf_add_byte(out, '\'');
}

bool
ctl_wants_json(struct span line)
{
	while (line.n && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = span_of(line.p + 1, line.n - 1);
	return line.n >= 2 && memcmp(line.p, "-j", 2) == 0 &&
	       (line.n == 2 || line.p[2] == ' ' || line.p[2] == '\t');
}

int
ctl_join(struct buf *out, char *const *words, size_t n)
{
	size_t before = out->n;

	if (n > CTL_WORDS_MAX)
		return -ERR_TOO_LARGE;
	for (size_t i = 0; i < n; i++) {
		if (ctl_has_control(span_str(words[i]))) {
			out->n = before;
			return -ERR_MALFORMED;
		}
		if (i)
			buf_add_byte(out, ' ');
		ctl_join_word(out, words[i]);
	}
	buf_add_byte(out, '\n');
	if (out->failed || out->n - before > CTL_LINE_BYTES) {
		out->n = before;
		return -ERR_TOO_LARGE;
	}
	return 0;
}

int
ctl_frame(struct buf *out, int code, struct span body)
{
	size_t before = out->n;
	bool newline = body.n == 0 || body.p[body.n - 1] != '\n';
	int r = buf_printf(out, "%03d %zu\n", code, body.n + newline);

	ASSERT(code >= 100 && code <= 999);
	if (r == 0)
		r = buf_add_span(out, body);
	if (r == 0 && newline)
		r = buf_add_byte(out, '\n');
	if (r)
		out->n = before;
	return r;
}

void
ctl_reader_init(struct ctl_reader *r, size_t body_max_bytes)
{
	*r = (struct ctl_reader){.body_max_bytes = body_max_bytes};
	buf_init(&r->in, 0);
}

void
ctl_reader_fini(struct ctl_reader *r)
{
	buf_fini(&r->in);
	r->used = 0;
}

int
ctl_reader_feed(struct ctl_reader *r, struct span bytes)
{
	buf_drop(&r->in, r->used);
	r->used = 0;
	if (r->in.n > r->body_max_bytes + CTL_HEAD_BYTES)
		return -ERR_TOO_LARGE;
	return buf_add_span(&r->in, bytes);
}

/* Digits at *at, at least one, up to a value that cannot overflow. */
static int
ctl_take_number(const uint8_t **at, const uint8_t *end, size_t *out)
{
	const uint8_t *first = *at;

	for (*out = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
		if (*out > SIZE_MAX / 100)
			return -ERR_TOO_LARGE;
		*out = *out * 10 + (size_t)(**at - '0');
	}
	return *at > first ? 0 : -ERR_MALFORMED;
}

/* "200 12": the first line of a frame. */
static int
ctl_take_head(struct span line, size_t *code, size_t *bytes)
{
	const uint8_t *p = line.p, *end = line.p + line.n;
	int r = ctl_take_number(&p, end, code);

	if (r == 0 && (p - line.p != 3 || *code < 100 || p == end || *p++ != ' '))
		r = -ERR_MALFORMED;
	if (r == 0)
		r = ctl_take_number(&p, end, bytes);
	if (r == 0 && (p != end || *bytes == 0))
		r = -ERR_MALFORMED;
	return r;
}

int
ctl_reader_next(struct ctl_reader *r, int *code, struct span *body)
{
	struct span left = span_of(r->in.p + r->used, r->in.n - r->used);
	size_t given_code, bytes;

	if (left.n == 0)
		return 0;
	const uint8_t *nl =
	    memchr(left.p, '\n', left.n < CTL_HEAD_BYTES ? left.n : CTL_HEAD_BYTES);
	if (!nl)
		return left.n < CTL_HEAD_BYTES ? 0 : -ERR_MALFORMED;
	size_t head = (size_t)(nl - left.p) + 1;
	int e = ctl_take_head(span_of(left.p, head - 1), &given_code, &bytes);
	if (e)
		return e;
	if (bytes > r->body_max_bytes)
		return -ERR_TOO_LARGE;
	if (left.n - head < bytes)
		return 0;
	if (left.p[head + bytes - 1] != '\n')
		return -ERR_MALFORMED;
	*code = (int)given_code;
	*body = span_of(left.p + head, bytes);
	r->used += head + bytes;
	return 1;
}

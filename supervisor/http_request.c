/*
 * http_request.c: reads a request as evhttp parsed it, once, and refuses what evhttp
 * lets pass but two readers could understand in two ways (request smuggling). It knows
 * no dialect.
 */
#include "http_impl.h"
#include <ctype.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <strings.h>

/* Room for what is decoded: a request's target is read several times at most. */
#define TEXT_TIMES 4
#define TEXT_MORE_BYTES 2048

static const struct {
	enum evhttp_cmd_type type;
	const char *name;
} verbs[VERB_COUNT] = {
    [VERB_GET] = {EVHTTP_REQ_GET, "GET"},
    [VERB_POST] = {EVHTTP_REQ_POST, "POST"},
    [VERB_PUT] = {EVHTTP_REQ_PUT, "PUT"},
    [VERB_PATCH] = {EVHTTP_REQ_PATCH, "PATCH"},
    [VERB_DELETE] = {EVHTTP_REQ_DELETE, "DELETE"},
    [VERB_HEAD] = {EVHTTP_REQ_HEAD, "HEAD"},
    [VERB_OPTIONS] = {EVHTTP_REQ_OPTIONS, "OPTIONS"},
};

static const struct {
	const char *name;
	size_t n;
	bool secret;
} known[HDR_COUNT] = {
#define X(sym, name, secret) [HDR_##sym] = {name, sizeof(name) - 1, secret},
    HTTP_HEADER_TABLE(X)
#undef X
};

const char *
verb_name(enum verb v)
{
	return verbs[v].name;
}

/* --- headers --- */

static int
header_known(const char *name, size_t n)
{
	for (int h = 0; h < HDR_COUNT; h++)
		if (known[h].n == n && strcasecmp(name, known[h].name) == 0)
			return h;
	return -1;
}

/* RFC 9110's token, of which a header's name is made. */
static size_t
header_name_bytes(const char *name)
{
	size_t n = 0;

	while (isalnum((unsigned char)name[n]) ||
	       (name[n] && strchr("!#$%&'*+-.^_`|~", name[n])))
		n++;
	return name[n] == '\0' ? n : 0;
}

static bool
header_is_single(int h)
{
	return h == HDR_HOST || h == HDR_CONTENT_LENGTH || h == HDR_TRANSFER_ENCODING;
}

static const char *
http_req_read_headers(struct http_req *r)
{
	const struct evkeyval *kv;

	TAILQ_FOREACH (kv, evhttp_request_get_input_headers(r->ev), next) {
		size_t n = header_name_bytes(kv->key);
		if (n == 0)
			return "a header's name is not valid";
		int h = header_known(kv->key, n);
		r->header_n += h < 0 || !known[h].secret;
		if (h < 0 || (h == HDR_CONTENT_TYPE && !*kv->value))
			continue;
		if (!r->header[h])
			r->header[h] = kv->value;
		else if (header_is_single(h))
			return "Host, Content-Length and Transfer-Encoding may be "
			       "given "
			       "once only";
	}
	return NULL;
}

static const char *
http_req_check_framing(const struct http_req *r)
{
	const char *length = r->header[HDR_CONTENT_LENGTH];
	const char *encoding = r->header[HDR_TRANSFER_ENCODING];

	if (length && (strspn(length, "0123456789") != strlen(length) || !*length))
		return "Content-Length is not a number";
	if (encoding && length)
		return "both Content-Length and Transfer-Encoding are given";
	if (encoding && strcasecmp(encoding, "chunked") != 0)
		return "the only Transfer-Encoding that is understood is chunked";
	if (encoding && r->ev->minor < 1)
		return "Transfer-Encoding needs HTTP/1.1";
	if (r->verb == VERB_HEAD && (encoding || (length && strcmp(length, "0") != 0)))
		return "HEAD has no body";
	if (!r->header[HDR_HOST] && r->ev->minor >= 1)
		return "the header Host is missing";
	return NULL;
}

/* --- the request line --- */

void
http_split_target(const char *uri, struct span *path, struct span *query)
{
	const char *scheme = uri[0] == '/' ? NULL : strstr(uri, "://");

	if (scheme) {
		uri = scheme + 3;
		uri += strcspn(uri, "/?#");
	}
	size_t end = strcspn(uri, "?#"), lead = strspn(uri, "/");
	*path = span_of(uri + lead, lead < end ? end - lead : 0);
	*query = SPAN_NONE;
	if (uri[end] == '?')
		*query = span_of(uri + end + 1, strcspn(uri + end + 1, "#"));
}

const char *
http_method_name(const struct evhttp_request *ev)
{
	enum evhttp_cmd_type type = evhttp_request_get_command(ev);

	for (int v = 0; v < VERB_COUNT; v++)
		if (verbs[v].type == type)
			return verbs[v].name;
	return NULL;
}

static bool
http_req_read_verb(struct http_req *r)
{
	enum evhttp_cmd_type type = evhttp_request_get_command(r->ev);
	int v = 0;

	while (v < VERB_COUNT && verbs[v].type != type)
		v++;
	r->verb = (enum verb)v;
	return v < VERB_COUNT;
}

bool
http_req_read(
    struct http_req *r, struct http *http, struct evhttp_request *ev, const char **why)
{
	const char *uri = evhttp_request_get_uri(ev);

	*r = (struct http_req){.http = http, .ev = ev, .dialect = &dialect_native};
	buf_reset(&http->text);
	buf_room(&http->text, TEXT_TIMES * strlen(uri) + TEXT_MORE_BYTES);
	http_split_target(uri, &r->path, &r->query);
	*why = http_req_read_verb(r) ? http_req_read_headers(r)
				     : "this method is not understood";
	if (!*why)
		*why = http_req_check_framing(r);
	return *why == NULL;
}

void
http_req_body(struct http_req *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->ev);
	size_t n = evbuffer_get_length(in);

	r->body = n ? span_of(evbuffer_pullup(in, -1), n) : SPAN_NONE;
	if (!r->body.p)
		r->body.n = 0;
}

const char *
http_req_ip(const struct http_req *r)
{
	char *address;
	ev_uint16_t port;

	evhttp_connection_get_peer(
	    evhttp_request_get_connection(r->ev), &address, &port);
	return address;
}

bool
span_is_nocase(struct span s, const char *text)
{
	return s.n == strlen(text) &&
	       (s.n == 0 || strncasecmp((const char *)s.p, text, s.n) == 0);
}

bool
http_req_is_type(const struct http_req *r, const char *type)
{
	const char *given = r->header[HDR_CONTENT_TYPE];

	if (!given)
		return *type == '\0';
	size_t n = strcspn(given, ";");
	while (n && (given[n - 1] == ' ' || given[n - 1] == '\t'))
		n--;
	return span_is_nocase(span_of(given, n), type);
}

/* --- encoded text --- */

struct span
path_next(struct span *rest)
{
	const uint8_t *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
	struct span s = span_of(rest->p, slash ? (size_t)(slash - rest->p) : rest->n);

	*rest = slash ? span_of(slash + 1, rest->n - s.n - 1) : SPAN_NONE;
	return s;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
http_decode(struct http *http, struct span raw, bool plus, struct span *out)
{
	uint8_t *p = http->text.p + http->text.n;
	size_t n = 0;

	if (http->text.room - http->text.n < raw.n)
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		int high = -1, low = -1;
		if (raw.p[i] == '%' && i + 2 < raw.n) {
			high = hex_value(raw.p[i + 1]);
			low = hex_value(raw.p[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			p[n++] = (uint8_t)(high << 4 | low);
			i += 2;
		} else {
			p[n++] = raw.p[i] == '+' && plus ? ' ' : raw.p[i];
		}
	}
	buf_grew(&http->text, n);
	*out = span_of(p, n);
	return mp_utf8_valid(*out, NULL);
}

/* What does not decode to UTF-8 stays as it came. */
static void
query_decode(struct http *http, struct span *s)
{
	struct span decoded;

	if (http_decode(http, *s, true, &decoded))
		*s = decoded;
}

bool
query_next(struct http *http, struct span *query, struct span *name, struct span *value)
{
	while (query->n) {
		const uint8_t *end = memchr(query->p, '&', query->n);
		struct span pair =
		    span_of(query->p, end ? (size_t)(end - query->p) : query->n);
		*query = end ? span_of(end + 1, query->n - pair.n - 1) : SPAN_NONE;
		const uint8_t *is = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
		size_t n = is ? (size_t)(is - pair.p) : pair.n;
		if (n == 0)
			continue;
		*name = span_of(pair.p, n);
		*value = is ? span_of(is + 1, pair.n - n - 1) : SPAN_NONE;
		query_decode(http, name);
		query_decode(http, value);
		return true;
	}
	return false;
}

/* --- for handlers --- */

void
http_pack_text(msgpack_packer *pk, struct span s)
{
	struct buf b;

	if (mp_utf8_valid(s, NULL)) {
		mp_put_str(pk, s);
		return;
	}
	buf_init(&b, 0);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 0x80)
			buf_add_byte(&b, s.p[i]);
		else
			buf_add(&b,
			    (uint8_t[]){(uint8_t)(0xc0 | s.p[i] >> 6),
				(uint8_t)(0x80 | (s.p[i] & 0x3f))},
			    2);
	}
	mp_put_str(pk, buf_span(&b));
	buf_fini(&b);
}

static void
pack_header_name(msgpack_packer *pk, const char *name, size_t n)
{
	struct buf *out = pk->data;
	uint8_t *p;

	msgpack_pack_str(pk, n);
	if (!(p = buf_room(out, n)))
		return;
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)tolower((unsigned char)name[i]);
	buf_grew(out, n);
}

void
http_req_pack_headers(const struct http_req *r, msgpack_packer *pk)
{
	const struct evkeyval *kv;

	msgpack_pack_map(pk, r->header_n);
	TAILQ_FOREACH (kv, evhttp_request_get_input_headers(r->ev), next) {
		size_t n = strlen(kv->key);
		int h = header_known(kv->key, n);
		if (h >= 0 && known[h].secret)
			continue;
		pack_header_name(pk, kv->key, n);
		http_pack_text(pk, span_str(kv->value));
	}
}

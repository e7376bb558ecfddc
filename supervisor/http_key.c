/*
 * http_key.c: is this one of the app's keys, and which? The time that the answer takes
 * says nothing of a key but its length.
 */
#include "http_impl.h"
#include <strings.h>

static bool
key_equal(struct span given, const char *key)
{
	size_t n = strlen(key);
	unsigned differ = given.n != n;

	for (size_t i = 0; i < given.n; i++)
		differ |= (unsigned)(given.p[i] ^ (uint8_t)key[i < n ? i : 0]);
	return differ == 0;
}

static bool
key_in(struct span given, const struct conf_list *keys)
{
	bool found = false;

	for (size_t i = 0; i < keys->n; i++)
		found |= key_equal(given, keys->item[i]);
	return found;
}

enum key_class
key_check(const struct app *a, struct span key)
{
	bool rest = key_in(key, &a->conf->keys.rest);
	bool javascript = key_in(key, &a->conf->keys.javascript);
	bool master = key_in(key, &a->conf->keys.master);

	if (key.n == 0)
		return KEY_WRONG;
	return master       ? KEY_MASTER
	       : rest       ? KEY_REST
	       : javascript ? KEY_JAVASCRIPT
			    : KEY_WRONG;
}

/* What follows the scheme's name and blanks. */
static struct span
key_of_scheme(const char *header, const char *scheme)
{
	size_t n = strlen(scheme);

	if (!header || strncasecmp(header, scheme, n) != 0 || header[n] != ' ')
		return SPAN_NONE;
	header += n;
	return span_str(header + strspn(header, " "));
}

struct span
key_bearer(const char *authorization)
{
	return key_of_scheme(authorization, "Bearer");
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The text's bytes into http->text; false when it is no base64 or too long. */
static bool
base64_decode(struct http *http, struct span text, struct span *out)
{
	uint8_t *p = http->text.p + http->text.n;
	size_t n = 0;
	uint32_t bits = 0;
	int have = 0;

	if (http->text.room - http->text.n < text.n)
		return false;
	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i++) {
		int v = base64_value(text.p[i]);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		if ((have += 6) >= 8)
			p[n++] = (uint8_t)(bits >> (have -= 8));
	}
	buf_grew(&http->text, n);
	*out = span_of(p, n);
	return true;
}

bool
key_basic(
    struct http *http, const char *authorization, struct span *user, struct span *word)
{
	struct span text = key_of_scheme(authorization, "Basic"), both;

	if (text.n == 0 || !base64_decode(http, text, &both))
		return false;
	const uint8_t *colon = both.n ? memchr(both.p, ':', both.n) : NULL;
	if (!colon)
		return false;
	*user = span_of(both.p, (size_t)(colon - both.p));
	*word = span_of(colon + 1, both.n - user->n - 1);
	return true;
}

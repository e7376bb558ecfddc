/* http_url.c: URLs taken apart by libcurl itself, so that both understand the same. */
#include "http_impl.h"
#include <stdlib.h>
#include <strings.h>

/* The part as malloc'ed text, "" when there is none. */
static char *
url_part(const struct http_lib *lib, CURLU *u, CURLUPart part, unsigned flags)
{
	char *text = NULL;

	if (lib->url_get(u, part, &text, flags) != CURLUE_OK || !text)
		return xstrdup("");
	char *own = xstrdup(text);
	lib->free(text);
	return own;
}

static char *
url_optional(const struct http_lib *lib, CURLU *u, CURLUPart part)
{
	char *text = url_part(lib, u, part, CURLU_URLDECODE);

	if (*text)
		return text;
	free(text);
	return NULL;
}

/* Without brackets and the dot at the end. */
static void
url_tidy_host(char *host)
{
	size_t n = strlen(host);

	if (host[0] == '[' && host[n - 1] == ']') {
		memmove(host, host + 1, n - 2);
		host[n - 2] = '\0';
	} else if (n > 1 && host[n - 1] == '.') {
		host[n - 1] = '\0';
	}
}

static const char *
url_check_host(const char *host)
{
	if (!*host)
		return "it has no host";
	for (; *host; host++)
		if ((unsigned char)*host <= ' ' || (unsigned char)*host >= 0x7f)
			return "its host is not ASCII: write such names as xn--...";
	return NULL;
}

static const char *
url_fill(const struct http_lib *lib, CURLU *u, struct http_url *out)
{
	char *scheme = url_part(lib, u, CURLUPART_SCHEME, 0);
	char *port = url_part(lib, u, CURLUPART_PORT, CURLU_DEFAULT_PORT);

	out->tls = strcmp(scheme, "https") == 0;
	bool known = out->tls || strcmp(scheme, "http") == 0;
	out->port = atoi(port);
	out->host = url_part(lib, u, CURLUPART_HOST, 0);
	out->user = url_optional(lib, u, CURLUPART_USER);
	out->password = url_optional(lib, u, CURLUPART_PASSWORD);
	free(scheme);
	free(port);
	url_tidy_host(out->host);
	lib->url_set(u, CURLUPART_USER, NULL, 0);
	lib->url_set(u, CURLUPART_PASSWORD, NULL, 0);
	lib->url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	out->full = url_part(lib, u, CURLUPART_URL, 0);
	lib->url_set(u, CURLUPART_QUERY, NULL, 0);
	out->clean = url_part(lib, u, CURLUPART_URL, 0);
	return known ? url_check_host(out->host) : "only http and https are spoken";
}

const char *
http_url_parse(const struct http_lib *lib, const char *text, struct http_url *out)
{
	CURLU *u = lib->url();
	const char *why = "it is no absolute http or https URL";

	*out = (struct http_url){0};
	if (u && lib->url_set(u, CURLUPART_URL, text, CURLU_URLENCODE) == CURLUE_OK)
		why = url_fill(lib, u, out);
	lib->url_cleanup(u);
	if (why)
		http_url_fini(out);
	return why;
}

void
http_url_fini(struct http_url *u)
{
	free(u->full);
	free(u->clean);
	free(u->host);
	free(u->user);
	free(u->password);
	*u = (struct http_url){0};
}

bool
http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
	return a->tls == b->tls && a->port == b->port &&
	       strcasecmp(a->host, b->host) == 0;
}

/* http_outcome.c: how a request ended: faults, redirects. */
#include "http_impl.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

const char *
http_fault_code(enum http_fault fault)
{
	static const char *const codes[] = {"",
#define X(name, code, text) code,
	    HTTP_FAULT_TABLE(X)
#undef X
	};

	return codes[fault];
}

void
http_fault_text(struct buf *b, enum http_fault fault, const char *method,
    const char *url, const char *detail)
{
	static const char *const texts[] = {"",
#define X(name, code, text) text,
	    HTTP_FAULT_TABLE(X)
#undef X
	};

	buf_printf(
	    b, "%s %s: %s%s%s", method, url, texts[fault], *detail ? ": " : "", detail);
}

void
transfer_fail(struct transfer *t, enum http_fault fault, const char *detail)
{
	if (t->fault != HTTP_FINE)
		return;
	t->fault = fault;
	snprintf(t->detail, sizeof t->detail, "%s", detail);
}

static const struct {
	CURLcode code;
	enum http_fault fault;
} outcomes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_DNS},
    {CURLE_COULDNT_CONNECT, HTTP_REFUSED},
    {CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, HTTP_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS},
    {CURLE_SSL_CERTPROBLEM, HTTP_TLS},
    {CURLE_SSL_CIPHER, HTTP_TLS},
    {CURLE_SSL_CACERT_BADFILE, HTTP_TLS},
    {CURLE_SSL_ISSUER_ERROR, HTTP_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, HTTP_TLS},
    {CURLE_GOT_NOTHING, HTTP_CLOSED},
    {CURLE_RECV_ERROR, HTTP_CLOSED},
    {CURLE_SEND_ERROR, HTTP_CLOSED},
    {CURLE_PARTIAL_FILE, HTTP_CLOSED},
    {CURLE_URL_MALFORMAT, HTTP_URL},
    {CURLE_OUT_OF_MEMORY, HTTP_UNAVAILABLE},
};

static void
transfer_explain(struct transfer *t, CURLcode result)
{
	enum http_fault fault = HTTP_PROTOCOL;
	const char *said =
	    t->library[0] ? t->library : t->http->lib.easy_strerror(result);

	if (t->denied && result == CURLE_COULDNT_CONNECT) {
		t->fault = HTTP_DENIED; /* and the detail says why */
		return;
	}
	for (size_t i = 0; i < COUNT_OF(outcomes); i++)
		if (outcomes[i].code == result)
			fault = outcomes[i].fault;
	transfer_fail(t, fault, said);
}

static const char *const secret_headers[] = {
    "Authorization", "Cookie", "Proxy-Authorization"};
static const char *const body_headers[] = {
    "Content-Type", "Content-Encoding", "Content-Language", "Content-Location"};

static bool
header_is_one_of(const char *line, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);
		if (strncasecmp(line, names[i], len) == 0 &&
		    (line[len] == ':' || line[len] == ';'))
			return true;
	}
	return false;
}

static void
transfer_drop_headers(struct transfer *t, const char *const *names, size_t n)
{
	struct curl_slist *all = t->headers, *kept = NULL;

	for (struct curl_slist *l = all; l; l = l->next)
		if (!header_is_one_of(l->data, names, n))
			kept = t->http->lib.slist_append(kept, l->data);
	t->headers = kept;
	t->http->lib.slist_free_all(all);
}

/* 303, and by custom 301 and 302 for a POST, mean: look there with GET. */
static void
transfer_change_verb(struct transfer *t)
{
	bool post = strcmp(t->method, "POST") == 0,
	     head = strcmp(t->method, "HEAD") == 0;

	if (t->status == 307 || t->status == 308 || head || (t->status != 303 && !post))
		return;
	snprintf(t->method, sizeof t->method, "GET");
	t->has_out = false;
	transfer_drop_headers(t, body_headers, COUNT_OF(body_headers));
}

/* Credentials are for the host that they were given for. */
static void
transfer_move(struct transfer *t, struct http_url *to)
{
	free(to->user);
	free(to->password);
	to->user = to->password = NULL;
	if (http_url_same_origin(&t->url, to)) {
		to->user = t->url.user;
		to->password = t->url.password;
		t->url.user = t->url.password = NULL;
	} else {
		transfer_drop_headers(t, secret_headers, COUNT_OF(secret_headers));
	}
	transfer_change_verb(t);
	http_url_fini(&t->url);
	t->url = *to;
	buf_reset(&t->head);
	t->library[0] = '\0';
	t->status = 0;
	t->denied = false;
}

bool
transfer_will_follow(const struct transfer *t)
{
	return t->redirects_max > 0 && t->has_location &&
	       (t->status == 301 || t->status == 302 || t->status == 303 ||
		   t->status == 307 || t->status == 308);
}

static bool
transfer_redirect(struct transfer *t)
{
	const struct http_lib *lib = &t->http->lib;
	struct http_url to;
	char *target = NULL, why[64];

	lib->easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &target);
	if (!transfer_will_follow(t) || !target)
		return false;
	if (t->redirects++ >= t->redirects_max) {
		snprintf(why, sizeof why, "%d times", t->redirects_max);
		transfer_fail(t, HTTP_REDIRECTS, why);
		return false;
	}
	const char *bad = http_url_parse(lib, target, &to);
	if (bad) {
		transfer_fail(t, HTTP_URL, "it was redirected to one");
		return false;
	}
	bad = hostpolicy_check_name(&t->http->conf.policy, to.host, to.port);
	transfer_move(t, &to);
	if (bad)
		transfer_fail(t, HTTP_DENIED, bad);
	return !bad;
}

bool
transfer_ended(struct transfer *t, CURLcode result)
{
	if (result != CURLE_OK)
		transfer_explain(t, result);
	else if (t->fault == HTTP_FINE)
		return transfer_redirect(t);
	return false;
}

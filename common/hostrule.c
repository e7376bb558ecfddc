/* hostrule.c: see hostrule.h. */
#include "hostrule.h"
#include "err.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define V4_BITS 96 /* in front of an IPv4 address that is mapped */

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

static int
rule_fail(const char **why, const char *text)
{
	*why = text;
	return -ERR_MALFORMED;
}

/* "8080" */
static bool
parse_port(const char *text, int *port)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n < 1 || n > 65535)
		return false;
	*port = (int)n;
	return true;
}

/* "10.0.0.0/8": false when it is no address; *bits -1: the number behind / is wrong. */
static bool
parse_net(const char *text, struct hostrule *out)
{
	char addr[64], *end;
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	long most = 128, bits;

	if (n >= sizeof addr)
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	if (inet_pton(AF_INET, addr, out->addr + 12) == 1) {
		memcpy(out->addr, v4_mapped, sizeof v4_mapped);
		most = 32;
	} else if (inet_pton(AF_INET6, addr, out->addr) != 1) {
		return false;
	}
	bits = slash ? strtol(slash + 1, &end, 10) : most;
	if (slash && (!isdigit((unsigned char)slash[1]) || *end))
		bits = -1;
	out->bits =
	    bits < 0 || bits > most ? UINT32_MAX : (unsigned)(bits + 128 - most);
	out->kind = HOSTRULE_NET;
	return true;
}

static int
parse_name(const char *text, struct hostrule *out, const char **why)
{
	size_t n;

	out->kind = HOSTRULE_NAME;
	if (strcmp(text, "*") == 0) {
		out->kind = HOSTRULE_ANY;
		return 0;
	}
	if (strncmp(text, "*.", 2) == 0) {
		out->kind = HOSTRULE_BELOW;
		text++; /* the dot belongs to what must match */
	}
	n = strlen(text);
	if (n > 1 && text[n - 1] == '.')
		n--;
	if (n == 0 || n >= sizeof out->name)
		return rule_fail(why, "the host is missing or too long");
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return rule_fail(why, "it is no name, address or network");
		out->name[i] = (char)tolower((unsigned char)text[i]);
	}
	return 0;
}

/* Takes host and port apart: "[::1]:80", "host:80", "::1", "10.0.0.0/8:80". */
static int
split_port(char *text, char **host, struct hostrule *out, const char **why)
{
	char *colon = strchr(text, ':'), *bracket = strchr(text, ']');

	*host = text;
	if (text[0] == '[') {
		if (!bracket || (bracket[1] && bracket[1] != ':'))
			return rule_fail(why, "the bracket is not closed");
		*host = text + 1;
		*bracket = '\0';
		colon = bracket[1] ? bracket + 1 : NULL;
	} else if (colon && strchr(colon + 1, ':')) {
		return 0; /* IPv6 without a port */
	}
	if (!colon)
		return 0;
	*colon = '\0';
	if (!parse_port(colon + 1, &out->port))
		return rule_fail(why, "the port is not a number from 1 to 65535");
	return 0;
}

int
hostrule_parse(const char *text, struct hostrule *out, const char **why)
{
	char copy[HOSTRULE_TEXT_BYTES], *host;

	*out = (struct hostrule){0};
	if (strlen(text) >= sizeof copy)
		return rule_fail(why, "it is too long");
	snprintf(copy, sizeof copy, "%s", text);
	int r = split_port(copy, &host, out, why);
	if (r != 0)
		return r;
	if (!parse_net(host, out))
		return parse_name(host, out, why);
	if (out->bits == UINT32_MAX)
		return rule_fail(why, "the number behind / does not fit the address");
	return 0;
}

bool
hostrules_add(struct hostrules *rules, const char *text)
{
	struct hostrule one, *more;
	const char *why;

	if (hostrule_parse(text, &one, &why) != 0)
		return false;
	more = xcalloc(rules->n + 1, sizeof one);
	if (rules->n)
		memcpy(more, rules->rule, rules->n * sizeof one);
	free(rules->rule);
	rules->rule = more;
	rules->rule[rules->n++] = one;
	return true;
}

void
hostrules_fini(struct hostrules *rules)
{
	free(rules->rule);
	*rules = (struct hostrules){0};
}

/* --- matching --- */

static bool
addr_is_in(const uint8_t addr[16], const uint8_t net[16], unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(addr, net, whole) == 0 &&
	       (rest == 0 || (addr[whole] ^ net[whole]) >> (8 - rest) == 0);
}

static bool
match_name(const struct hostrule *r, const char *host, int port)
{
	size_t n = strlen(host), m = strlen(r->name);

	if (r->port && r->port != port)
		return false;
	switch (r->kind) {
	case HOSTRULE_ANY: return true;
	case HOSTRULE_NAME: return strcasecmp(host, r->name) == 0;
	case HOSTRULE_BELOW: return n > m && strcasecmp(host + n - m, r->name) == 0;
	default: return false;
	}
}

static bool
any_name(const struct hostrules *rules, const char *host, int port)
{
	for (size_t i = 0; i < rules->n; i++)
		if (match_name(&rules->rule[i], host, port))
			return true;
	return false;
}

static bool
any_net(const struct hostrules *rules, const uint8_t addr[16], int port)
{
	/* ::/0 is no network of it */
	bool is_v4 = memcmp(addr, v4_mapped, sizeof v4_mapped) == 0;

	for (size_t i = 0; i < rules->n; i++) {
		const struct hostrule *r = &rules->rule[i];
		if (r->kind == HOSTRULE_NET && (!r->port || r->port == port) &&
		    (r->bits >= V4_BITS || !is_v4) &&
		    addr_is_in(addr, r->addr, r->bits))
			return true;
	}
	return false;
}

static bool
has_net(const struct hostrules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->rule[i].kind == HOSTRULE_NET)
			return true;
	return false;
}

static const char denied_text[] = "the app's http.deny names it";
static const char not_allowed_text[] = "the app's http.allow does not name it";

const char *
hostpolicy_check_name(const struct hostpolicy *p, const char *host, int port)
{
	if (any_name(&p->deny, host, port))
		return denied_text;
	if (p->allow.n && !any_name(&p->allow, host, port) && !has_net(&p->allow))
		return not_allowed_text;
	return NULL;
}

/* --- addresses --- */

/* IPv4 inside of IPv6, by the bytes in front of it. */
static const struct {
	uint8_t prefix[12];
	unsigned bytes, at;
} embedded[] = {
    {{0x00, 0x64, 0xff, 0x9b}, 12, 12}, /* NAT64, RFC 6052 */
    {{0}, 12, 12},                      /* "compatible", RFC 4291; :: and ::1 too */
    {{0x20, 0x02}, 2, 2},               /* 6to4, RFC 3056 */
};

static void
addr_unwrap(uint8_t addr[16])
{
	static const uint8_t loopback[16] = {[15] = 1}, none[16] = {0};
	uint8_t v4[4];

	if (memcmp(addr, loopback, 16) == 0 || memcmp(addr, none, 16) == 0)
		return;
	for (size_t i = 0; i < COUNT_OF(embedded); i++)
		if (memcmp(addr, embedded[i].prefix, embedded[i].bytes) == 0) {
			memcpy(v4, addr + embedded[i].at, 4);
			memcpy(addr, v4_mapped, sizeof v4_mapped);
			memcpy(addr + 12, v4, 4);
			return;
		}
}

static bool
addr_of(const struct sockaddr *sa, uint8_t addr[16], int *port)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	if (sa->sa_family == AF_INET) {
		memcpy(addr, v4_mapped, sizeof v4_mapped);
		memcpy(addr + 12, &in->sin_addr, 4);
		*port = ntohs(in->sin_port);
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(addr, &in6->sin6_addr, 16);
	*port = ntohs(in6->sin6_port);
	addr_unwrap(addr);
	return true;
}

#define V4(a, b, c, d)                                                                 \
	{                                                                              \
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d                   \
	}

/* What no request of a handler means unless the config says so. */
static const struct {
	uint8_t net[16];
	unsigned bits;
	const char *why;
} internal[] = {
    {V4(127, 0, 0, 0), V4_BITS + 8, "it is a loopback address"},
    {{[15] = 1}, 128, "it is a loopback address"},
    {V4(0, 0, 0, 0), V4_BITS + 8, "it is an unspecified address"},
    {{0}, 128, "it is an unspecified address"},
    {V4(169, 254, 0, 0), V4_BITS + 16, "it is a link-local address"},
    {{0xfe, 0x80}, 10, "it is a link-local address"},
    {{0xfe, 0xc0}, 10, "it is a site-local address"},
    {V4(100, 100, 100, 200), 128, "it is a cloud's metadata service"},
    {{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}, 128,
	"it is a cloud's metadata service"},
    {V4(224, 0, 0, 0), V4_BITS + 4, "it is a multicast address"},
    {{0xff}, 8, "it is a multicast address"},
    {V4(240, 0, 0, 0), V4_BITS + 4, "it is a reserved address"},
};

static const char *
addr_internal(const uint8_t addr[16])
{
	for (size_t i = 0; i < COUNT_OF(internal); i++)
		if (addr_is_in(addr, internal[i].net, internal[i].bits))
			return internal[i].why;
	return NULL;
}

/* The name that stands for loopback by definition (RFC 6761). */
static bool
is_localhost(const struct hostpolicy *p, const char *host, int port)
{
	if (strcasecmp(host, "localhost") != 0)
		return false;
	for (size_t i = 0; i < p->allow.n; i++)
		if (p->allow.rule[i].kind == HOSTRULE_NAME &&
		    match_name(&p->allow.rule[i], host, port))
			return true;
	return false;
}

const char *
hostpolicy_check_address(
    const struct hostpolicy *p, const char *host, const struct sockaddr *sa)
{
	uint8_t addr[16];
	int port;

	if (!addr_of(sa, addr, &port))
		return "it is no internet address";
	if (any_net(&p->deny, addr, port))
		return denied_text;
	bool named = any_net(&p->allow, addr, port);
	const char *why = addr_internal(addr);
	if (why && !named && !is_localhost(p, host, port))
		return why;
	if (p->allow.n && !named && !any_name(&p->allow, host, port))
		return not_allowed_text;
	return NULL;
}

/*
 * conf_value.c: the values of keys: from text, to text, into their fields.
 */
#include "../common/clock.h"
#include "../common/err.h"
#include "../common/log.h"
#include "conf_key.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define E9 1000000000LL

/* Digits only, at least one, none of them a leading zero. */
static int
parse_digits(const char **at, int64_t *out)
{
	const char *p = *at;
	int64_t v = 0;

	if (!isdigit((unsigned char)*p) || (*p == '0' && isdigit((unsigned char)p[1])))
		return -ERR_MALFORMED;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *p - '0', &v))
			return -ERR_RANGE;
	*at = p;
	*out = v;
	return 0;
}

static int
parse_int(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	int rc;

	text += negative;
	if ((rc = parse_digits(&text, out)) < 0)
		return rc;
	*out = negative ? -*out : *out;
	return *text ? -ERR_MALFORMED : 0;
}

static int
parse_bytes(const char *text, int64_t *out)
{
	static const char units[] = "kmg";
	int rc = parse_digits(&text, out);

	if (rc < 0 || *text == '\0')
		return rc;
	const char *unit = strchr(units, tolower((unsigned char)*text));
	if (!unit || text[1])
		return -ERR_MALFORMED;
	return __builtin_mul_overflow(*out, 1LL << 10 * (unit - units + 1), out)
		   ? -ERR_RANGE
		   : 0;
}

/* A decimal number into billionths, without a detour through binary fractions. */
static int
parse_fraction(const char *text, int64_t *out)
{
	int64_t whole, weight = E9;
	int rc = parse_digits(&text, &whole);

	if (rc < 0)
		return rc;
	if (__builtin_mul_overflow(whole, E9, out))
		return -ERR_RANGE;
	if (*text == '\0')
		return 0;
	if (*text++ != '.' || !isdigit((unsigned char)*text))
		return -ERR_MALFORMED;
	for (; isdigit((unsigned char)*text); text++)
		*out += (*text - '0') * (weight /= 10);
	return *text ? -ERR_MALFORMED : 0;
}

static int
parse_word(const char *text, const char *const *words, size_t n, int64_t *out)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(text, words[i]) == 0) {
			*out = (int64_t)i;
			return 0;
		}
	return -ERR_MALFORMED;
}

static int
parse_bool(const char *text, int64_t *out)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	int rc = parse_word(text, words, COUNT_OF(words), out);

	if (rc == 0)
		*out &= 1;
	return rc;
}

static const char *const policies[] = {
    [DETACHED_WAIT] = "wait", [DETACHED_WARN] = "warn", [DETACHED_FAIL] = "fail"};

static int
parse_policy(const char *text, int64_t *out)
{
	return parse_word(text, policies, COUNT_OF(policies), out);
}

static const char *const switches[] = {
    [SWITCH_AUTO] = "auto", [SWITCH_ON] = "on", [SWITCH_OFF] = "off"};

static int
parse_switch(const char *text, int64_t *out)
{
	return parse_word(text, switches, COUNT_OF(switches), out);
}

static void
format_int(int64_t v, char *out, size_t n)
{
	snprintf(out, n, "%lld", (long long)v);
}

static void
format_bytes(int64_t v, char *out, size_t n)
{
	static const char units[] = "\0KMG";
	int unit = 0;

	while (v && unit < 3 && v % 1024 == 0) {
		v /= 1024;
		unit++;
	}
	snprintf(out, n, "%lld%.1s", (long long)v, &units[unit]);
}

static void
format_duration(int64_t v, char *out, size_t n)
{
	clock_format_ms(v, out, n);
}

static void
format_fraction(int64_t v, char *out, size_t n)
{
	int used =
	    snprintf(out, n, "%lld.%09lld", (long long)(v / E9), (long long)(v % E9));

	while (used > 0 && (size_t)used < n && out[used - 1] == '0')
		out[--used] = '\0';
	if (used > 0 && out[used - 1] == '.')
		out[used - 1] = '\0';
}

static void
format_bool(int64_t v, char *out, size_t n)
{
	snprintf(out, n, "%s", v ? "true" : "false");
}

static void
format_policy(int64_t v, char *out, size_t n)
{
	snprintf(out, n, "%s", policies[v]);
}

static void
format_switch(int64_t v, char *out, size_t n)
{
	snprintf(out, n, "%s", switches[v]);
}

static const struct number_type {
	const char *what;
	int (*parse)(const char *, int64_t *);
	void (*format)(int64_t, char *, size_t);
	bool ranged;
} number_types[] = {
    [CONF_INT] = {"a whole number", parse_int, format_int, true},
    [CONF_COUNT] = {"a whole number", parse_int, format_int, true},
    [CONF_DURATION] = {"a duration (10s, 500ms, 1h30m, or a number of seconds)",
	clock_parse_ms, format_duration, true},
    [CONF_BYTES] = {"a size (256M, 64K, 1G, or a number of bytes)", parse_bytes,
	format_bytes, true},
    [CONF_FRACTION] = {"a decimal number", parse_fraction, format_fraction, true},
    [CONF_BOOL] = {"true or false", parse_bool, format_bool, false},
    [CONF_POLICY] = {"wait, warn or fail", parse_policy, format_policy, false},
    [CONF_SWITCH] = {"auto, on or off", parse_switch, format_switch, false},
};

int
conf_value_parse(enum conf_id id, const char *text, int64_t *out)
{
	const struct conf_key *key = conf_key_at(id);
	const struct number_type *type = &number_types[key->type];
	int rc = type->parse(text, out);

	if (rc == 0 && type->ranged && (*out < key->min || *out > key->max))
		rc = -ERR_RANGE;
	return rc;
}

const char *
conf_value_format(enum conf_type type, int64_t value, char *out, size_t n)
{
	number_types[type].format(value, out, n);
	return out;
}

const char *
conf_value_expected(enum conf_id id, char *out, size_t n)
{
	static const char *const others[] = {
	    [CONF_MAP] = "a mapping (lines of \"key: value\")",
	    [CONF_LISTEN] = "http://host:port, or a list of them",
	    [CONF_APPS] = "a list of apps, each with id and handlers",
	    [CONF_FILES] = "a list of {path: /a/path, mode: read or write}",
	    [CONF_TEXT] = "a text",
	    [CONF_LEVEL] = "error, warn, info or debug",
	    [CONF_FORMAT] = "text or json",
	    [CONF_ENGINE] = "sqlite or memory",
	    [CONF_APP_ID] = "a text",
	    [CONF_SECRET] = "a key, a list of keys, or {file: path}",
	    [CONF_HOSTS] = "a host (name, *.name, address or network, with :port "
			   "if need be) or a list of them",
	};
	const struct conf_key *key = conf_key_at(id);

	if (!conf_type_is_number(key->type)) {
		snprintf(out, n, "%s", others[key->type]);
		return out;
	}
	const struct number_type *type = &number_types[key->type];
	char min[32], max[32];
	if (type->ranged)
		snprintf(out, n, "%s from %s to %s", type->what,
		    conf_value_format(key->type, key->min, min, sizeof min),
		    conf_value_format(key->type, key->max, max, sizeof max));
	else
		snprintf(out, n, "%s", type->what);
	return out;
}

void
conf_value_set(enum conf_id id, void *owner, int64_t value)
{
	const struct conf_key *key = conf_key_at(id);
	void *field = (char *)owner + key->offset;

	switch (key->type) {
	case CONF_INT: *(int *)field = (int)value; break;
	case CONF_BOOL: *(bool *)field = value != 0; break;
	case CONF_POLICY:
		*(enum detached_policy *)field = (enum detached_policy)value;
		break;
	case CONF_SWITCH: *(enum switch_mode *)field = (enum switch_mode)value; break;
	default: *(int64_t *)field = value;
	}
}

int64_t
conf_value_get(enum conf_id id, const void *owner)
{
	const struct conf_key *key = conf_key_at(id);
	const void *field = (const char *)owner + key->offset;

	switch (key->type) {
	case CONF_INT: return *(const int *)field;
	case CONF_BOOL: return *(const bool *)field;
	case CONF_POLICY: return *(const enum detached_policy *)field;
	case CONF_SWITCH: return *(const enum switch_mode *)field;
	default: return *(const int64_t *)field;
	}
}

static int
listen_fail(const char **why, const char *text)
{
	*why = text;
	return -ERR_MALFORMED;
}

int
conf_listen_parse(const char *url, struct conf_listen *out, const char **why)
{
	static const char scheme[] = "http://";
	const char *host = url + sizeof scheme - 1, *end;
	int64_t port;

	memset(out, 0, sizeof *out);
	if (strncasecmp(url, "https://", 8) == 0)
		return listen_fail(why, "TLS is not available: put a proxy in front");
	if (strncmp(url, scheme, sizeof scheme - 1) != 0)
		return listen_fail(why, "it does not begin with http://");
	bool v6 = *host == '[';
	host += v6;
	end = host + strspn(host, v6 ? "0123456789abcdefABCDEF:."
				     : "0123456789abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.");
	const char *colon = end + v6;
	if (end == host || (v6 && *end != ']'))
		return listen_fail(why, "the host is missing, or no name or address");
	if (*colon != ':')
		return listen_fail(why, "the port is missing");
	colon++;
	if (parse_digits(&colon, &port) < 0 || port > 65535)
		return listen_fail(why, "the port is not a number from 0 to 65535");
	if (*colon == '/' && !colon[1])
		colon++;
	if (*colon)
		return listen_fail(why, "something follows the port");
	out->url = xstrdup(url);
	out->host = xmemdup(host, (size_t)(end - host) + 1);
	out->host[end - host] = '\0';
	out->port = (int)port;
	return 0;
}

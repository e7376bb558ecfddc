/*
 * hostrule.h: which hosts an app's handlers may speak HTTP with: rules, as the config
 * has them, and what they say about a name and about the address behind it. Pure.
 *
 * A rule is a name ("api.example.com"), the names below one ("*.example.com"), all ("*"),
 * an address ("127.0.0.1", "::1") or a network ("10.0.0.0/8", "fd00::/8"), each with a
 * port if need be ("host:443", "[::1]:8080", "[fd00::/8]:443").
 */
#ifndef DEFERD_HOSTRULE_H
#define DEFERD_HOSTRULE_H

#include "buf.h"
#include <sys/socket.h>

#define HOSTRULE_TEXT_BYTES 300 /* of one rule */

enum hostrule_kind { HOSTRULE_ANY, HOSTRULE_NAME, HOSTRULE_BELOW, HOSTRULE_NET };
struct hostrule {
	enum hostrule_kind kind;
	char name[256];	  /* lower case; of BELOW without the "*" */
	uint8_t addr[16]; /* of NET; IPv4 as ::ffff:a.b.c.d */
	unsigned bits;	  /* of these 128 */
	int port;	  /* 0: any */
};

struct hostrules {
	struct hostrule *rule; /* owned */
	size_t n;
};
struct hostpolicy {
	struct hostrules allow, deny;
};

/* 0, or -ERR_MALFORMED with *why, a static text. */
int hostrule_parse(const char *text, struct hostrule *out, const char **why) MUST_USE;
/* Adds one; false when it is malformed. */
bool hostrules_add(struct hostrules *, const char *text);
void hostrules_fini(struct hostrules *);

/* Whether a request to that host and port may be begun at all. NULL: yes, if its address
 * is fine; else a static text that says why not. A host's name has no trailing dot; an IPv6
 * address no brackets. */
const char *hostpolicy_check_name(const struct hostpolicy *, const char *host, int port);
/* Whether that address, which the host's name stands for, may be connected to: NULL, or why
 * not. Loopback, link-local and other addresses that mean this machine or nobody in
 * particular need a rule in allow that is an address or network (or is "localhost", for
 * that name): a name says nothing about the address behind it. IPv4 addresses inside of
 * IPv6 ones are looked at as such. */
const char *hostpolicy_check_address(
    const struct hostpolicy *, const char *host, const struct sockaddr *);

#endif

/* hostrule.t.c: which hosts may be spoken with, by name and by address. */
#include "t.h"
#include "../../common/err.h"
#include "../../common/hostrule.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static void
policy_set(struct hostpolicy *p, const char *const *allow, const char *const *deny)
{
	*p = (struct hostpolicy){0};
	for (; allow && *allow; allow++)
		OK(hostrules_add(&p->allow, *allow));
	for (; deny && *deny; deny++)
		OK(hostrules_add(&p->deny, *deny));
}

static void
policy_fini(struct hostpolicy *p)
{
	hostrules_fini(&p->allow);
	hostrules_fini(&p->deny);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *
address(const struct hostpolicy *p, const char *host, const char *addr, int port)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, addr, &in.sin_addr) == 1)
		return hostpolicy_check_address(p, host, (struct sockaddr *)&in);
	OK(inet_pton(AF_INET6, addr, &in6.sin6_addr) == 1);
	return hostpolicy_check_address(p, host, (struct sockaddr *)&in6);
}

static void
t_rules_are_parsed(void)
{
	static const struct {
		const char *text;
		int r, kind, port, bits;
	} cases[] = {
	    {"api.example.com", 0, HOSTRULE_NAME, 0, 0},
	    {"API.Example.com.", 0, HOSTRULE_NAME, 0, 0},
	    {"api.example.com:8443", 0, HOSTRULE_NAME, 8443, 0},
	    {"*.example.com", 0, HOSTRULE_BELOW, 0, 0},
	    {"*.example.com:80", 0, HOSTRULE_BELOW, 80, 0},
	    {"*", 0, HOSTRULE_ANY, 0, 0},
	    {"*:443", 0, HOSTRULE_ANY, 443, 0},
	    {"127.0.0.1", 0, HOSTRULE_NET, 0, 128},
	    {"127.0.0.1:3000", 0, HOSTRULE_NET, 3000, 128},
	    {"10.0.0.0/8", 0, HOSTRULE_NET, 0, 104},
	    {"10.0.0.0/8:80", 0, HOSTRULE_NET, 80, 104},
	    {"0.0.0.0/0", 0, HOSTRULE_NET, 0, 96},
	    {"::1", 0, HOSTRULE_NET, 0, 128},
	    {"[::1]:8080", 0, HOSTRULE_NET, 8080, 128},
	    {"fd00::/8", 0, HOSTRULE_NET, 0, 8},
	    {"[fd00::/8]:443", 0, HOSTRULE_NET, 443, 8},
	    {"", -ERR_MALFORMED, 0, 0, 0},
	    {":80", -ERR_MALFORMED, 0, 0, 0},
	    {"a:0", -ERR_MALFORMED, 0, 0, 0},
	    {"a:65536", -ERR_MALFORMED, 0, 0, 0},
	    {"a:x", -ERR_MALFORMED, 0, 0, 0},
	    {"[::1", -ERR_MALFORMED, 0, 0, 0},
	    {"[::1]x", -ERR_MALFORMED, 0, 0, 0},
	    {"http://a", -ERR_MALFORMED, 0, 0, 0},
	    {"a/b", -ERR_MALFORMED, 0, 0, 0},
	    {"10.0.0.0/33", -ERR_MALFORMED, 0, 0, 0},
	    {"10.0.0.0/", -ERR_MALFORMED, 0, 0, 0},
	    {"::/129", -ERR_MALFORMED, 0, 0, 0},
	    {"a*.example.com", -ERR_MALFORMED, 0, 0, 0},
	};
	struct hostrule r;
	const char *why;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		t_note("%s", cases[i].text);
		EQ_INT(hostrule_parse(cases[i].text, &r, &why), cases[i].r);
		if (cases[i].r)
			continue;
		EQ_INT(r.kind, cases[i].kind);
		EQ_INT(r.port, cases[i].port);
		EQ_INT(r.bits, cases[i].bits);
	}
	OK(hostrule_parse("API.Example.com.", &r, &why) == 0);
	EQ_STR(r.name, "api.example.com");
}

/* Nothing is configured: the world, but not this machine. */
static void
t_internal_addresses_are_denied(void)
{
	static const char *const denied[] = {"127.0.0.1", "127.255.0.3", "0.0.0.0",
	    "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "255.255.255.255",
	    "240.0.0.1", "100.100.100.200", "::", "::1", "fe80::1", "febf::1",
	    "fec0::1", "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1",
	    "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::127.0.0.1",
	    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1"};
	static const char *const fine[] = {"8.8.8.8", "10.0.0.1", "192.168.1.1",
	    "1.0.0.0", "128.0.0.1", "169.253.0.1", "2001:db8::1", "fd00::1", "fe00::1",
	    "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1"};
	struct hostpolicy p;

	policy_set(&p, NULL, NULL);
	OK(hostpolicy_check_name(&p, "example.com", 80) == NULL);
	for (size_t i = 0; i < COUNT_OF(denied); i++) {
		t_note("%s", denied[i]);
		OK(address(&p, "example.com", denied[i], 80) != NULL);
	}
	for (size_t i = 0; i < COUNT_OF(fine); i++) {
		t_note("%s", fine[i]);
		OK(address(&p, "example.com", fine[i], 80) == NULL);
	}
	OK(address(&p, "localhost", "127.0.0.1", 80) != NULL);
}

/* A name in allow does not open what the name may come to stand for. */
static void
t_names_open_no_internal_address(void)
{
	struct hostpolicy p;

	policy_set(&p, LIST("*.example.com", "api.test", "*"), NULL);
	OK(address(&p, "a.example.com", "127.0.0.1", 80) != NULL);
	OK(address(&p, "api.test", "169.254.169.254", 80) != NULL);
	OK(address(&p, "api.test", "8.8.8.8", 80) == NULL);
	policy_fini(&p);

	policy_set(&p, LIST("127.0.0.1:3000", "*"), NULL);
	OK(address(&p, "api.test", "127.0.0.1", 3000) == NULL);
	OK(address(&p, "api.test", "::ffff:127.0.0.1", 3000) == NULL);
	OK(address(&p, "api.test", "127.0.0.1", 3001) != NULL);
	OK(address(&p, "api.test", "127.0.0.2", 3000) != NULL);
	OK(address(&p, "api.test", "::1", 3000) != NULL);
	policy_fini(&p);

	policy_set(&p, LIST("localhost:80"), NULL);
	OK(address(&p, "localhost", "127.0.0.1", 80) == NULL);
	OK(address(&p, "LOCALHOST", "::1", 80) == NULL);
	OK(address(&p, "localhost", "127.0.0.1", 81) != NULL);
	OK(address(&p, "evil.test", "127.0.0.1", 80) != NULL);
	policy_fini(&p);

	policy_set(&p, LIST("::/0"), NULL);
	OK(address(&p, "x.test", "::1", 80) == NULL);
	OK(address(&p, "x.test", "127.0.0.1", 80) != NULL);
	policy_fini(&p);
}

static void
t_allow_is_the_whole_list(void)
{
	struct hostpolicy p;

	policy_set(&p, LIST("api.test:443", "*.example.com"), NULL);
	OK(hostpolicy_check_name(&p, "api.test", 443) == NULL);
	OK(hostpolicy_check_name(&p, "API.TEST", 443) == NULL);
	OK(hostpolicy_check_name(&p, "api.test", 80) != NULL);
	OK(hostpolicy_check_name(&p, "a.b.example.com", 80) == NULL);
	OK(hostpolicy_check_name(&p, "example.com", 80) != NULL);
	OK(hostpolicy_check_name(&p, "badexample.com", 80) != NULL);
	OK(hostpolicy_check_name(&p, "8.8.8.8", 80) != NULL);
	policy_fini(&p);

	policy_set(&p, LIST("10.0.0.0/8", "api.test"), NULL);
	OK(hostpolicy_check_name(&p, "other.test", 80) == NULL); /* depends */
	OK(address(&p, "other.test", "10.1.2.3", 80) == NULL);
	OK(address(&p, "other.test", "11.1.2.3", 80) != NULL);
	OK(address(&p, "api.test", "11.1.2.3", 80) == NULL);
	policy_fini(&p);
}

static void
t_deny_wins(void)
{
	struct hostpolicy p;

	policy_set(&p, LIST("*"), LIST("*.bad.test", "10.0.0.0/8", "api.test:25"));
	OK(hostpolicy_check_name(&p, "x.bad.test", 80) != NULL);
	OK(hostpolicy_check_name(&p, "bad.test", 80) == NULL);
	OK(hostpolicy_check_name(&p, "api.test", 25) != NULL);
	OK(hostpolicy_check_name(&p, "api.test", 80) == NULL);
	OK(address(&p, "api.test", "10.0.0.1", 80) != NULL);
	OK(address(&p, "api.test", "::ffff:10.0.0.1", 80) != NULL);
	OK(address(&p, "api.test", "11.0.0.1", 80) == NULL);
	policy_fini(&p);

	policy_set(&p, LIST("127.0.0.0/8"), LIST("127.0.0.2"));
	OK(address(&p, "a.test", "127.0.0.1", 80) == NULL);
	OK(address(&p, "a.test", "127.0.0.2", 80) != NULL);
	policy_fini(&p);
}

TESTS(TEST(rules_are_parsed), TEST(internal_addresses_are_denied),
    TEST(names_open_no_internal_address), TEST(allow_is_the_whole_list),
    TEST(deny_wins))

/* conf_value.t.c: the config's values: types, ranges, checks, credentials. */
#include "conf_t.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct problem_case value_cases[] = {
    {APPS "workers: [1]\n", "f:3:10: workers: a list: expected a mapping "
			    "(lines of \"key: value\")\n"},
    {APPS "log: loud\n", "f:3:6: log: \"loud\": expected a mapping (lines "
			 "of \"key: value\")\n"},
    {APPS "workers: many\n", "f:3:10: workers.concurrent: \"many\": expected a "
			     "whole number from 1 to "
			     "4096\n"},
    {APPS "workers: {slots: 0}\n", "f:3:18: workers.slots: 0 is out of range: "
				   "expected a whole number from 1 to "
				   "4096\n"},
    {APPS "workers: {slots: 99999999999999999999}\n",
	"f:3:18: workers.slots: 99999999999999999999 is out of range: "
	"expected "
	"a "
	"whole number from 1 to 4096\n"},
    {APPS "workers: {slots: -1}\n", "f:3:18: workers.slots: -1 is out of "
				    "range: expected a whole number from 1 "
				    "to 4096\n"},
    {APPS "workers: {slots: 2.0}\n", "f:3:18: workers.slots: \"2.0\": expected "
				     "a whole number from 1 to 4096\n"},
    {APPS "workers: {slots: 010}\n", "f:3:18: workers.slots: \"010\": expected "
				     "a whole number from 1 to 4096\n"},
    {APPS "workers: {slots: }\n", "f:3:18: workers.slots: nothing: expected a "
				  "whole number from 1 to 4096\n"},
    {APPS "workers: {slots: \"1\\0\"}\n",
	"f:3:18: workers.slots: \"1?\": expected a whole number from 1 to "
	"4096\n"},
    {APPS "workers: {slots: {a: b}}\n", "f:3:18: workers.slots: a mapping: "
					"expected a whole number from 1 to "
					"4096\n"},
    {APPS "workers: {lowPriorityThreshold: 1.000000001}\n",
	"f:3:33: workers.lowPriorityThreshold: 1.000000001 is out of "
	"range: "
	"expected "
	"a decimal number from 0 to 1\n"},
    {APPS "workers: {lowPriorityThreshold: 80%}\n",
	"f:3:33: workers.lowPriorityThreshold: \"80%\": expected a decimal "
	"number "
	"from 0 to 1\n"},
    {APPS "workers: {lowPriorityThreshold: 8e-1}\n",
	"f:3:33: workers.lowPriorityThreshold: \"8e-1\": expected a "
	"decimal "
	"number "
	"from 0 to 1\n"},
    {APPS "workers: {maxMemory: 256MB}\n",
	"f:3:22: workers.maxMemory: \"256MB\": expected a size (256M, 64K, "
	"1G, "
	"or a "
	"number of bytes) from 4M to 64G\n"},
    {APPS "workers: {maxMemory: 9999999999999G}\n",
	"f:3:22: workers.maxMemory: 9999999999999G is out of range: "
	"expected a "
	"size "
	"(256M, 64K, 1G, or a number of bytes) from 4M to 64G\n"},
    {APPS "http: {idle: soon}\n", "f:3:14: http.idle: \"soon\": expected a "
				  "duration (10s, 500ms, 1h30m, or a "
				  "number of seconds) from 100ms to 1d\n"},
    {APPS "http: {idle: 50ms}\n",
	"f:3:14: http.idle: 50ms is out of range: expected a duration "
	"(10s, "
	"500ms, "
	"1h30m, or a number of seconds) from 100ms to 1d\n"},
    {APPS "log: {level: loud}\n", "f:3:14: log.level: \"loud\": expected "
				  "error, warn, info or debug\n"},
    {APPS "log: {target: [a]}\n", "f:3:15: log.target: a list: expected a text\n"},
    {APPS "log: {target: }\n", "f:3:15: log.target: nothing: expected a text\n"},
    {APPS "pidFile: ''\n", "f:3:10: pidFile: \"\": expected a text\n"},
    {APPS "pidFile: \"a\\nb\"\n", "f:3:10: pidFile: contains a control "
				  "character: expected one line of text\n"},
    {APPS "store: {engine: postgresql}\n",
	"f:3:17: store.engine: postgresql is not available yet: expected "
	"sqlite or memory\n"},
    {APPS "store: {engine: mysql}\n",
	"f:3:17: store.engine: \"mysql\": expected sqlite or memory\n"},
    {APPS "control: {socket: /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxx}\n",
	"f:3:19: control.socket: 108 bytes long: expected at "
	"most 107\n"},
    {"apps: 5\n", "f:1:7: apps: \"5\": expected a list of apps, each with id "
		  "and handlers\n"},
    {"apps: {id: a}\n", "f:1:7: apps: a mapping: expected a list "
			"of apps, each with id and "
			"handlers\n"},
    {"apps: []\n", "f:1:7: apps: an empty list: expected at least one\n"},
    {"apps:\n  - demo\n", "f:2:5: apps: an item is not a mapping: "
			  "expected an app, with id and "
			  "handlers\n"},
};

static void
t_values(void)
{
	check_cases(value_cases, COUNT_OF(value_cases));
}

static void
t_listen(void)
{
	static const struct problem_case cases[] = {
	    {APPS "listen: []\n",
		"f:3:9: listen: an empty list: expected at least one\n"},
	    {APPS "listen: https://x:1\n", "f:3:9: listen: \"https://x:1\": TLS is not "
					   "available: put a proxy in front: "
					   "expected http://host:port\n"},
	    {APPS "listen: 127.0.0.1:80\n", "f:3:9: listen: \"127.0.0.1:80\": it does "
					    "not begin with http://: expected "
					    "http://host:port\n"},
	    {APPS "listen: 'http://:80'\n", "f:3:9: listen: \"http://:80\": the host "
					    "is missing, or no name or address: "
					    "expected http://host:port\n"},
	    {APPS "listen: 'http://[::1'\n", "f:3:9: listen: \"http://[::1\": the host "
					     "is missing, or no name or address: "
					     "expected http://host:port\n"},
	    {APPS "listen: 'http://localhost'\n",
		"f:3:9: listen: \"http://localhost\": the port is missing: expected "
		"http://host:port\n"},
	    {APPS "listen: 'http://a:65536'\n",
		"f:3:9: listen: \"http://a:65536\": the port is not a number from 0 to "
		"65535: expected http://host:port\n"},
	    {APPS "listen: 'http://a:80/x'\n", "f:3:9: listen: \"http://a:80/x\": "
					       "something follows the port: expected "
					       "http://host:port\n"},
	    {APPS "listen:\n  - http://a:80\n  - http://b:80\n  - http://a:80/\n",
		"f:6:5: listen: \"http://a:80/\" is there already: remove one\n"},
	    {APPS "listen: ['http://a:0', 'http://a:0']\n", ""},
	};

	check_cases(cases, COUNT_OF(cases));
	OK(parse(APPS "listen: ['http://[::1]:80', 'http://0.0.0.0:0/']\n"));
	EQ_INT(conf->listen_n, 2);
	EQ_STR(conf->listen[0].host, "::1");
	EQ_INT(conf->listen[0].port, 80);
	EQ_STR(conf->listen[1].host, "0.0.0.0");
	EQ_INT(conf->listen[1].port, 0);
	forget();
}

static void
t_checks(void)
{
	static const struct problem_case cases[] = {
	    {APPS "workers: {heartbeat: {interval: 10}}\n",
		"f:3:33: workers.heartbeat.timeout: 10s: expected more than the "
		"interval, "
		"10s\n"},
	    {APPS "workers: {heartbeat: {interval: 1, timeout: 0.5}}\n",
		"f:3:45: workers.heartbeat.timeout: 500ms: expected more than the "
		"interval, "
		"1s\n"},
	    {APPS "workers: {concurrent: 257, slots: 256}\n",
		"f:3:35: workers: concurrent x slots is 65792: expected at most "
		"65536\n"},
	    {APPS "workers: {concurrent: 256, slots: 256}\n", ""},
	    {APPS "queue: {bytes: 10M}\n", "f:3:16: http.body: 20M is more than "
					   "queue.bytes allows (10M): expected at "
					   "most as much\n"},
	    {APPS "limits: {result: 300M}\n",
		"f:3:18: limits.result: 300M is more than results.bytes allows (256M): "
		"expected at most as much\n"},
	    {APPS "user: no-such-user\n",
		"f:3:7: user: there is no user \"no-such-user\": expected an existing "
		"one\n"},
	    {APPS "control: {viewGroup: no-such-group}\n",
		"f:3:22: control.viewGroup: there is no group \"no-such-group\": "
		"expected an "
		"existing one\n"},
	};

	check_cases(cases, COUNT_OF(cases));
	if (geteuid() != 0) {
		OK(!parse(APPS "user: root\n"));
		EQ_STR(buf_cstr(&told.problems), "f:3:7: user: only root can become "
						 "another user: start deferd as root, "
						 "or remove it\n");
	}
	forget();
}

static void
t_good_values(void)
{
	struct conf *c;

	OK(c = parse("apps: [{id: a, handlers: /, timeout: 0.25, jobTimeout: 1h30m, "
		     "detached: fail, blockingIo: true, concurrent: 3, "
		     "cancelOnDisconnect: false}]\n"
		     "workers: {concurrent: 20, slots: 32, lowPriorityThreshold: 0.29, "
		     "maxMemory: 64m, killGrace: 0, heartbeat: {interval: 500ms, "
		     "timeout: 2}}\n"
		     "http: {body: 1048576}\nlog: {level: debug, target: '/a \"b\"'}\n"
		     "control:\nuser:\npidFile: null\n"));
	EQ_INT(c->app[0].timeout_ms, 250);
	EQ_INT(c->app[0].job_timeout_ms, 5400000);
	EQ_INT(c->app[0].detached, DETACHED_FAIL);
	OK(!c->app[0].cancel_on_disconnect);
	EQ_INT(c->app[0].concurrent, 3);
	OK(c->app[0].blocking_io);
	EQ_INT(c->workers.concurrent, 20);
	EQ_INT(c->workers.slots, 32);
	EQ_INT(c->workers.threshold_e9, 290000000);
	EQ_INT(c->workers.memory_bytes, 64 << 20);
	EQ_INT(c->workers.kill_grace_ms, 0);
	EQ_INT(c->workers.beat_interval_ms, 500);
	EQ_INT(c->workers.beat_timeout_ms, 2000);
	EQ_INT(c->http.body_bytes, 1 << 20);
	EQ_STR(c->log.target, "/a \"b\"");
	OK(!c->user && !c->pid_file);
	forget();
}

static void
t_threshold(void)
{
	static const struct {
		const char *text;
		int64_t e9;
	} cases[] = {{"0", 0}, {"1", 1000000000}, {"0.0", 0}, {"1.000", 1000000000},
	    {"0.55", 550000000}, {"0.1", 100000000}, {"0.000000001", 1},
	    {"0.33333333333333333333", 333333333}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[256];
		snprintf(text, sizeof text,
		    APPS "workers: {lowPriorityThreshold: %s}\n", cases[i].text);
		OK(parse(text));
		EQ_INT(conf->workers.threshold_e9, cases[i].e9);
	}
	forget();
}

static void
t_reference_runner(void)
{
	OK(parse(APPS MEM
	    "\"workers\": {\"concurrent\": 20, \"minIdle\": 4, \"cache\": "
	    "{\"limit\": 80},\n\"cachedIdleTTL\": 60, "
	    "\"lowPriorityThreshold\": 0.8, \"heartbeat\": {\"enabled\": true,\n"
	    "\"interval\": 5, \"timeout\": 10, \"codeInspectionTimeout\": null}}\n"));
	EQ_STR(buf_cstr(&told.notices),
	    "f:4:42: workers.minIdle: means nothing here and is ignored: all workers "
	    "are "
	    "started at once and kept\n"
	    "f:4:54: workers.cache: means nothing here and is ignored: workers always "
	    "live on "
	    "after a task; maxTasks replaces them\n"
	    "f:5:18: workers.cachedIdleTTL: means nothing here and is ignored: idle "
	    "workers "
	    "are kept; they share their memory with each other\n"
	    "f:5:76: workers.heartbeat.enabled: means nothing here and is ignored: "
	    "workers "
	    "always beat\n"
	    "f:6:56: workers.heartbeat.codeInspectionTimeout: means nothing here and "
	    "is "
	    "ignored: handlers.loadTimeout bounds the loading of handlers\n");
	EQ_INT(conf->workers.concurrent, 20);
	EQ_INT(conf->workers.beat_timeout_ms, 10000);
	OK(parse(APPS "store: {engine: memory, path: /x}\n"));
	EQ_STR(buf_cstr(&told.notices),
	    "f:3:31: store.path: means nothing to the engine memory and is ignored\n");
	OK(parse(APPS "workers: 8\n"));
	EQ_INT(conf->workers.concurrent, 8);
	EQ_INT(conf->workers.slots, 1);
	forget();
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	OK(f);
	fputs(text, f);
	OK(fclose(f) == 0);
}

/* The config `apps: [{id: a, handlers: /, keys: {KEYS}}]`. */
static struct conf *
parse_keys(const char *fmt, const char *dir)
{
	char keys[256], text[512];

	snprintf(keys, sizeof keys, fmt, dir, dir);
	snprintf(
	    text, sizeof text, MEM "apps:\n- {id: a, handlers: /, keys: {%s}}\n", keys);
	return parse(text);
}

static const struct problem_case secret_cases[] = {
    {"master: short",
	"f:3:39: apps[0].keys.master: a key of 5 characters: expected 8 to "
	"256\n"},
    {"master: 'a key with spaces'", "f:3:39: apps[0].keys.master: a key with "
				    "spaces or other unusual characters: "
				    "expected printable ASCII\n"},
    {"master: []",
	"f:3:39: apps[0].keys.master: an empty list: expected at least one\n"},
    {"master: [[aaaaaaaa]]",
	"f:3:40: apps[0].keys.master: a list: expected a key, a list "
	"of keys, or {file: path}\n"},
    {"master: {path: x}", "f:3:39: apps[0].keys.master: a mapping of another "
			  "form: expected {file: path}\n"},
    {"master: {file: a, b: c}", "f:3:39: apps[0].keys.master: a mapping of "
				"another form: expected {file: path}\n"},
    {"master: {file: /no/such}", "f:3:46: apps[0].keys.master: the file "
				 "/no/such cannot be read: No such file or "
				 "directory\n"},
    {"master: {file: /dev/zero}",
	"f:3:46: apps[0].keys.master: the file /dev/zero cannot "
	"be read: it is no plain file\n"},
    {"master: {file: /dev}",
	"f:3:46: apps[0].keys.master: the file /dev cannot be read: "
	"it is no plain file\n"},
    {"master: {file: %s/empty}", NULL},
    {"rest: same-key1, javascript: same-key1",
	"f:3:60: apps[0].keys.javascript: the same key as rest: expected "
	"another\n"},
    {"rest: [x1234567, same-key1], master: [same-key1]",
	"f:3:68: apps[0].keys.master: the same key as rest: expected "
	"another\n"},
    {"javascript: same-key1, master: same-key1",
	"f:3:62: apps[0].keys.master: the same key as javascript: expected "
	"another\n"},
};

static void
t_secrets(void)
{
	char dir[] = "/tmp/conf.XXXXXX", path[64], large[6000];

	for (size_t i = 0; i < COUNT_OF(secret_cases); i++)
		if (secret_cases[i].problems) {
			OK(!parse_keys(secret_cases[i].text, ""));
			EQ_STR(buf_cstr(&told.problems), secret_cases[i].problems);
		}
	OK(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/key", dir);
	write_file(path, "from-a-file\n");
	OK(parse_keys("rest: {file: %s/key}, master: [other-key, {file: %s/key}]",
	       dir) == NULL);
	OK(parse_keys("rest: [{file: %s/key}, second-key]", dir));
	EQ_INT(conf->app[0].keys.rest.n, 2);
	EQ_STR(conf->app[0].keys.rest.item[0], "from-a-file");
	EQ_STR(conf->app[0].keys.rest.item[1], "second-key");
	write_file(path, "from-a-file\r\n");
	OK(parse_keys("rest: {file: %s/key}", dir));
	EQ_STR(conf->app[0].keys.rest.item[0], "from-a-file");
	write_file(path, "two-lines\n\n");
	OK(!parse_keys("rest: {file: %s/key}", dir));
	OK(strstr(
	    buf_cstr(&told.problems), "a key with spaces or other unusual characters"));
	OK(!strstr(buf_cstr(&told.problems), "two-lines"));
	write_file(path, "\n");
	OK(!parse_keys("rest: {file: %s/key}", dir));
	OK(strstr(buf_cstr(&told.problems), "/key is empty: expected a key\n"));
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	write_file(path, large);
	OK(!parse_keys("rest: {file: %s/key}", dir));
	OK(strstr(
	    buf_cstr(&told.problems), "cannot be read: it is too large for a key\n"));
	unlink(path);
	rmdir(dir);
	forget();
}

TESTS(TEST(values), TEST(listen), TEST(checks), TEST(good_values), TEST(threshold),
    TEST(reference_runner), TEST(secrets))

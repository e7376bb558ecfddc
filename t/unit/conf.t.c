/* conf.t.c: the config file as a whole: YAML, keys, apps, the dump. */
#include "conf_t.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
t_defaults(void)
{
	struct conf *c = parse(APPS);

	EQ_STR(buf_cstr(&told.problems), "");
	EQ_STR(buf_cstr(&told.notices), "f:1:1: store.engine: not set: tasks are kept "
					"in memory and end with the process\n");
	OK(c);
	EQ_INT(c->listen_n, 1);
	EQ_STR(c->listen[0].url, "http://127.0.0.1:7500");
	EQ_STR(c->listen[0].host, "127.0.0.1");
	EQ_INT(c->listen[0].port, 7500);
	EQ_STR(c->control.socket, "/run/deferd/control.sock");
	OK(!c->control.view_group && !c->control.operate_group &&
	    !c->control.admin_group);
	EQ_STR(c->log.target, "stderr");
	EQ_STR(c->log.level, "info");
	EQ_INT(c->http.body_bytes, 20 << 20);
	EQ_INT(c->http.header_bytes, 64 << 10);
	EQ_INT(c->http.connections, 10000);
	EQ_INT(c->http.idle_ms, 60000);
	EQ_INT(c->workers.concurrent, 4);
	EQ_INT(c->workers.slots, 1);
	EQ_INT(c->workers.threshold_e9, 800000000);
	EQ_INT(c->workers.beat_interval_ms, 5000);
	EQ_INT(c->workers.beat_timeout_ms, 10000);
	EQ_INT(c->workers.max_tasks, 0);
	EQ_INT(c->workers.memory_bytes, 256 << 20);
	EQ_INT(c->workers.kill_grace_ms, 500);
	EQ_INT(c->handlers.load_timeout_ms, 10000);
	EQ_INT(c->results.ttl_ms, 3600000);
	EQ_INT(c->results.count, 100000);
	EQ_INT(c->results.bytes, 256 << 20);
	EQ_INT(c->queue.tasks, 1000000);
	EQ_INT(c->queue.bytes, 256 << 20);
	EQ_INT(c->limits.result_bytes, 10 << 20);
	EQ_INT(c->limits.batch_bytes, 4 << 20);
	EQ_INT(c->limits.log_bytes, 64 << 10);
	EQ_INT(c->shutdown.grace_ms, 30000);
	EQ_STR(c->store.engine, "memory");
	EQ_STR(c->store.path, "/var/lib/deferd");
	OK(!c->user && !c->pid_file && !c->default_app);
	EQ_INT(c->app_n, 1);
	EQ_STR(c->app[0].id, "demo");
	EQ_STR(c->app[0].handlers, "/");
	EQ_INT(c->app[0].line, 2);
	EQ_INT(c->app[0].concurrent, 0);
	EQ_INT(c->app[0].timeout_ms, 15000);
	EQ_INT(c->app[0].job_timeout_ms, 300000);
	EQ_INT(c->app[0].detached, DETACHED_WAIT);
	OK(c->app[0].cancel_on_disconnect);
	OK(!c->app[0].blocking_io);
	EQ_INT(c->app[0].keys.master.n, 1);
	EQ_STR(c->app[0].keys.master.item[0], "master-key");
	EQ_INT(c->app[0].keys.rest.n, 0);
	forget();
}

static void
t_yaml(void)
{
	static const struct problem_case cases[] = {
	    {"", "f:1:1: the file is empty: expected at least apps\n"},
	    {"# only a comment\n",
		"f:1:1: the file is empty: expected at least apps\n"},
	    {"---\n", "f:1:1: the file is empty: expected at least apps\n"},
	    {"~\n", "f:1:1: the file is empty: expected at least apps\n"},
	    {"hello\n", "f:1:1: not a mapping: expected lines of \"key: value\"\n"},
	    {"''\n", "f:1:1: not a mapping: expected lines of \"key: value\"\n"},
	    {"- a\n- b\n", "f:1:1: not a mapping: expected lines of \"key: value\"\n"},
	    {"workers:\n\tslots: 4\n", "f:2:1: a tab is used to indent: YAML allows "
				       "only spaces there: replace it "
				       "by spaces\n"},
	    {"\"workers\": {\n\t\"slots\": 4\n\t}\n",
		"f:3:1: a tab is used to indent: YAML allows only spaces there: "
		"replace it by spaces\n"},
	    {"{\n\t\"x\": 1]\n", "f:2:2: x: unknown key\n"
				 "f:2:8: broken YAML: did not find expected ',' or '}' "
				 "while parsing a flow "
				 "mapping that begins at line 1\n"},
	    {"workers: {slots: 4\n]\n",
		"f:2:1: broken YAML: did not find expected ',' or '}' while parsing "
		"a flow mapping that begins at line 1\n"},
	    {"user: b: c\n",
		"f:1:8: broken YAML: mapping values are not allowed in this context\n"},
	    {"wokers: 5\nuser: @a\n",
		"f:1:1: wokers: unknown key: did you mean workers?\n"
		"f:2:7: broken YAML: found character that cannot start any token while "
		"scanning for the next token that begins at line 2\n"},
	    {"log:\n  level: \"\xff\"\n", "f:2:11: not a text in UTF-8: invalid "
					  "leading UTF-8 octet: expected YAML\n"},
	    {APPS MEM "---\na: b\n",
		"f:4:1: a second document begins here: expected one: remove the ---\n"},
	    {APPS "log: &x {level: info}\nworkers: {slots: *x}\n",
		"f:3:6: an anchor (&x): anchors and aliases are not used here: write "
		"the "
		"value itself\n"
		"f:4:18: workers.slots: an alias (anchors and aliases are not used "
		"here): "
		"expected a whole number from 1 to 4096\n"},
	    {APPS "pidFile: !include x\n",
		"f:3:10: a tag (!include): tags are not used here: remove it\n"},
	    {APPS "? [a, b]\n: c\n",
		"f:3:3: a key that is no text: expected \"key: value\"\n"},
	    {"a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
		"f:1:1: a: unknown key\n"
		"f:1:35: nested deeper than 32 levels\n"},
	    {APPS MEM, ""},
	    {"%YAML 1.1\n---\n" APPS MEM "...\n", ""},
	    {"\xef\xbb\xbf" APPS MEM, ""},
	    {APPS "workers: {slots: !!str 4, concurrent: '5'}\n", ""},
	    {"{\n\t\"apps\": [\n\t\t{\"id\": \"a\", \"handlers\": \"/\"}\n\t]\n}\n",
		""},
	};

	check_cases(cases, COUNT_OF(cases));
}

static void
t_keys(void)
{
	static const struct problem_case cases[] = {
	    {APPS "wokers: 5\n", "f:3:1: wokers: unknown key: did you mean workers?\n"},
	    {APPS "Listen: http://[::1]:1\n",
		"f:3:1: Listen: unknown key: did you mean listen?\n"},
	    {APPS "frobnicate: 5\n", "f:3:1: frobnicate: unknown key\n"},
	    {APPS "concurrent: 5\n",
		"f:3:1: concurrent: unknown key: did you mean workers.concurrent?\n"},
	    {APPS "workers: {cocnurrent: 5}\n",
		"f:3:11: workers.cocnurrent: unknown key: did you mean concurrent?\n"},
	    {APPS "workers:\n  heartbeat:\n    intervall: 5\n",
		"f:5:5: workers.heartbeat.intervall: unknown key: did you mean "
		"interval?\n"},
	    {"apps:\n  - {id: a, handlers: /, blocking_io: true}\n",
		"f:2:26: apps[0].blocking_io: unknown key: did you mean blockingIo?\n"},
	    {"apps:\n  - {id: a, handlers: /, keys: {mastre: aaaaaaaa}}\n",
		"f:2:33: apps[0].keys.mastre: unknown key: did you mean master?\n"},
	    {APPS "a23456789012345678901234567890123456789012345678901234567\xe2\x82"
		  "\xac\xe2\x82\xac: 1\n",
		"f:3:1: "
		"a23456789012345678901234567890123456789012345678901234567\xe2\x82\xac."
		"..: unknown key\n"},
	    {APPS "a234567890123456789012345678901234567890123456789012345678\xe2\x82"
		  "\xac\xe2\x82\xac: 1\n",
		"f:3:1: a234567890123456789012345678901234567890123456789012345678...: "
		"unknown key\n"},
	    {APPS "\"a\\0b\\n\": 1\n", "f:3:1: a?b?: unknown key\n"},
	    {APPS "user: root\nlog: {level: warn, level: info}\nuser: root\n",
		"f:4:20: log.level: a duplicate key: it is set at line 4 already: "
		"remove "
		"one\n"
		"f:5:1: user: a duplicate key: it is set at line 3 already: remove "
		"one\n"},
	    {"workers:\n  slots: 2\n" APPS "workers: 4\n",
		"f:5:1: workers: a duplicate key: it is set at line 1 already: remove "
		"one\n"},
	    {"apps:\n  - {id: a, id: b, handlers: /}\n",
		"f:2:13: apps[0].id: a duplicate key: it is set at line 2 already: "
		"remove "
		"one\n"},
	};

	check_cases(cases, COUNT_OF(cases));
}

static void
t_apps(void)
{
	static const struct problem_case cases[] = {
	    {MEM, "f:1:1: apps: missing: expected a list of apps, each with id and "
		  "handlers\n"},
	    {MEM "apps:\n", "f:2:6: apps: missing: expected a list of apps, each with "
			    "id and handlers\n"},
	    {"apps: [{}]\n", "f:1:8: apps[0].id: missing: expected the app's id\n"
			     "f:1:8: apps[0].handlers: missing: expected the folder of "
			     "its *.rb files\n"},
	    {"apps: [{id: , handlers: ~}]\n",
		"f:1:8: apps[0].id: missing: expected the app's id\n"
		"f:1:8: apps[0].handlers: missing: expected the folder of its *.rb "
		"files\n"},
	    {"apps:\n  - {id: a b, handlers: /}\n",
		"f:2:10: apps[0].id: \"a b\": expected letters, digits, '-', '_' and "
		"'.', "
		"beginning with a letter or a digit\n"},
	    {"apps:\n  - {id: .a, handlers: /}\n",
		"f:2:10: apps[0].id: \".a\": expected letters, digits, '-', '_' and "
		"'.', "
		"beginning with a letter or a digit\n"},
	    {"apps:\n  - {id: parse, handlers: /}\n",
		"f:2:10: apps[0].id: \"parse\" is reserved, deferd's own URLs begin "
		"with it: "
		"expected another\n"},
	    {APPS "  - {id: x, handlers: /}\n  - {id: demo, handlers: /}\n",
		"f:4:10: apps[2].id: a duplicate app: \"demo\" is defined at line 2 "
		"already: "
		"expected another id\n"},
	    {"apps:\n  - {id: a, handlers: /no/such}\n",
		"f:2:23: apps[0].handlers: /no/such: No such file or directory: "
		"expected a "
		"folder that can be read\n"},
	    {"apps:\n  - {id: a, handlers: /etc/passwd}\n",
		"f:2:23: apps[0].handlers: /etc/passwd: it is not a folder: expected a "
		"folder that can be read\n"},
	    {"apps:\n  - {id: a, handlers: /, detached: never}\n",
		"f:2:36: apps[0].detached: \"never\": expected wait, warn or fail\n"},
	    {"apps:\n  - {id: a, handlers: /, blockingIo: 1}\n",
		"f:2:38: apps[0].blockingIo: \"1\": expected true or false\n"},
	    {"apps:\n  - {id: a, handlers: /, user: no-such-user}\n",
		"f:2:32: apps[0].user: there is no user \"no-such-user\": expected an "
		"existing one\n"},
	    {APPS "sandbox: yes\n",
		"f:3:10: sandbox: \"yes\": expected auto, on or off\n"},
	    {"apps:\n  - {id: a, handlers: /, files: [{path: b}]}\n",
		"f:2:41: apps[0].files: \"b\": expected a path that begins with /\n"},
	    {"apps:\n  - {id: a, handlers: /, files: [{mode: read}, /b]}\n",
		"f:2:34: apps[0].files: an item without a path: expected {path: "
		"/a/path, mode: read or write}\n"
		"f:2:48: apps[0].files: an item without a path: expected {path: "
		"/a/path, mode: read or write}\n"},
	    {"apps:\n  - {id: a, handlers: /, files: [{path: /b, mode: rw, of: c}]}\n",
		"f:2:51: apps[0].files: mode: expected read or write\n"
		"f:2:55: apps[0].files: an unknown key: expected path and mode\n"},
	    {APPS "defaultApp: other\n", "f:3:13: defaultApp: there is no app "
					 "\"other\": expected the id of one\n"},
	    {APPS "defaultApp: demo\n", ""},
	    {"apps:\n  - {id: v2, handlers: /, detached: Warn, blockingIo: yes}\n", ""},
	};

	check_cases(cases, COUNT_OF(cases));
}

/* A dump reads back as the same config, and shows no key. */
static void
t_dump(void)
{
	struct buf first, second;

	buf_init(&first, 0);
	buf_init(&second, 0);
	OK(parse(
	    "apps:\n  - {id: a.b, handlers: /, keys: {rest: [old-secret, new-secret], "
	    "master: big-secret}, user: root, timeout: 1.5, detached: warn}\n"
	    "  - {id: b, handlers: /tmp, jobTimeout: 2d, files: [{path: '/a \"b\"', "
	    "mode: write}, {path: /c}]}\nsandbox: on\n"
	    "listen: ['http://[::1]:1', 'http://x:2']\n"
	    "log: {target: '/a \\ \"b\" \xc3\xa9', level: error}\n" MEM
	    "workers: {lowPriorityThreshold: 0.290000001, maxMemory: 5000001}\n"));
	EQ_INT(conf_dump(conf, &first), 0);
	OK(strstr(buf_cstr(&first), "      rest: [masked-rest-1, masked-rest-2]\n"));
	OK(strstr(buf_cstr(&first), "      master: [masked-master-1]\n"));
	OK(strstr(buf_cstr(&first), "  lowPriorityThreshold: 0.290000001\n"));
	OK(!strstr(buf_cstr(&first), "secret"));
	OK(conf = (forget(), conf_parse(buf_span(&first), "f", tell, &told)));
	EQ_STR(conf->log.target, "/a \\ \"b\" \xc3\xa9");
	EQ_INT(conf->app_n, 2);
	EQ_INT(conf->app[1].job_timeout_ms, 2 * 86400000);
	EQ_INT(conf->sandbox, SWITCH_ON);
	EQ_INT(conf->app[1].files.n, 2);
	EQ_STR(conf->app[1].files.item[0].path, "/a \"b\"");
	OK(conf->app[1].files.item[0].write && !conf->app[1].files.item[1].write);
	EQ_INT(conf_dump(conf, &second), 0);
	EQ_STR(buf_cstr(&second), buf_cstr(&first));
	buf_fini(&first);
	buf_fini(&second);
	forget();
}

static void
t_many_problems(void)
{
	struct buf text;
	size_t lines = 0;

	buf_init(&text, 0);
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "bad%d: x\n", i);
	forget();
	OK(!conf_parse(buf_span(&text), "f", tell, &told));
	for (size_t i = 0; i < told.problems.n; i++)
		lines += told.problems.p[i] == '\n';
	EQ_INT(lines, 101);
	OK(strstr(buf_cstr(&told.problems), " more problems are not listed\n"));
	buf_reset(&text);
	buf_add_str(&text, "apps: [");
	for (int i = 0; i < 100001; i++)
		buf_add_str(&text, "a,");
	forget();
	OK(!conf_parse(buf_span(&text), "f", tell, &told));
	OK(strstr(buf_cstr(&told.problems),
	    "more than 100000 values: no config has so many\n"));
	buf_fini(&text);
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

static void
t_load(void)
{
	char dir[] = "/tmp/conf.XXXXXX", path[64], want[128];

	OK(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/deferd.yaml", dir);
	OK(!conf_load(path, tell, &told));
	snprintf(
	    want, sizeof want, "%s: cannot be read: No such file or directory\n", path);
	EQ_STR(buf_cstr(&told.problems), want);
	forget();
	OK(!conf_load(dir, tell, &told));
	snprintf(want, sizeof want, "%s: cannot be read: Is a directory\n", dir);
	EQ_STR(buf_cstr(&told.problems), want);
	forget();
	OK(!conf_load("/dev/zero", tell, &told));
	EQ_STR(buf_cstr(&told.problems),
	    "/dev/zero: larger than 4 MiB: no config file is\n");
	forget();
	write_file(path, APPS "wokers: 3\n");
	OK(!conf_load(path, tell, &told));
	snprintf(want, sizeof want,
	    "%s:3:1: wokers: unknown key: did you mean workers?\n", path);
	EQ_STR(buf_cstr(&told.problems), want);
	write_file(path, APPS MEM);
	forget();
	OK(conf = conf_load(path, tell, &told));
	EQ_STR(conf->path, path);
	EQ_INT(told.notices.n, 0);
	unlink(path);
	rmdir(dir);
	forget();
}

TESTS(TEST(defaults), TEST(yaml), TEST(keys), TEST(apps), TEST(dump),
    TEST(many_problems), TEST(load))

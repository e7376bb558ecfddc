/* conf.t.c: the config file: values, and the text of every problem. */
#include "../../supervisor/conf.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct told {
	struct buf problems, notices;
};

static void
tell(const char *text, bool notice, void *arg)
{
	struct told *told = arg;
	struct buf *b = notice ? &told->notices : &told->problems;

	buf_add_str(b, text);
	buf_add_byte(b, '\n');
}

/* The one config of a test, and what was told; kept until the next call. */
static struct told told;
static struct conf *conf;

static void
forget(void)
{
	conf_free(conf);
	conf = NULL;
	buf_fini(&told.problems);
	buf_fini(&told.notices);
}

static struct conf *
parse(const char *text)
{
	forget();
	conf = conf_parse(span_str(text), "f", tell, &told);
	return conf;
}

#define APPS "apps:\n  - {id: demo, handlers: /, keys: {master: master-key}}\n"
#define MEM "store: {engine: memory}\n"

static void
t_defaults(void)
{
	struct conf *c = parse(APPS);

	EQ_STR(buf_cstr(&told.problems), "");
	EQ_STR(buf_cstr(&told.notices),
	    "f:1:1: store.engine: not set: tasks are kept in memory and end with the process\n");
	OK(c);
	EQ_INT(c->listen_n, 1);
	EQ_STR(c->listen[0].url, "http://127.0.0.1:7500");
	EQ_STR(c->listen[0].host, "127.0.0.1");
	EQ_INT(c->listen[0].port, 7500);
	EQ_STR(c->control.socket, "/run/deferd/control.sock");
	OK(!c->control.view_group && !c->control.operate_group && !c->control.admin_group);
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
	OK(!c->store.path && !c->user && !c->pid_file && !c->default_app);
	EQ_INT(c->app_n, 1);
	EQ_STR(c->app[0].id, "demo");
	EQ_STR(c->app[0].handlers, "/");
	EQ_INT(c->app[0].line, 2);
	EQ_INT(c->app[0].concurrent, 0);
	EQ_INT(c->app[0].timeout_ms, 15000);
	EQ_INT(c->app[0].job_timeout_ms, 300000);
	EQ_INT(c->app[0].detached, DETACHED_WAIT);
	OK(!c->app[0].blocking_io);
	EQ_INT(c->app[0].keys.master.n, 1);
	EQ_STR(c->app[0].keys.master.item[0], "master-key");
	EQ_INT(c->app[0].keys.rest.n, 0);
	forget();
}

TESTS(TEST(defaults))

/*
 * conf.h: the configuration as values. Filled by conf_yaml.c from the table conf.def;
 * owned by whoever called conf_new; never changed after it has been checked.
 */
#ifndef DEFERD_CONF_H
#define DEFERD_CONF_H

#include "../common/buf.h"
#include "../common/kinds.h"

struct conf_list { /* of strings; owned */
	char **item;
	size_t n;
};

struct conf_listen {
	char *url;  /* as written, "http://127.0.0.1:7500" */
	char *host; /* "127.0.0.1", "::1" (no brackets) */
	int port;   /* 0: any free one */
};

struct conf_keys { /* each a list: rotation; the first is the current one */
	struct conf_list rest, javascript, master;
};

struct conf_files { /* what handlers may open; owned */
	struct conf_file {
		char *path;
		bool write;
	} *item;
	size_t n;
};

struct conf_app {
	char *id;
	char *handlers; /* folder, absolute or relative to the working directory */
	char *user;	/* or NULL; only when started as root */
	struct conf_keys keys;
	int concurrent; /* most tasks of the app that run at once; 0: no limit of its own */
	int64_t timeout_ms, job_timeout_ms;
	enum detached_policy detached;
	bool blocking_io;
	bool cancel_on_disconnect; /* its sync tasks, when their client leaves */
	struct conf_files files;
	struct { /* the requests of its handlers */
		struct conf_list allow, deny; /* see common/hostrule.h */
		int64_t body_bytes;
		int concurrent, per_task; /* at once, of a worker and of a task */
		char *ca;		  /* file, or NULL: the system's */
	} http;
	int line; /* of its entry in the file, for messages */
};

struct conf {
	char *path; /* of the file; for messages */
	struct conf_listen *listen;
	size_t listen_n;
	struct {
		char *socket;
		char *view_group, *operate_group, *admin_group; /* or NULL */
	} control;
	struct {
		char *target; /* "stderr", "syslog", or a path */
		char *level;
		char *format; /* "text" or "json" */
		char *access; /* "off", "log", or a path */
	} log;
	struct {
		int64_t body_bytes, header_bytes;
		int connections; /* most at once */
		int64_t idle_ms; /* per read or write */
	} http;
	enum switch_mode ui; /* the web page; auto: where the listener is a loopback one */
	struct {
		int concurrent, slots;
		/* lowPriorityThreshold x 1e9, so that 0.29 x 100 is 29 */
		int64_t threshold_e9;
		int64_t beat_interval_ms, beat_timeout_ms;
		int max_tasks; /* a worker is replaced after so many; 0: never */
		int64_t memory_bytes;
		int64_t kill_grace_ms;
	} workers;
	struct {
		int64_t load_timeout_ms;
	} handlers;
	struct {
		int64_t ttl_ms;
		int64_t count, bytes;
	} results;
	struct {
		int64_t ttl_ms;
		int64_t count, bytes;
	} dead;
	struct {
		int64_t tasks, bytes; /* payload bytes */
	} queue;
	struct {
		int64_t result_bytes, batch_bytes, log_bytes;
	} limits;
	struct {
		int64_t grace_ms;
	} shutdown;
	struct {
		char *path; /* or NULL: no files */
		int count;
	} dossiers;
	struct {
		int64_t slow_ms; /* 0: no task is slow */
		int sample;	 /* 0: none */
		int64_t count, bytes;
	} trace;
	struct {
		char *engine; /* "memory" */
		char *path;
	} store;
	enum switch_mode sandbox;
	char *user;	   /* to become after the listeners are bound, or NULL */
	char *pid_file;	   /* or NULL */
	char *default_app; /* or NULL */
	struct conf_app *app;
	size_t app_n;
};

/* A config problem goes to this callback, all of them, in the order of the file: text is
 * "file:line:column: what, what was expected, did you mean X". notice: it is only worth
 * telling (a key of the reference runner that means nothing here). */
typedef void conf_problem_cb(const char *text, bool notice, void *arg);

/* Reads and checks the file. The config, owned by the caller, or NULL when there was a
 * problem that is no notice. Blocks on the file. */
struct conf *conf_load(const char *path, conf_problem_cb *problem, void *arg);
/* The same from memory, under the name path (tests, fuzzing). */
struct conf *conf_parse(struct span text, const char *path, conf_problem_cb *problem, void *arg);
void conf_free(struct conf *);

/* Appends the effective config as YAML that conf_parse takes again; keys (credentials)
 * are masked. */
int conf_dump(const struct conf *, struct buf *out);

#endif

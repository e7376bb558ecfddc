/*
 * conf_read.h: one reading of a config file: the config being filled, where its keys
 * stood, and the problems so far. Inside the config room only.
 */
#ifndef DEFERD_CONF_READ_H
#define DEFERD_CONF_READ_H

#include "conf_key.h"

#define CONF_PROBLEMS_MAX 100 /* more are only counted */
#define CONF_FILE_BYTES (4 << 20)
#define CONF_PATH_BYTES 192 /* of a key's path, in a message */

struct conf_mark {
	int line, column; /* from 1; line 0: nowhere */
};

enum conf_node_kind { NODE_TEXT, NODE_LIST, NODE_MAP, NODE_ALIAS };
struct conf_node { /* a value of the file */
	enum conf_node_kind kind;
	struct conf_mark at;
	char *text; /* owned; of NODE_TEXT, with a NUL behind it; NULL when it was cut off */
	size_t n;   /* bytes of text */
	bool plain; /* not quoted */
	struct conf_node *first, *last, *next, *parent; /* a mapping's: key, value, key... */
};

struct conf_problem {
	struct conf_mark at;
	bool notice;
	char *text; /* owned; without the place */
};

struct conf_read {
	struct conf *conf; /* borrowed; being filled */
	struct span text;  /* borrowed */
	/* Of the values; those of apps[] keys belong to the app that is being read. */
	struct conf_mark at[CONF_IDS];
	struct conf_problem problem[CONF_PROBLEMS_MAX];
	size_t problem_n, untold;
	bool failed; /* a problem that is no notice */
	bool broken; /* not even YAML: what is missing says nothing */
};

/* Remembers a problem. */
void conf_blame(struct conf_read *, struct conf_mark, const char *fmt, ...) PRINTF_LIKE(3, 4);
void conf_notice(struct conf_read *, struct conf_mark, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Tells all of them in the order of the file and forgets them. */
void conf_read_tell(struct conf_read *, conf_problem_cb *, void *arg);
/* "workers.slots", "apps[2].id" (of the app that is being read); returns out. */
const char *conf_read_path(const struct conf_read *, enum conf_id, char *out, size_t n);

/* conf_yaml.c: the text into a tree, owned by the caller; NULL: nothing in it. */
struct conf_node *conf_yaml_read(struct conf_read *);
void conf_node_free(struct conf_node *);
/* conf_fill.c: the tree into the config; every problem of single values. */
void conf_fill(struct conf_read *, const struct conf_node *root);
/* A value as one line of text, or NULL with a problem told. */
const char *conf_node_text(struct conf_read *, enum conf_id, const struct conf_node *);
/* The key's field; of an apps[] key, in the app that is being read. */
void *conf_read_field(struct conf_read *, enum conf_id);
/* conf_secret.c: one credential to its list. */
void conf_fill_secret(struct conf_read *, enum conf_id, const struct conf_node *);
/* conf_files.c: an item of apps[].files to the app that is being read. */
void conf_fill_file(struct conf_read *, enum conf_id, const struct conf_node *);
void conf_files_free(struct conf_files *);
/* conf_host.c: one rule to its list. */
void conf_fill_host(struct conf_read *, enum conf_id, const struct conf_node *);
/* conf_check.c: what no single value shows. */
void conf_check_app(struct conf_read *, const struct conf_app *, struct conf_mark);
void conf_check(struct conf_read *);
/* conf.c: the file's bytes, at most max_bytes of them. 0, or -ERR_TOO_LARGE, or
 * -ERR_SYSTEM with errno. */
int conf_file_read(const char *path, size_t max_bytes, struct buf *out) MUST_USE;
void conf_list_add(struct conf_list *, const char *item);
/* A new app at the end of conf->app, with the defaults. */
struct conf_app *conf_app_add(struct conf *);

#endif

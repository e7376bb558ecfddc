/*
 * conf.c: making, filling and freeing a config.
 */
#include "../common/err.h"
#include "conf_read.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
conf_file_read(const char *path, size_t max_bytes, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -ERR_SYSTEM;
	buf_init(out, max_bytes + 1);
	while (rc == 0 && got > 0) {
		size_t want =
		    max_bytes + 1 - out->n < 65536 ? max_bytes + 1 - out->n : 65536;
		uint8_t *room = want ? buf_room(out, want) : NULL;
		if (!room) {
			rc = -ERR_TOO_LARGE;
		} else if ((got = read(fd, room, want)) > 0) {
			buf_grew(out, (size_t)got);
		} else if (got < 0 && errno == EINTR) {
			got = 1;
		} else if (got < 0) {
			rc = -ERR_SYSTEM;
		}
	}
	int saved = errno;
	close(fd);
	if (rc < 0)
		buf_fini(out);
	errno = saved;
	return rc;
}

void
conf_list_add(struct conf_list *list, const char *item)
{
	char **bigger = xcalloc(list->n + 1, sizeof *bigger);

	if (list->n)
		memcpy(bigger, list->item, list->n * sizeof *bigger);
	free(list->item);
	list->item = bigger;
	list->item[list->n++] = xstrdup(item);
}

static void
list_free(struct conf_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct conf_list){NULL, 0};
}

/* The defaults of conf.def into the fields of owner. */
static void
defaults_set(void *owner, bool of_app)
{
	for (int id = 0; id < CONF_IDS; id++) {
		const struct conf_key *key = conf_key_at(id);
		int64_t value;
		if (!key->preset || key->of_app != of_app || key->type == CONF_LISTEN)
			continue;
		if (conf_type_is_number(key->type)) {
			ASSERT(conf_value_parse(id, key->preset, &value) == 0);
			conf_value_set(id, owner, value);
		} else {
			*(char **)((char *)owner + key->offset) = xstrdup(key->preset);
		}
	}
}

struct conf_app *
conf_app_add(struct conf *conf)
{
	struct conf_app *bigger = xcalloc(conf->app_n + 1, sizeof *bigger);

	if (conf->app_n)
		memcpy(bigger, conf->app, conf->app_n * sizeof *bigger);
	free(conf->app);
	conf->app = bigger;
	defaults_set(&conf->app[conf->app_n], true);
	return &conf->app[conf->app_n++];
}

static void
texts_free(void *owner, bool of_app)
{
	for (int id = 0; id < CONF_IDS; id++) {
		const struct conf_key *key = conf_key_at(id);
		void *field = (char *)owner + key->offset;
		if (key->of_app != of_app)
			continue;
		if (key->type == CONF_SECRET || key->type == CONF_HOSTS)
			list_free(field);
		else if (key->type == CONF_FILES)
			conf_files_free(field);
		else if (key->type >= CONF_TEXT && key->type < CONF_SECRET)
			free(*(char **)field);
	}
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->app_n; i++)
		texts_free(&conf->app[i], true);
	free(conf->app);
	for (size_t i = 0; i < conf->listen_n; i++) {
		free(conf->listen[i].url);
		free(conf->listen[i].host);
	}
	free(conf->listen);
	texts_free(conf, false);
	free(conf->path);
	free(conf);
}

/* Nobody said where: the default listener. */
static void
listen_default(struct conf *conf)
{
	const char *why;

	conf->listen = xcalloc(1, sizeof *conf->listen);
	conf->listen_n = 1;
	ASSERT(conf_listen_parse(
		   conf_key_at(CONF_ID_LISTEN)->preset, conf->listen, &why) == 0);
}

struct conf *
conf_parse(struct span text, const char *path, conf_problem_cb *problem, void *arg)
{
	struct conf *conf = xcalloc(1, sizeof *conf);
	struct conf_read *r = xcalloc(1, sizeof *r);

	conf->path = xstrdup(path);
	defaults_set(conf, false);
	r->conf = conf;
	r->text = text;
	struct conf_node *root = conf_yaml_read(r);
	conf_fill(r, root);
	conf_node_free(root);
	if (conf->listen_n == 0)
		listen_default(conf);
	if (!r->broken)
		conf_check(r);
	conf_read_tell(r, problem, arg);
	if (r->failed) {
		conf_free(conf);
		conf = NULL;
	}
	free(r);
	return conf;
}

struct conf *
conf_load(const char *path, conf_problem_cb *problem, void *arg)
{
	char line[4096 + 128];
	struct buf text;
	int rc = conf_file_read(path, CONF_FILE_BYTES, &text);

	if (rc < 0) {
		if (rc == -ERR_TOO_LARGE)
			snprintf(line, sizeof line,
			    "%s: larger than 4 MiB: no config file is", path);
		else
			snprintf(line, sizeof line, "%s: cannot be read: %s", path,
			    strerror(errno));
		problem(line, false, arg);
		return NULL;
	}
	struct conf *conf = conf_parse(buf_span(&text), path, problem, arg);
	buf_fini(&text);
	return conf;
}

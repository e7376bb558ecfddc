/*
 * conf_files.c: apps[].files: what an app's handlers may open.
 */
#include "conf_read.h"
#include <stdlib.h>

/* All of an app's go to its forkserver in one record. */
#define FILES_BYTES 32768

static void
files_add(struct conf_files *files, const char *path, bool write)
{
	struct conf_file *bigger = xcalloc(files->n + 1, sizeof *bigger);

	if (files->n)
		memcpy(bigger, files->item, files->n * sizeof *bigger);
	free(files->item);
	files->item = bigger;
	files->item[files->n++] = (struct conf_file){xstrdup(path), write};
}

void
conf_files_free(struct conf_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->item[i].path);
	free(files->item);
	*files = (struct conf_files){NULL, 0};
}

static size_t
files_bytes(const struct conf_files *files)
{
	size_t n = 0;

	for (size_t i = 0; i < files->n; i++)
		n += strlen(files->item[i].path) + 2;
	return n;
}

struct files_entry {
	const struct conf_node *path, *mode;
};

static void
files_take(struct conf_read *r, const char *where, const struct conf_node *name,
    struct files_entry *e)
{
	bool is_path = name->text && strcmp(name->text, "path") == 0;
	const struct conf_node **field = is_path ? &e->path : &e->mode;

	if (!name->text || (!is_path && strcmp(name->text, "mode") != 0))
		conf_blame(
		    r, name->at, "%s: an unknown key: expected path and mode", where);
	else if (*field)
		conf_blame(r, name->at, "%s: a duplicate key: remove one", where);
	else
		*field = name->next;
}

static bool
files_mode(
    struct conf_read *r, const char *where, const struct conf_node *mode, bool *write)
{
	const char *text =
	    mode && mode->kind == NODE_TEXT && mode->text ? mode->text : NULL;

	*write = text && strcmp(text, "write") == 0;
	if (!mode || *write || (text && strcmp(text, "read") == 0))
		return true;
	conf_blame(r, mode->at, "%s: mode: expected read or write", where);
	return false;
}

void
conf_fill_file(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	struct conf_files *files = conf_read_field(r, id);
	char where[CONF_PATH_BYTES];
	struct files_entry e = {NULL, NULL};
	bool write;

	conf_read_path(r, id, where, sizeof where);
	for (const struct conf_node *n = node->kind == NODE_MAP ? node->first : NULL;
	     n && n->next; n = n->next->next)
		files_take(r, where, n, &e);
	if (!e.path) {
		conf_blame(r, node->at,
		    "%s: an item without a path: expected {path: /a/path, mode: read "
		    "or "
		    "write}",
		    where);
		return;
	}
	const char *path = conf_node_text(r, id, e.path);
	if (!path || !files_mode(r, where, e.mode, &write))
		return;
	if (path[0] != '/')
		conf_blame(r, e.path->at,
		    "%s: \"%.60s\": expected a path that begins with /", where, path);
	else if (strlen(path) > 4000 || files_bytes(files) + strlen(path) > FILES_BYTES)
		conf_blame(r, e.path->at,
		    "%s: too many and too long: expected shorter paths", where);
	else
		files_add(files, path, write);
}

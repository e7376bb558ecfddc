/*
 * conf_secret.c: the apps' keys (credentials): in the config file itself, or in files
 * of their own. No message ever shows one.
 */
#include "../common/err.h"
#include "conf_read.h"
#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

#define SECRET_FILE_BYTES 4096

static bool
secret_is_usable(
    struct conf_read *r, enum conf_id id, struct conf_mark at, const char *secret)
{
	const struct conf_key *key = conf_key_at(id);
	size_t n = strlen(secret);
	char path[CONF_PATH_BYTES];

	conf_read_path(r, id, path, sizeof path);
	if (n < (size_t)key->min || n > (size_t)key->max) {
		conf_blame(r, at, "%s: a key of %zu characters: expected %d to %d",
		    path, n, (int)key->min, (int)key->max);
		return false;
	}
	for (const char *p = secret; *p; p++)
		if (!isgraph((unsigned char)*p)) {
			conf_blame(r, at,
			    "%s: a key with spaces or other unusual characters: "
			    "expected "
			    "printable ASCII",
			    path);
			return false;
		}
	return true;
}

static void
secret_add(
    struct conf_read *r, enum conf_id id, struct conf_mark at, const char *secret)
{
	if (secret_is_usable(r, id, at, secret))
		conf_list_add(conf_read_field(r, id), secret);
}

/* A credential in a file of its own. */
static void
fill_secret_file(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	char path[CONF_PATH_BYTES];
	const char *file = conf_node_text(r, id, node);
	struct stat st;
	struct buf text;

	if (!file)
		return;
	conf_read_path(r, id, path, sizeof path);
	bool regular = stat(file, &st) < 0 || S_ISREG(st.st_mode);
	int rc = regular ? conf_file_read(file, SECRET_FILE_BYTES, &text) : -ERR_TYPE;
	if (rc < 0) {
		conf_blame(r, node->at, "%s: the file %s cannot be read: %s", path,
		    file,
		    rc == -ERR_SYSTEM ? strerror(errno)
		    : rc == -ERR_TYPE ? "it is no plain file"
				      : "it is too large for a key");
		return;
	}
	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	if (text.n == 0 || memchr(text.p, 0, text.n))
		conf_blame(r, node->at, "%s: the file %s %s: expected a key", path,
		    file, text.n ? "contains a zero byte" : "is empty");
	else
		secret_add(r, id, node->at, buf_cstr(&text));
	buf_fini(&text);
}

void
conf_fill_secret(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	const struct conf_node *name = node->first;
	char path[CONF_PATH_BYTES];
	const char *text;

	if (node->kind != NODE_MAP) {
		if ((text = conf_node_text(r, id, node)))
			secret_add(r, id, node->at, text);
		return;
	}
	if (!name || !name->text || strcmp(name->text, "file") != 0 ||
	    name->next != node->last)
		conf_blame(r, node->at,
		    "%s: a mapping of another form: expected {file: path}",
		    conf_read_path(r, id, path, sizeof path));
	else
		fill_secret_file(r, id, node->last);
}

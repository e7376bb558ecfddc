/*
 * conf_fill.c: the tree of a config file's values into the config, key by key of
 * conf.def. Every problem of a key or a single value is told here.
 */
#include "../common/err.h"
#include "../common/log.h"
#include "conf_read.h"
#include <stdio.h>
#include <stdlib.h>

#define LISTEN_MAX 64
#define SECRETS_MAX 16
#define HOSTS_MAX 64
#define SHOWN_BYTES 60 /* of a value or a name, in a message */
#define EXPECTED_BYTES 160

/* A piece of the file for a message: cut, on one line. */
static const char *
shown(const struct conf_node *node, char out[SHOWN_BYTES + 4])
{
	size_t n = node->n > SHOWN_BYTES ? SHOWN_BYTES : node->n;
	const char *s = node->text;

	while (n < node->n && n > 0 && (s[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	memcpy(out + n, n < node->n ? "..." : "", n < node->n ? 4 : 1);
	return out;
}

static struct span
text_span(const struct conf_node *node)
{
	return span_of(node->text, node->n);
}

/* Nothing, or YAML's and JSON's null. */
static bool
is_null(const struct conf_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != NODE_TEXT || !node->plain)
		return false;
	for (size_t i = 0; i < COUNT_OF(nulls); i++)
		if (span_is(text_span(node), nulls[i]))
			return true;
	return false;
}

static void
blame_type(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	static const char *const kinds[] = {[NODE_TEXT] = "nothing",
	    [NODE_LIST] = "a list",
	    [NODE_MAP] = "a mapping",
	    [NODE_ALIAS] = "an alias (anchors and aliases are not used here)"};
	char path[CONF_PATH_BYTES], expected[EXPECTED_BYTES], value[SHOWN_BYTES + 4];
	bool text = node->kind == NODE_TEXT && !is_null(node);
	bool hidden = conf_key_at(id)->type == CONF_SECRET;

	shown(
	    text && !hidden ? node : &(struct conf_node){.text = (char[]){""}}, value);
	conf_blame(r, node->at, "%s: %s%s%s: expected %s",
	    conf_read_path(r, id, path, sizeof path), text ? "\"" : kinds[node->kind],
	    value, text ? "\"" : "",
	    conf_value_expected(id, expected, sizeof expected));
}

void *
conf_read_field(struct conf_read *r, enum conf_id id)
{
	const struct conf_key *key = conf_key_at(id);
	struct conf *conf = r->conf;

	return (key->of_app ? (char *)&conf->app[conf->app_n - 1] : (char *)conf) +
	       key->offset;
}

static void
fill_number(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	char path[CONF_PATH_BYTES], expected[EXPECTED_BYTES], value[SHOWN_BYTES + 4];
	int64_t number = 0;
	int rc = -ERR_MALFORMED;

	if (node->kind == NODE_TEXT && !is_null(node) && strlen(node->text) == node->n)
		rc = conf_value_parse(id, node->text, &number);
	if (rc == 0)
		conf_value_set(id,
		    (char *)conf_read_field(r, id) - conf_key_at(id)->offset, number);
	else if (rc == -ERR_RANGE)
		conf_blame(r, node->at, "%s: %s is out of range: expected %s",
		    conf_read_path(r, id, path, sizeof path), shown(node, value),
		    conf_value_expected(id, expected, sizeof expected));
	else
		blame_type(r, id, node);
}

const char *
conf_node_text(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	char path[CONF_PATH_BYTES];

	if (node->kind != NODE_TEXT || is_null(node) || node->n == 0) {
		blame_type(r, id, node);
		return NULL;
	}
	for (size_t i = 0; i < node->n; i++)
		if ((unsigned char)node->text[i] < 0x20 || node->text[i] == 0x7f) {
			conf_blame(r, node->at,
			    "%s: contains a control character: expected one line of "
			    "text",
			    conf_read_path(r, id, path, sizeof path));
			return NULL;
		}
	return node->text;
}

static bool
word_is_known(enum conf_type type, const char *word)
{
	if (type == CONF_LEVEL)
		return log_level_parse(word) >= 0;
	if (type == CONF_FORMAT)
		return log_format_parse(word) >= 0;
	return type != CONF_ENGINE || strcmp(word, "memory") == 0 ||
	       strcmp(word, "sqlite") == 0;
}

static void
fill_text(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	const struct conf_key *key = conf_key_at(id);
	char **field = conf_read_field(r, id), path[CONF_PATH_BYTES];
	const char *text;

	if (is_null(node) && !key->preset) { /* as if it were not there */
		r->at[id] = (struct conf_mark){0, 0};
		return;
	}
	if (!(text = conf_node_text(r, id, node)))
		return;
	conf_read_path(r, id, path, sizeof path);
	if (key->type == CONF_ENGINE && strcmp(text, "postgresql") == 0) {
		conf_blame(r, node->at,
		    "%s: %s is not available yet: expected sqlite or memory", path,
		    text);
	} else if (!word_is_known(key->type, text)) {
		blame_type(r, id, node);
	} else if (key->max && node->n > (size_t)key->max) {
		conf_blame(r, node->at, "%s: %zu bytes long: expected at most %d", path,
		    node->n, (int)key->max);
	} else {
		free(*field);
		*field = xstrdup(text);
	}
}

static void
fill_listener(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	struct conf *conf = r->conf;
	struct conf_listen one, *bigger;
	char value[SHOWN_BYTES + 4];
	const char *url = conf_node_text(r, id, node), *why;

	if (!url)
		return;
	shown(node, value);
	if (conf_listen_parse(url, &one, &why) < 0) {
		conf_blame(r, node->at, "listen: \"%s\": %s: expected http://host:port",
		    value, why);
		return;
	}
	for (size_t i = 0; i < conf->listen_n; i++)
		if (one.port && one.port == conf->listen[i].port &&
		    strcmp(one.host, conf->listen[i].host) == 0)
			conf_blame(r, node->at,
			    "listen: \"%s\" is there already: remove one", value);
	bigger = xcalloc(conf->listen_n + 1, sizeof one);
	if (conf->listen_n)
		memcpy(bigger, conf->listen, conf->listen_n * sizeof one);
	free(conf->listen);
	conf->listen = bigger;
	conf->listen[conf->listen_n++] = one;
}

typedef void fill_cb(struct conf_read *, enum conf_id, const struct conf_node *);

/* One value, or a list of them. */
static void
fill_list(struct conf_read *r, enum conf_id id, const struct conf_node *node,
    size_t most, fill_cb *fill_item)
{
	char path[CONF_PATH_BYTES];
	size_t n = 0;

	if (node->kind != NODE_LIST) {
		fill_item(r, id, node);
		return;
	}
	conf_read_path(r, id, path, sizeof path);
	if (!node->first)
		conf_blame(
		    r, node->at, "%s: an empty list: expected at least one", path);
	for (const struct conf_node *item = node->first; item; item = item->next)
		if (n++ < most)
			fill_item(r, id, item);
		else if (n == most + 1)
			conf_blame(r, item->at, "%s: a long list: expected at most %zu",
			    path, most);
}

static fill_cb fill_mapping;

static void
fill_app(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	if (node->kind != NODE_MAP) {
		conf_blame(r, node->at,
		    "apps: %s is not a mapping: expected an app, with id and handlers",
		    is_null(node) ? "an empty item" : "an item");
		return;
	}
	conf_app_add(r->conf)->line = node->at.line;
	for (int i = 0; i < CONF_IDS; i++)
		if (strncmp(conf_key_at(i)->path, "apps[]", 6) == 0)
			r->at[i] = (struct conf_mark){0, 0};
	fill_mapping(r, id, node);
	if (!r->broken)
		conf_check_app(r, &r->conf->app[r->conf->app_n - 1], node->at);
}

static void
fill_map_key(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	if (node->kind == NODE_MAP)
		fill_mapping(r, id, node);
	else if (id == CONF_ID_WORKERS && node->kind == NODE_TEXT && !is_null(node))
		fill_number(r, CONF_ID_WORKERS_CONCURRENT, node);
	else if (!is_null(node))
		blame_type(r, id, node);
}

static void
fill_value(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	const struct conf_key *key = conf_key_at(id);

	switch (key->type) {
	case CONF_MAP: fill_map_key(r, id, node); break;
	case CONF_NOTICE:
		conf_notice(r, node->at, "%s: means nothing here and is ignored: %s",
		    key->path, key->text);
		break;
	case CONF_LISTEN: fill_list(r, id, node, LISTEN_MAX, fill_listener); break;
	case CONF_SECRET: fill_list(r, id, node, SECRETS_MAX, conf_fill_secret); break;
	case CONF_FILES:
		fill_list(r, id, node, (size_t)key->max, conf_fill_file);
		break;
	case CONF_HOSTS: fill_list(r, id, node, HOSTS_MAX, conf_fill_host); break;
	case CONF_APPS:
		if (node->kind == NODE_LIST)
			fill_list(r, id, node, (size_t)key->max, fill_app);
		else if (!is_null(node))
			blame_type(r, id, node);
		break;
	default:
		if (conf_type_is_number(key->type))
			fill_number(r, id, node);
		else
			fill_text(r, id, node);
	}
}

static void
blame_unknown(struct conf_read *r, enum conf_id parent, const struct conf_node *name)
{
	char above[CONF_PATH_BYTES] = "", value[SHOWN_BYTES + 4];
	enum conf_id guess = CONF_ROOT;

	if (r->problem_n < CONF_PROBLEMS_MAX) /* guessing is slow work */
		guess = conf_key_guess(parent, text_span(name));
	if (parent == CONF_ID_APPS)
		snprintf(above, sizeof above, "apps[%zu]", r->conf->app_n - 1);
	else if (parent != CONF_ROOT)
		conf_read_path(r, parent, above, sizeof above);
	conf_blame(r, name->at, "%s%s%s: unknown key%s%s%s", above, *above ? "." : "",
	    shown(name, value), guess == CONF_ROOT ? "" : ": did you mean ",
	    guess == CONF_ROOT                 ? ""
	    : conf_key_is_below(guess, parent) ? conf_key_name(guess)
					       : conf_key_at(guess)->path,
	    guess == CONF_ROOT ? "" : "?");
}

static void
fill_mapping(struct conf_read *r, enum conf_id parent, const struct conf_node *map)
{
	const struct conf_node *name = map->first, *value;
	char path[CONF_PATH_BYTES];
	enum conf_id id;

	for (; name; name = value ? value->next : NULL) {
		value = name->next;
		if (!name->text) {
			if (!r->broken || value)
				conf_blame(r, name->at,
				    "a key that is no text: expected \"key: value\"");
		} else if ((id = conf_key_find(parent, text_span(name))) == CONF_ROOT) {
			blame_unknown(r, parent, name);
		} else if (r->at[id].line) {
			conf_blame(r, name->at,
			    "%s: a duplicate key: it is set at line %d already: remove "
			    "one",
			    conf_read_path(r, id, path, sizeof path), r->at[id].line);
		} else if (value && (value->kind != NODE_TEXT || value->text)) {
			r->at[id] =
			    conf_key_at(id)->type == CONF_MAP ? name->at : value->at;
			fill_value(r, id, value);
		}
	}
}

void
conf_fill(struct conf_read *r, const struct conf_node *root)
{
	if (root && root->kind == NODE_MAP) {
		fill_mapping(r, CONF_ROOT, root);
	} else if (root && !is_null(root)) {
		conf_blame(
		    r, root->at, "not a mapping: expected lines of \"key: value\"");
		r->broken = true;
	} else if (!r->broken) {
		conf_blame(r, (struct conf_mark){1, 1},
		    "the file is empty: expected at least apps");
		r->broken = true;
	}
}

/*
 * conf_dump.c: the effective config as YAML, for -T.
 */
#include "../common/err.h"
#include "conf_read.h"

static void
dump_indent(struct buf *out, enum conf_id id)
{
	int depth = conf_key_depth(id);

	for (int i = 0; i < depth; i++)
		buf_add_str(out,
		    strncmp(conf_key_at(id)->path, "apps[]", 6) == 0 && i == 0 ? "    "
									       : "  ");
}

static void
dump_text(struct buf *out, const char *text)
{
	buf_add_byte(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)*text);
	}
	buf_add_byte(out, '"');
}

static void
dump_listeners(const struct conf *conf, struct buf *out)
{
	buf_add_str(out, "listen:\n");
	for (size_t i = 0; i < conf->listen_n; i++) {
		buf_add_str(out, "  - ");
		dump_text(out, conf->listen[i].url);
		buf_add_byte(out, '\n');
	}
}

/* The masks differ, and are long enough, so that a dump can be read again. */
static void
dump_secrets(struct buf *out, enum conf_id id, const struct conf_list *list)
{
	const char *name = conf_key_name(id);

	buf_printf(out, "%s: [", name);
	for (size_t i = 0; i < list->n; i++)
		buf_printf(out, "%smasked-%s-%zu", i ? ", " : "", name, i + 1);
	buf_add_str(out, "]\n");
}

static void
dump_files(struct buf *out, enum conf_id id, const struct conf_files *files)
{
	buf_printf(out, "%s: [", conf_key_name(id));
	for (size_t i = 0; i < files->n; i++) {
		buf_printf(out, "%s{path: ", i ? ", " : "");
		dump_text(out, files->item[i].path);
		buf_printf(out, ", mode: %s}", files->item[i].write ? "write" : "read");
	}
	buf_add_str(out, "]\n");
}

static void
dump_hosts(struct buf *out, enum conf_id id, const struct conf_list *list)
{
	buf_printf(out, "%s: [", conf_key_name(id));
	for (size_t i = 0; i < list->n; i++) {
		buf_add_str(out, i ? ", " : "");
		dump_text(out, list->item[i]);
	}
	buf_add_str(out, "]\n");
}

static bool
is_set(enum conf_id id, const void *field)
{
	const struct conf_key *key = conf_key_at(id);

	switch (key->type) {
	case CONF_NOTICE: return false;
	case CONF_HOSTS:
	case CONF_SECRET: return ((const struct conf_list *)field)->n > 0;
	case CONF_FILES: return ((const struct conf_files *)field)->n > 0;
	case CONF_TEXT:
	case CONF_LEVEL:
	case CONF_FORMAT:
	case CONF_ENGINE:
	case CONF_APP_ID: return *(char *const *)field != NULL;
	default: return true;
	}
}

/* A mapping with nothing in it is left out. */
static bool
has_any(enum conf_id map, const void *owner)
{
	for (int id = 0; id < CONF_IDS; id++)
		if (conf_key_is_below(id, map) &&
		    is_set(id, (const char *)owner + conf_key_at(id)->offset))
			return true;
	return false;
}

static void
dump_key(struct buf *out, enum conf_id id, const void *owner, bool first_of_app)
{
	const struct conf_key *key = conf_key_at(id);
	const void *field = (const char *)owner + key->offset;
	char value[64];

	if (key->type == CONF_MAP ? !has_any(id, owner) : !is_set(id, field))
		return;
	if (first_of_app)
		buf_add_str(out, "  - ");
	else
		dump_indent(out, id);
	if (key->type == CONF_MAP) {
		buf_printf(out, "%s:\n", conf_key_name(id));
	} else if (key->type == CONF_SECRET) {
		dump_secrets(out, id, field);
	} else if (key->type == CONF_FILES) {
		dump_files(out, id, field);
	} else if (key->type == CONF_HOSTS) {
		dump_hosts(out, id, field);
	} else if (conf_type_is_number(key->type)) {
		buf_printf(out, "%s: %s\n", conf_key_name(id),
		    conf_value_format(
			key->type, conf_value_get(id, owner), value, sizeof value));
	} else {
		buf_printf(out, "%s: ", conf_key_name(id));
		dump_text(out, *(char *const *)field);
		buf_add_byte(out, '\n');
	}
}

static void
dump_apps(const struct conf *conf, struct buf *out)
{
	buf_add_str(out, "apps:\n");
	for (size_t i = 0; i < conf->app_n; i++)
		for (int id = CONF_ID_APPS + 1; id < CONF_IDS; id++)
			if (strncmp(conf_key_at(id)->path, "apps[]", 6) == 0)
				dump_key(out, id, &conf->app[i], id == CONF_ID_APP_ID);
}

int
conf_dump(const struct conf *conf, struct buf *out)
{
	out->failed = false;
	for (int id = 0; id < CONF_IDS; id++) {
		if (strncmp(conf_key_at(id)->path, "apps[]", 6) == 0)
			continue;
		if (id == CONF_ID_LISTEN)
			dump_listeners(conf, out);
		else if (id == CONF_ID_APPS)
			dump_apps(conf, out);
		else
			dump_key(out, id, conf, false);
	}
	return out->failed ? -ERR_NOMEM : 0;
}

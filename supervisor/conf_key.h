/*
 * conf_key.h: the table of config keys (conf.def), and a key's value as text. Inside the
 * config room only (conf*.c). Pure.
 */
#ifndef DEFERD_CONF_KEY_H
#define DEFERD_CONF_KEY_H

#include "conf.h"

enum conf_type {
	CONF_MAP,
	CONF_NOTICE,
	CONF_LISTEN,
	CONF_APPS,
	CONF_FILES,
	/* texts */
	CONF_TEXT,
	CONF_LEVEL,
	CONF_FORMAT,
	CONF_ENGINE,
	CONF_APP_ID,
	CONF_SECRET, /* a list of them */
	CONF_HOSTS,  /* a list of rules, see common/hostrule.h */
	/* numbers */
	CONF_INT,
	CONF_COUNT,
	CONF_DURATION,
	CONF_BYTES,
	CONF_FRACTION,
	CONF_BOOL,
	CONF_POLICY,
	CONF_SWITCH
};

enum conf_id {
	CONF_ROOT = -1, /* the file's top level; also: no such key */
#define MAP(sym, path, text) CONF_ID_##sym,
#define KEY(sym, owner, path, type, field, preset, min, max, text) CONF_ID_##sym,
#define NOTICE(sym, path, text) CONF_ID_##sym,
#include "conf.def"
#undef MAP
#undef KEY
#undef NOTICE
	CONF_IDS
};

struct conf_key {
	const char *path;
	enum conf_type type;
	bool of_app;	    /* in struct conf_app, not struct conf */
	size_t offset;	    /* of the field there */
	const char *preset; /* the default as text; or NULL */
	int64_t min, max;
	const char *text;
};

const struct conf_key *conf_key_at(enum conf_id);
/* "slots" of "workers.slots"; borrowed from the table. */
const char *conf_key_name(enum conf_id);
/* Levels below the top, an app's entry counting as one: 0 for "listen". */
int conf_key_depth(enum conf_id);
/* True when the key stands directly below parent (CONF_ROOT: at the top). */
bool conf_key_is_below(enum conf_id, enum conf_id parent);
/* By name below parent; CONF_ROOT when there is none. */
enum conf_id conf_key_find(enum conf_id parent, struct span name);
/* What was meant: the nearest name below parent, or the same name elsewhere. CONF_ROOT:
 * nothing is near. */
enum conf_id conf_key_guess(enum conf_id parent, struct span name);

/* --- values of the types from CONF_INT on --- */
static inline bool
conf_type_is_number(enum conf_type t)
{
	return t >= CONF_INT;
}
/* 0, -ERR_MALFORMED, or -ERR_RANGE (of the key). */
int conf_value_parse(enum conf_id, const char *text, int64_t *out) MUST_USE;
/* As conf_value_parse takes it again; returns out (at least 32 bytes). */
const char *conf_value_format(enum conf_type, int64_t value, char *out, size_t n);
/* "a whole number from 1 to 4096"; returns out (at least 160 bytes). For every type. */
const char *conf_value_expected(enum conf_id, char *out, size_t n);
/* Into and out of the field; owner is the struct conf or struct conf_app. */
void conf_value_set(enum conf_id, void *owner, int64_t value);
int64_t conf_value_get(enum conf_id, const void *owner);

/* "http://[::1]:7500" into its parts. 0 or -ERR_MALFORMED (*why says what is wrong). */
int conf_listen_parse(const char *url, struct conf_listen *out, const char **why) MUST_USE;

#endif

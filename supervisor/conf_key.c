/*
 * conf_key.c: finding keys in the table, and guessing which one was meant.
 */
#include "conf_key.h"
#include <ctype.h>

#define NAME_MAX_BYTES 64

static const struct conf_key keys[CONF_IDS] = {
#define MAP(sym, path, text)                                                           \
	[CONF_ID_##sym] = {path, CONF_MAP, false, 0, NULL, 0, 0, text},
#define KEY(sym, owner, path, type, field, preset, min, max, text)                     \
	[CONF_ID_##sym] = {path, CONF_##type,                                          \
	    sizeof(struct owner) == sizeof(struct conf_app),                           \
	    offsetof(struct owner, field), preset, min, max, text},
#define NOTICE(sym, path, text)                                                        \
	[CONF_ID_##sym] = {path, CONF_NOTICE, false, 0, NULL, 0, 0, text},
#include "conf.def"
#undef MAP
#undef KEY
#undef NOTICE
};
_Static_assert(
    sizeof(struct conf) != sizeof(struct conf_app), "tells the owners apart");

const struct conf_key *
conf_key_at(enum conf_id id)
{
	ASSERT(id >= 0 && id < CONF_IDS);
	return &keys[id];
}

const char *
conf_key_name(enum conf_id id)
{
	const char *path = conf_key_at(id)->path, *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

int
conf_key_depth(enum conf_id id)
{
	int depth = 0;

	for (const char *p = conf_key_at(id)->path; *p; p++)
		depth += *p == '.';
	return depth;
}

bool
conf_key_is_below(enum conf_id id, enum conf_id parent)
{
	const char *path = conf_key_at(id)->path;

	if (parent != CONF_ROOT) {
		size_t n = strlen(conf_key_at(parent)->path);
		if (strncmp(path, conf_key_at(parent)->path, n) != 0)
			return false;
		path += n;
		if (strncmp(path, "[]", 2) == 0)
			path += 2;
		if (*path++ != '.')
			return false;
	}
	return strchr(path, '.') == NULL;
}

enum conf_id
conf_key_find(enum conf_id parent, struct span name)
{
	for (int id = 0; id < CONF_IDS; id++)
		if (conf_key_is_below(id, parent) && span_is(name, conf_key_name(id)))
			return id;
	return CONF_ROOT;
}

static int
min3(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Edit distance without regard to case; a swap of neighbours costs one. */
static int
name_distance(struct span a, const char *b)
{
	int row[3][NAME_MAX_BYTES + 1], nb = (int)strlen(b);
	int *before = row[0], *last = row[1], *now = row[2];

	for (int j = 0; j <= nb; j++)
		last[j] = j;
	for (int i = 1; i <= (int)a.n; i++) {
		now[0] = i;
		for (int j = 1; j <= nb; j++) {
			int ca = tolower(a.p[i - 1]),
			    cb = tolower((unsigned char)b[j - 1]);
			now[j] =
			    min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower(a.p[i - 2]) && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		int *spare = before;
		before = last, last = now, now = spare;
	}
	return last[nb];
}

enum conf_id
conf_key_guess(enum conf_id parent, struct span name)
{
	enum conf_id best = CONF_ROOT;
	int best_distance = name.n < 6 ? 2 : 1 + (int)name.n / 3;

	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return CONF_ROOT;
	for (int id = 0; id < CONF_IDS; id++) {
		const char *key = conf_key_name(id);
		if (!conf_key_is_below(id, parent) || keys[id].type == CONF_NOTICE)
			continue;
		int d = name_distance(name, key);
		if (d < best_distance + (best == CONF_ROOT) && d < (int)strlen(key)) {
			best = id;
			best_distance = d;
		}
	}
	for (int id = 0; best == CONF_ROOT && id < CONF_IDS; id++)
		if (span_is(name, conf_key_name(id)) && keys[id].type != CONF_NOTICE)
			best = id;
	return best;
}

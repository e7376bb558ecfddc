#include "ui_session.h"
#include <stdio.h>

static const char token_mark[] = "ui-";

static bool
session_is_over(const struct ui_session *s, int64_t now_ms)
{
	return !s->token[0] || now_ms - s->opened_ms >= UI_SESSION_MS ||
	       now_ms - s->used_ms >= UI_IDLE_MS;
}

const struct ui_session *
ui_session_open(struct ui_sessions *all, const char *key,
    const uint8_t random[UI_RANDOM_BYTES], int64_t now_ms)
{
	struct ui_session *s = &all->all[0];
	size_t n = strlen(key), at = sizeof token_mark - 1;

	if (n >= sizeof s->key)
		return NULL;
	for (size_t i = 0; i < UI_SESSIONS_MAX && !session_is_over(s, now_ms); i++)
		if (session_is_over(&all->all[i], now_ms) ||
		    all->all[i].used_ms < s->used_ms)
			s = &all->all[i];
	memset(s, 0, sizeof *s);
	memcpy(s->key, key, n);
	memcpy(s->token, token_mark, at);
	for (size_t i = 0; i < UI_RANDOM_BYTES; i++)
		snprintf(s->token + at + 2 * i, 3, "%02x", random[i]);
	s->opened_ms = s->used_ms = now_ms;
	return s;
}

static bool
token_equal(const char *ours, struct span given)
{
	unsigned differ = 0;

	for (size_t i = 0; i < given.n; i++)
		differ |= (unsigned)((uint8_t)ours[i] ^ given.p[i]);
	return differ == 0;
}

struct ui_session *
ui_session_find(struct ui_sessions *all, struct span token, int64_t now_ms)
{
	struct ui_session *found = NULL;

	if (!ui_session_is_token(token))
		return NULL;
	for (size_t i = 0; i < UI_SESSIONS_MAX; i++)
		if (token_equal(all->all[i].token, token))
			found = &all->all[i];
	if (!found)
		return NULL;
	if (session_is_over(found, now_ms)) {
		ui_session_close(found);
		return NULL;
	}
	found->used_ms = now_ms;
	return found;
}

void
ui_session_close(struct ui_session *s)
{
	memset(s, 0, sizeof *s);
}

bool
ui_session_is_token(struct span s)
{
	return s.n == UI_TOKEN_BYTES - 1 &&
	       memcmp(s.p, token_mark, sizeof token_mark - 1) == 0;
}

/* --- the door --- */

static bool
door_has_forgotten(const struct ui_door_address *a, int64_t now_ms)
{
	return !a->ip[0] || now_ms - a->since_ms >= UI_DOOR_MS;
}

int64_t
ui_door_wait_ms(const struct ui_door *d, const char *ip, int64_t now_ms)
{
	for (size_t i = 0; i < UI_DOOR_ADDRESSES; i++) {
		const struct ui_door_address *a = &d->from[i];

		if (!door_has_forgotten(a, now_ms) && strcmp(a->ip, ip) == 0)
			return a->wrong < UI_DOOR_TRIES
				   ? 0
				   : a->since_ms + UI_DOOR_MS - now_ms;
	}
	return 0;
}

void
ui_door_note(struct ui_door *d, const char *ip, int64_t now_ms)
{
	struct ui_door_address *oldest = &d->from[0];

	for (size_t i = 0; i < UI_DOOR_ADDRESSES; i++) {
		struct ui_door_address *a = &d->from[i];

		if (!door_has_forgotten(a, now_ms) && strcmp(a->ip, ip) == 0) {
			a->wrong++;
			return;
		}
		if (!a->ip[0] || (oldest->ip[0] && a->since_ms < oldest->since_ms))
			oldest = a;
	}
	*oldest = (struct ui_door_address){.wrong = 1, .since_ms = now_ms};
	snprintf(oldest->ip, sizeof oldest->ip, "%s", ip);
}

/*
 * Sessions of the web page, and the door for those who try keys.
 */
#include "t.h"
#include "../../supervisor/ui_session.h"
#include <stdio.h>

static struct ui_sessions all;
static struct ui_door door;

static struct span
open_one(uint8_t seed, int64_t now_ms)
{
	static char token[UI_TOKEN_BYTES];
	uint8_t random[UI_RANDOM_BYTES];

	memset(random, seed, sizeof random);
	const struct ui_session *s = ui_session_open(&all, "key", random, now_ms);
	OK(s != NULL);
	snprintf(token, sizeof token, "%s", s->token);
	return span_str(token);
}

static void
t_a_session_stands_for_its_key(void)
{
	memset(&all, 0, sizeof all);
	struct span token = open_one(7, 1000);
	EQ_INT(token.n, UI_TOKEN_BYTES - 1);
	OK(ui_session_is_token(token));
	struct ui_session *s = ui_session_find(&all, token, 1001);
	OK(s != NULL);
	EQ_STR(s->key, "key");
	char other[UI_TOKEN_BYTES];
	memcpy(other, token.p, token.n + 1);
	other[UI_TOKEN_BYTES - 2] ^= 1;
	OK(!ui_session_find(&all, span_str(other), 1001));
	OK(!ui_session_find(&all, span_str("ui-"), 1001));
	OK(!ui_session_find(&all, SPAN_NONE, 1001));
	ui_session_close(s);
	OK(!ui_session_find(&all, token, 1002));
}

/* The places where nobody is have an empty token, which no request can have. */
static void
t_an_empty_place_is_nobodys(void)
{
	char zero[UI_TOKEN_BYTES - 1] = {0};

	memset(&all, 0, sizeof all);
	OK(!ui_session_find(&all, span_of(zero, sizeof zero), 1));
}

static void
t_sessions_expire(void)
{
	memset(&all, 0, sizeof all);
	struct span token = open_one(7, 0);
	OK(ui_session_find(&all, token, UI_IDLE_MS - 1));
	OK(!ui_session_find(&all, token, 2 * UI_IDLE_MS - 1)); /* idle */
	int64_t now_ms = 0;
	for (token = open_one(8, 0); ui_session_find(&all, token, now_ms);)
		now_ms += UI_IDLE_MS / 2;
	EQ_INT(now_ms, UI_SESSION_MS); /* however busy */
}

static void
t_the_oldest_makes_way(void)
{
	char first[UI_TOKEN_BYTES], second[UI_TOKEN_BYTES];

	memset(&all, 0, sizeof all);
	memcpy(first, open_one(1, 1).p, sizeof first);
	memcpy(second, open_one(2, 2).p, sizeof second);
	for (int i = 3; i <= UI_SESSIONS_MAX; i++)
		open_one((uint8_t)i, i);
	OK(ui_session_find(&all, span_str(first), 100)); /* used again */
	open_one(200, 101);
	OK(ui_session_find(&all, span_str(first), 102));
	OK(!ui_session_find(&all, span_str(second), 102));
}

static void
t_a_key_may_be_too_long(void)
{
	char key[UI_KEY_BYTES + 1];
	uint8_t random[UI_RANDOM_BYTES] = {0};

	memset(key, 'k', sizeof key);
	key[UI_KEY_BYTES] = '\0';
	OK(!ui_session_open(&all, key, random, 0));
	key[UI_KEY_BYTES - 1] = '\0';
	OK(ui_session_open(&all, key, random, 0) != NULL);
}

static void
t_the_door_shuts_by_address(void)
{
	memset(&door, 0, sizeof door);
	for (int i = 0; i < UI_DOOR_TRIES; i++) {
		EQ_INT(ui_door_wait_ms(&door, "10.0.0.1", 1000 + i), 0);
		ui_door_note(&door, "10.0.0.1", 1000 + i);
	}
	EQ_INT(ui_door_wait_ms(&door, "10.0.0.1", 2000), 1000 + UI_DOOR_MS - 2000);
	EQ_INT(ui_door_wait_ms(&door, "10.0.0.2", 2000), 0);
	EQ_INT(ui_door_wait_ms(&door, "10.0.0.1", 1000 + UI_DOOR_MS), 0);
	ui_door_note(&door, "10.0.0.1", 1000 + UI_DOOR_MS); /* counted from 1 again */
	EQ_INT(ui_door_wait_ms(&door, "10.0.0.1", 1001 + UI_DOOR_MS), 0);
}

/* Many addresses push out the oldest one, and never what is not theirs. */
static void
t_the_door_is_bounded(void)
{
	char ip[32];

	memset(&door, 0, sizeof door);
	for (int i = 0; i < 10 * UI_DOOR_ADDRESSES; i++) {
		snprintf(ip, sizeof ip, "10.0.%d.%d", i / 250, i % 250);
		for (int k = 0; k < UI_DOOR_TRIES; k++)
			ui_door_note(&door, ip, i);
		OK(ui_door_wait_ms(&door, ip, i) > 0);
	}
	EQ_INT(ui_door_wait_ms(&door, "10.0.0.0", 640), 0);
}

TESTS(TEST(a_session_stands_for_its_key), TEST(an_empty_place_is_nobodys),
    TEST(sessions_expire), TEST(the_oldest_makes_way), TEST(a_key_may_be_too_long),
    TEST(the_door_shuts_by_address), TEST(the_door_is_bounded))

/*
 * ui_session.h: who has signed in to the web page, and who has tried too often. A session
 * stands for a key; what the key opens is asked anew at every use. Pure: time and random
 * bytes are arguments.
 */
#ifndef DEFERD_UI_SESSION_H
#define DEFERD_UI_SESSION_H

#include "../common/buf.h"

#define UI_SESSIONS_MAX 64
#define UI_SESSION_MS (12 * 3600 * 1000LL) /* since it was opened */
#define UI_IDLE_MS (3600 * 1000LL)	   /* since it was last used */
#define UI_RANDOM_BYTES 32
#define UI_TOKEN_BYTES (3 + 2 * UI_RANDOM_BYTES + 1) /* "ui-", hex, NUL */
#define UI_KEY_BYTES 257

struct ui_session {
	char token[UI_TOKEN_BYTES]; /* "": none here */
	char key[UI_KEY_BYTES];
	int64_t opened_ms, used_ms;
};

struct ui_sessions {
	struct ui_session all[UI_SESSIONS_MAX];
};

/* A new one for that key; when there are too many, the one that was used longest ago ends.
 * NULL: the key is too long. */
const struct ui_session *ui_session_open(
    struct ui_sessions *, const char *key, const uint8_t random[UI_RANDOM_BYTES], int64_t now_ms);
/* NULL: there is none, or it has expired. Its time of idling begins anew. The answer takes
 * as long for any token. */
struct ui_session *ui_session_find(struct ui_sessions *, struct span token, int64_t now_ms);
void ui_session_close(struct ui_session *);
/* Does it look like a token? Such a one is never counted as a wrong key: it cannot be
 * guessed, and open pages keep sending theirs after it has expired. */
bool ui_session_is_token(struct span);

/* --- the door: wrong keys, by address --- */
#define UI_DOOR_ADDRESSES 64
#define UI_DOOR_TRIES 10
#define UI_DOOR_MS 60000

struct ui_door {
	struct ui_door_address {
		char ip[46]; /* "": none */
		int wrong;
		int64_t since_ms;
	} from[UI_DOOR_ADDRESSES];
};

/* How long the address has to wait before its next try, after UI_DOOR_TRIES wrong ones in
 * UI_DOOR_MS; 0: it may. */
int64_t ui_door_wait_ms(const struct ui_door *, const char *ip, int64_t now_ms);
/* A wrong key came from there. Of too many addresses the oldest is forgotten. */
void ui_door_note(struct ui_door *, const char *ip, int64_t now_ms);

#endif

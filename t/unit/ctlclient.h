/*
 * ctlclient.h: the control socket for real, in a temporary folder, with the daemon's side
 * in this process's loop; and a client that lets that loop turn while it waits.
 */
#ifndef DEFERD_CTLCLIENT_H
#define DEFERD_CTLCLIENT_H

#include "../../common/ctlproto.h"
#include "ctlcore.h"

#define CLIENT_DEADLINE_MS 10000

struct room { /* one test's world */
	struct core core;
	struct event_base *base;
	struct control *control;
	char dir[64], path[128];
	int stops; /* how often `stop` was asked for */
};
extern struct room room;

void room_begin(void);
void room_begin_without_control(void);
/* A control socket as the room's core wants it, or NULL and errno. */
struct control *room_listen(void);
void room_end_control(void);
void room_end(void);
/* One turn of the loop. */
void room_turn(void);
/* A new client gets its answer. */
bool room_is_served(void);
/* An event with a text. */
void room_emit(const char *name, const char *text);

struct client {
	int fd;
	struct ctl_reader reader;
	bool closed;
};
void client_open(struct client *);
void client_close(struct client *);
/* All of it, with the daemon's help when the pipe is full; false when it hung up. */
bool client_send(struct client *, const void *bytes, size_t n);
bool client_say(struct client *, const char *text);
/* The next frame's code; 0: the daemon closed. *body is borrowed. */
int client_next(struct client *, struct span *body);
int client_ask(struct client *, const char *line, struct span *body);
bool span_has(struct span body, const char *text);

#endif

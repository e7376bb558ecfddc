/*
 * httpcore.h: for the tests of the HTTP face: a core that does as it is told with each
 * task, and a client that talks to the real listener over loopback, both in one loop.
 */
#ifndef DEFERD_HTTPCORE_H
#define DEFERD_HTTPCORE_H

#include "../../supervisor/http.h"
#include "../../supervisor/stats.h"
#include "../../supervisor/tasks.h"
#include <event2/event.h>

enum plan_what { PLAN_RESULT, PLAN_FAULT, PLAN_REFUSE, PLAN_NEVER };

struct plan { /* what becomes of the next tasks */
	enum plan_what what;
	enum fault fault;
	const char *result; /* JSON; NULL: nil */
	const char *class, *message;
	bool has_code;
	int64_t code;
	int status;
	const char *header, *value; /* Cloud::Response's */
};

struct core {
	struct event_base *base;
	struct conf conf;
	struct conf_app conf_app;
	struct conf_listen conf_listen;
	struct app *app;
	struct stats stats;
	struct tasks tasks;
	struct taskid_maker ids;
	struct plan plan;
	struct store_view store;
	struct buf seen; /* the last task's envelope, as JSON */
	struct handler *seen_handler;
	enum execution seen_execution;
	int64_t seen_timeout_ms;
	struct task *last;
	enum core_phase phase;
	const char *not_ready;
	bool paused[LANE_COUNT];
	size_t seats;
	int64_t later_ms; /* the core's clock is so far ahead */
	int submitted, abandoned;
	struct http *http;
};

/* One app, "demo", with the keys rest-key-1, javascript-key-1 and master-key-1; it is the
 * default one. Functions hello, odd"name; event e; services S/m, route S GET /r/:id; job
 * j. Listens. */
void httpcore_init(struct core *);
void httpcore_fini(struct core *);

struct reply {
	int status;
	struct buf text; /* head and body */
	const char *body;
	size_t body_bytes;
};
/* Connects; -1 when that fails. */
int client_open(struct core *);
void client_send(struct core *, int fd, struct span bytes);
/* Turns the loop until a whole reply is there (true), or the server closed or 5 s have
 * passed (false). HEAD's replies have no body: head_only. */
bool client_read(struct core *, int fd, bool head_only, struct reply *);
/* All in one, on a connection of its own. The same reply is used again and again. */
bool client_ask(struct core *, const char *request, struct reply *);
/* verb, path, headers (each with its CRLF) and body. */
bool client_call(struct core *, const char *verb, const char *path, const char *headers,
    const char *body, struct reply *);
/* The reply's header of that name, as a string that lasts until the next call; NULL. */
const char *reply_get(const struct reply *, const char *name);
/* Turns the loop until the condition holds; false after 5 s. */
bool client_until(struct core *, bool (*holds)(struct core *));
void client_turn(struct core *);

#endif

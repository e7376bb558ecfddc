/*
 * app.h: an app and its catalogue of handlers, as its forkserver reported it.
 */
#ifndef DEFERD_APP_H
#define DEFERD_APP_H

#include "../common/buf.h"
#include "../common/kinds.h"
#include "conf.h"
#include <sys/queue.h>

/* Lives as long as its app: a task may point to a handler that a reload took away
 * (present is false then). */
struct handler {
	enum kind kind;
	char *name;	/* owned; "hello", "Users/testMethod", "Users PUT /users/:id" */
	char *place;	/* owned; "files.rb:12" */
	char *verb;	/* owned; a route's "GET"; NULL otherwise */
	char *pattern;	/* owned; a route's "/users/:id" below the service's name */
	bool present;	/* in the current catalogue */
	uint32_t index; /* in the current catalogue */
	int64_t timeout_ms; /* 0: the kind's default */
	int64_t burst_ms;   /* 0: heartbeat.timeout */
	enum execution execution; /* a timer's */
	int attempts;	    /* 0: the kind's default */
	unsigned flags;	    /* HANDLER_* of kinds.h */
	struct app *app;    /* borrowed */
	/* counters since the start */
	uint64_t done, failed, detached, unhandled, deaths;
	uint64_t run_us, run_us_max, burst_us_max;
	struct timer *timer; /* a timer's; owned; NULL: it is none, or was never there */
};

struct app {
	const struct conf_app *conf; /* borrowed from the config in force */
	int index;		     /* in the core's array, 0.. */
	struct handler **handler;    /* owned; present and vanished ones */
	size_t handler_n;
	struct handler **by_index; /* the current catalogue; borrowed */
	size_t by_index_n;
	struct handler **by_name; /* the same, sorted by kind and name */
	struct handler **staged;  /* the catalogue that is being reported */
	size_t staged_n;
	uint64_t generation; /* of the catalogue: counts loads, from 1; 0: not loaded */
	uint64_t queued[LANE_COUNT], leased;
	bool coming;	     /* a reload makes it: nobody sees it before that commits */
	struct conf_app own; /* its config meanwhile; the texts are owned */
	char sandbox[64]; /* what confines its workers, as its last forkserver said; "" */
	char lacks[240];  /* what the machine does not give; "": nothing */
};

/* By kind and exact name; KIND_ANY looks for a function, an event, a service method, a
 * job, in this order. Only present ones. NULL: unknown. */
struct handler *app_find(const struct app *, enum kind, struct span name);

#define ROUTE_PARAMS_MAX 16
struct route_match {
	struct handler *handler;
	struct {
		struct span name, value; /* value still percent-encoded */
	} param[ROUTE_PARAMS_MAX];
	size_t n;
	bool other_verb; /* the path matches a route, the verb does not */
};
/* path: "<Service>[/<version>]/rest", without a leading slash, still percent-encoded.
 * Routes in the order of registration; `:x` and `{x}` match one segment. True on a match. */
bool app_match_route(const struct app *, struct span verb, struct span path, struct route_match *);

/* A handler of that kind and name, present or not: one that is not is made when it was never
 * known. For tasks that outlived their handler. */
struct handler *app_remember(struct app *, enum kind, struct span name);

/* Building a catalogue (spawn.c): app_begin_catalogue, app_add_handler..., then
 * app_end_catalogue makes it the current one; until then the old one is in force.
 * Indexes come as 0, 1, 2...; another one: NULL. A handler that was known before is
 * returned again, with its counters. */
void app_begin_catalogue(struct app *);
struct handler *app_add_handler(struct app *, enum kind, struct span name, uint32_t index);
void app_end_catalogue(struct app *);

struct app *app_new(const struct conf_app *, int index);
/* One that is coming: of that config it keeps copies of its id and folder. */
struct app *app_new_coming(const struct conf_app *, int index);
/* That config is in force for it from now on. */
void app_come(struct app *, const struct conf_app *);
void app_free(struct app *);

#endif

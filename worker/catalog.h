/*
 * catalog.h: the handlers that the files of a folder have registered.
 */
#ifndef DEFERD_CATALOG_H
#define DEFERD_CATALOG_H

#include "../common/kinds.h"
#include "vm.h"

struct handler {
	enum kind kind;
	char *name;           /* "hello", "Users/testMethod", "Users PUT /users/:id" */
	char *place;          /* "files.rb:12" */
	char *verb, *pattern; /* a route's; else NULL */
	char *cron, *zone;    /* a timer's; else NULL */
	int64_t at_ms, start_ms, expire_ms; /* a timer's, wall; 0: none */
	int missed, overlap; /* a timer's; 0: the default */
	struct RClass *class; /* of whose instances method is called; pinned for ever */
	mrb_sym method;       /* 0: __call */
	int64_t timeout_ms, burst_ms, every_ms; /* 0: the default */
	enum execution execution;
	int attempts; /* 0: the kind's default */
	int detached; /* detached: an enum detached_policy + 1; 0: the app's */
	unsigned flags;
	uint32_t index;
};

struct warning {
	char *place, *text;
};

struct catalog {
	struct handler **item; /* owned; item[i]->index is i */
	size_t n, room;
	struct handler **sorted; /* owned; by kind and name; made by catalog_close */
	struct warning *warning; /* owned */
	size_t warning_n;
};

void catalog_init(struct catalog *);
void catalog_fini(struct catalog *);
/* Adds a handler; strings are copied. A kind and name that is there already is replaced
 * and a warning noted. */
struct handler *catalog_add(
    struct catalog *, enum kind, struct span name, const char *place);
void catalog_warn(struct catalog *, const char *place, const char *text);
/* Nothing is added any more; catalog_find works from now on. */
void catalog_close(struct catalog *);
/* KIND_ANY looks for a function, an event, a service method, a job. NULL: unknown. */
const struct handler *catalog_find(const struct catalog *, enum kind, struct span name);

#endif

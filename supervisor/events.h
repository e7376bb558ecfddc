/*
 * events.h: the stream of what happens, one JSON object a line, for `subscribe events`.
 * Costs one branch when nobody listens. Every event has "seq" (1, 2, 3... without a gap
 * for the life of the process), "at" (RFC 3339) and "event" (its name).
 */
#ifndef DEFERD_EVENTS_H
#define DEFERD_EVENTS_H

#include "../common/jsonw.h"
#include <sys/queue.h>

struct events;
struct events_sub;

struct events *events_new(void);
void events_free(struct events *);

/* The callback gets every line (without a newline), from within the code that emits. */
typedef void events_cb(struct span json, void *arg);
struct events_sub *events_subscribe(struct events *, events_cb *, void *arg);
void events_unsubscribe(struct events *, struct events_sub *);

/* Begins an event; NULL when nobody listens (the sequence number advances all the same).
 * The caller adds members to the open object and calls events_end. */
struct jsonw *events_begin(struct events *, const char *name);
void events_end(struct events *);

#endif

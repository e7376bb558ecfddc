/*
 * detached.h: the work that a handler started and neither returned, awaited nor
 * detached; and the rejections that nobody handled.
 */
#ifndef DEFERD_DETACHED_H
#define DEFERD_DETACHED_H

#include "engine.h"

/* Reports, once each, the detached deferreds of a scope whose handler has ended. */
void detached_report(struct engine *, struct scope *);
bool detached_any(const struct scope *);
/* A Cloud::Detached that lists their places; protected until gate_release. */
mrb_value detached_error(struct engine *, struct scope *);
/* Cancels what is adopted and still pending: the losers of a race. */
void detached_cancel_losers(struct engine *, struct scope *);
void detached_cancel_all(struct engine *, struct scope *);
void detached_report_unhandled(struct engine *, struct scope *);
/* A line in the log of a task that is over: what it left is cut off. */
void detached_say_late(struct engine *, const struct scope *);
/* What the caller of a handler that is late is told; malloc'ed. */
char *detached_late_text(const struct scope *);

#endif

/*
 * notify.h: tells the service manager that started deferd how it is: datagrams to
 * $NOTIFY_SOCKET as sd_notify(3) describes them. Without that variable nothing is sent.
 * It must not know what makes deferd ready.
 */
#ifndef DEFERD_NOTIFY_H
#define DEFERD_NOTIFY_H

#include "../common/check.h"

struct event_base;
struct notify;

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that
 * no child speaks for deferd; base is borrowed. Never NULL. */
struct notify *notify_new(struct event_base *base);
void notify_free(struct notify *);

/* Feeds the watchdog from now on, without being ready. */
void notify_watch(struct notify *);
/* Puts the variables back into the environment, for the program that is executed next. */
void notify_put_back(const struct notify *);

/* Ready (again). From here on the loop feeds the manager's watchdog, if it asked for
 * that: twice in the time it gave. */
void notify_ready(struct notify *);
/* A reload began; notify_ready ends it. */
void notify_reloading(struct notify *);
/* It stops; the manager should give it so long. < 0: no limit is known. */
void notify_stopping(struct notify *, int64_t grace_ms);
/* One line for people. */
void notify_status(struct notify *, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

/*
 * catalogue.h: from what a forkserver says to an app's handlers.
 */
#ifndef DEFERD_CATALOGUE_H
#define DEFERD_CATALOGUE_H

#include "../common/msg.h"
#include "app.h"

/* Between app_begin_catalogue and app_end_catalogue; one out of order is logged and left
 * out. */
void catalogue_add(struct app *, const struct msg_handler *);
/* A number over the names, sizes and mtimes of the folder's *.rb files: another one means
 * other code. Never 0. */
uint64_t catalogue_fingerprint(const char *folder);

#endif

/*
 * catalogue.h: from what a forkserver says to an app's handlers.
 */
#ifndef DEFERD_CATALOGUE_H
#define DEFERD_CATALOGUE_H

#include "../common/msg.h"
#include "app.h"

void catalogue_begin(struct app *);
void catalogue_add(struct app *, const struct msg_handler *);
/* A number over the names, sizes and mtimes of the folder's *.rb files: another one means
 * other code. Never 0. */
uint64_t catalogue_fingerprint(const char *folder);

#endif

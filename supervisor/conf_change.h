/*
 * conf_change.h: what a reload would change. Pure.
 */
#ifndef DEFERD_CONF_CHANGE_H
#define DEFERD_CONF_CHANGE_H

#include "conf.h"

/* Appends the names of the keys that differ and need a restart, separated by ", ". None:
 * appends nothing; the rest can be reloaded. */
void conf_change_restart(const struct conf *now, const struct conf *next, struct buf *names);

#endif

/*
 * conf_change.h: what differs between two configs, and what each difference needs. Pure.
 */
#ifndef DEFERD_CONF_CHANGE_H
#define DEFERD_CONF_CHANGE_H

#include "conf.h"

struct conf_change { /* texts good during the call */
	const char *path;      /* "workers.slots", "apps[demo].timeout"; "apps": their ids */
	const char *was, *now; /* "-": not set; keys (credentials) are only counted */
	bool restart;	       /* else a reload will do */
};
typedef void conf_change_cb(const struct conf_change *, void *arg);

/* In the order of the table of keys, then app by app. */
void conf_change_each(
    const struct conf *now, const struct conf *next, conf_change_cb *, void *arg);
/* Appends the names of the keys that differ and need a restart, separated by ", ". None:
 * appends nothing; the rest can be reloaded. */
void conf_change_restart(const struct conf *now, const struct conf *next, struct buf *names);

#endif

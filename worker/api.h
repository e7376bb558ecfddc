/*
 * api.h: the C halves of what handlers see, one file each; engine.h has the rest.
 */
#ifndef DEFERD_API_H
#define DEFERD_API_H

#include "engine.h"

/* Defines them all (before the prelude is loaded). */
void api_define(struct engine *);
void api_cloud_define(struct engine *);
void api_log_define(struct engine *);
void api_json_define(struct engine *);
void api_time_define(struct engine *);
void api_call_define(struct engine *);
void api_missing_define(struct engine *);
/* Hides the classes that would block the worker; after the prelude. */
void api_hide_blocking(struct engine *);
/* A line that a handler, or a file being loaded, says. */
void api_log(struct engine *, int level, struct span text);

#endif

/*
 * load.h: loading the handlers' files.
 */
#ifndef DEFERD_LOAD_H
#define DEFERD_LOAD_H

#include "engine.h"

struct load_report {
	size_t files;
	char place[512]; /* "file.rb:12" of what went wrong */
	struct buf class, message;
};
void load_report_init(struct load_report *);
void load_report_fini(struct load_report *);

/* Loads all *.rb of the folder, bytewise by name, not recursive, and closes the
 * catalogue. 0, or -ERR_CONFIG with the report filled in. */
int load_folder(struct engine *, struct load_report *) MUST_USE;
/* The same for a file of tests: after the folder's, or on its own; then Cloud.load may
 * go above the folder. */
int load_test(
    struct engine *, const char *file, bool folder, struct load_report *) MUST_USE;
/* The file that is being loaded, for messages. */
const char *load_current(const struct engine *);
/* For Cloud.load: a file below the folder, once. True: it was loaded now. MAY_RAISE. */
bool load_named(struct engine *, const char *name);

#endif

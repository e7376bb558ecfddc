/*
 * ui_file.h: the web page's files, as they are in supervisor/ui/, in a table that the
 * build makes of them.
 */
#ifndef DEFERD_UI_FILE_H
#define DEFERD_UI_FILE_H

#include <stddef.h>

struct ui_file {
	const char *name; /* "app.js" */
	const unsigned char *bytes;
	size_t n;
};
extern const struct ui_file ui_files[];
extern const size_t ui_file_count;

#endif

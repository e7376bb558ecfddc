/*
 * conf_read.c: the problems of one reading, collected and told in the order of the
 * file.
 */
#include "config.h"

#include "conf_read.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void
problem_add(
    struct conf_read *r, struct conf_mark at, bool notice, const char *fmt, va_list ap)
{
	char *text;

	r->failed |= !notice;
	if (r->problem_n == CONF_PROBLEMS_MAX) {
		r->untold++;
		return;
	}
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	if (at.line == 0)
		at = (struct conf_mark){1, 1};
	r->problem[r->problem_n++] = (struct conf_problem){at, notice, text};
}

void
conf_blame(struct conf_read *r, struct conf_mark at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem_add(r, at, false, fmt, ap);
	va_end(ap);
}

void
conf_notice(struct conf_read *r, struct conf_mark at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem_add(r, at, true, fmt, ap);
	va_end(ap);
}

static bool
mark_is_after(struct conf_mark a, struct conf_mark b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

/* Insertion sort: stable, and there are few. */
static void
problems_sort(struct conf_read *r)
{
	for (size_t i = 1; i < r->problem_n; i++) {
		struct conf_problem moving = r->problem[i];
		size_t j = i;
		for (; j > 0 && mark_is_after(r->problem[j - 1].at, moving.at); j--)
			r->problem[j] = r->problem[j - 1];
		r->problem[j] = moving;
	}
}

void
conf_read_tell(struct conf_read *r, conf_problem_cb *tell, void *arg)
{
	char *line;

	problems_sort(r);
	for (size_t i = 0; i < r->problem_n; i++) {
		struct conf_problem *p = &r->problem[i];
		if (asprintf(&line, "%s:%d:%d: %s", r->conf->path, p->at.line,
			p->at.column, p->text ? p->text : "out of memory") >= 0) {
			tell(line, p->notice, arg);
			free(line);
		}
		free(p->text);
	}
	if (r->untold && asprintf(&line, "%s:1:1: %zu more problems are not listed",
			     r->conf->path, r->untold) >= 0) {
		tell(line, false, arg);
		free(line);
	}
	r->problem_n = r->untold = 0;
}

const char *
conf_read_path(const struct conf_read *r, enum conf_id id, char *out, size_t n)
{
	const char *path = conf_key_at(id)->path, *brackets = strstr(path, "[]");

	if (brackets)
		snprintf(out, n, "%.*s[%zu]%s", (int)(brackets - path), path,
		    r->conf->app_n - 1, brackets + 2);
	else
		snprintf(out, n, "%s", path);
	return out;
}

/* load.c: see load.h. */
#include "load.h"
#include "../common/err.h"
#include "../common/log.h"
#include "error.h"
#include <dirent.h>
#include <errno.h>
#include <mruby/class.h>
#include <mruby/compile.h>
#include <mruby/error.h>
#include <mruby/string.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (16 * 1024 * 1024)

/* The files that were loaded, and the one that is now. */
struct loader {
	char **path; /* real ones; owned */
	size_t n, room;
	const char *file; /* as messages name it */
	size_t files;
	bool anywhere; /* Cloud.load may leave the folder */
};

void
load_report_init(struct load_report *r)
{
	*r = (struct load_report){0};
	buf_init(&r->class, 0);
	buf_init(&r->message, 0);
}

void
load_report_fini(struct load_report *r)
{
	buf_fini(&r->class);
	buf_fini(&r->message);
}

/* True when it is new. */
static bool
load_remember(struct loader *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->path[i], path) == 0)
			return false;
	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 16;
		l->path = realloc(l->path, l->room * sizeof *l->path);
		ASSERT(l->path != NULL);
	}
	l->path[l->n++] = xstrdup(path);
	return true;
}

static int
load_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	uint8_t *p;
	size_t n;

	if (!f)
		return -ERR_SYSTEM;
	while ((p = buf_room(out, 65536)) && (n = fread(p, 1, 65536, f)) > 0)
		buf_grew(out, n);
	int bad = ferror(f) || out->failed;
	fclose(f);
	return bad ? -ERR_SYSTEM : 0;
}

struct load_job {
	const char *path, *file;
	struct buf source;
	mrbc_context *context;
	int line; /* of a syntax error */
};

static void
load_check_syntax(mrb_state *mrb, struct load_job *j)
{
	struct mrb_parser_state *p =
	    mrb_parse_nstring(mrb, (const char *)j->source.p, j->source.n, j->context);
	mrb_value text = mrb_nil_value();

	if (p && p->nerr > 0) {
		j->line = (int)p->error_buffer[0].lineno;
		text = mrb_format(
		    mrb, "%s:%d: %s", j->file, j->line, p->error_buffer[0].message);
	}
	if (p)
		mrb_parser_free(p);
	if (!mrb_nil_p(text))
		mrb_exc_raise(
		    mrb, mrb_exc_new_str(mrb, mrb_class_get(mrb, "SyntaxError"), text));
}

static void
load_run(mrb_state *mrb, struct load_job *j)
{
	j->context = mrbc_context_new(mrb);
	mrbc_filename(mrb, j->context, j->file);
	j->context->capture_errors = TRUE;
	j->context->lineno = 1;
	load_check_syntax(mrb, j);
	mrb_load_nstring_cxt(mrb, (const char *)j->source.p, j->source.n, j->context);
	if (mrb->exc) {
		mrb_value exc = mrb_obj_value(mrb->exc);
		mrb->exc = NULL;
		mrb_exc_raise(mrb, exc);
	}
}

static mrb_value
load_body(mrb_state *mrb, void *arg)
{
	struct load_job *j = arg;
	int r = load_read(j->path, &j->source);

	if (r != 0)
		mrb_raisef(mrb, E_RUNTIME_ERROR, "%s cannot be read: %s", j->file,
		    strerror(errno));
	if (j->source.n && memmem(j->source.p, j->source.n, "HTTP", 4))
		engine_of(mrb)->names_http = true;
	load_run(mrb, j);
	return mrb_nil_value();
}

static void
load_job_fini(struct engine *e, struct load_job *j)
{
	buf_fini(&j->source);
	if (j->context)
		mrbc_context_free(e->vm.mrb, j->context);
}

static void
load_explain(struct engine *e, mrb_value exc, const struct load_job *j,
    struct load_report *report)
{
	struct error_text t;

	error_text_init(&t);
	error_describe(&e->vm, exc, &t);
	if (j->line || !t.place[0])
		snprintf(
		    report->place, sizeof report->place, "%s:%d", j->file, j->line);
	else
		snprintf(report->place, sizeof report->place, "%s", t.place);
	buf_add_span(&report->class, buf_span(&t.class));
	buf_add_span(&report->message, buf_span(&t.message));
	error_text_fini(&t);
}

static int
load_path(struct engine *e, struct loader *l, const char *path, const char *file,
    struct load_report *report)
{
	mrb_value out;
	struct load_job j = {.path = path, .file = file};

	char *real = realpath(path, NULL);
	if (real && !load_remember(l, real)) {
		free(real);
		return 0;
	}
	free(real);
	l->files++;
	l->file = file;
	buf_init(&j.source, FILE_BYTES_MAX);
	int mark = gate_mark(&e->vm);
	bool ok = gate_call(&e->vm, load_body, &j, &out);
	if (!ok)
		load_explain(e, out, &j, report);
	gate_release(&e->vm, mark);
	load_job_fini(e, &j);
	return ok ? 0 : -ERR_CONFIG;
}

static int
load_file(
    struct engine *e, struct loader *l, const char *file, struct load_report *report)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", e->conf.handlers, file);
	return load_path(e, l, path, file, report);
}

/* Names end up in messages, which are UTF-8. */
static int
load_is_handler(const struct dirent *d)
{
	size_t n = strlen(d->d_name), bad;

	return n > 3 && n < 200 && d->d_name[0] != '.' &&
	       strcmp(d->d_name + n - 3, ".rb") == 0 &&
	       mp_utf8_valid(span_of(d->d_name, n), &bad);
}

static int
load_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
load_is_file(const struct engine *e, const char *name)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", e->conf.handlers, name);
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static mrb_value
load_finish(mrb_state *mrb, void *arg UNUSED)
{
	return mrb_funcall_argv(mrb, mrb_obj_value(engine_of(mrb)->vm.cls.cloud),
	    mrb_intern_lit(mrb, "__finish"), 0, NULL);
}

static int
load_all(struct engine *e, struct loader *l, struct load_report *report)
{
	struct dirent **names = NULL;
	int n = scandir(e->conf.handlers, &names, load_is_handler, load_order), r = 0;

	if (n < 0) {
		snprintf(report->place, sizeof report->place, "%s", e->conf.handlers);
		buf_add_str(&report->class, "Errno");
		buf_printf(&report->message, "the handlers' folder cannot be read: %s",
		    strerror(errno));
		return -ERR_CONFIG;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0 && load_is_file(e, names[i]->d_name))
			r = load_file(e, l, names[i]->d_name, report);
		free(names[i]);
	}
	free(names);
	return r;
}

static int
load_services(struct engine *e, struct load_report *report)
{
	mrb_value out;

	if (gate_call(&e->vm, load_finish, NULL, &out))
		return 0;
	struct load_job j = {.file = "Cloud.service"};
	load_explain(e, out, &j, report);
	return -ERR_CONFIG;
}

/* The folder's files, if so, and then that one, if there is one. */
static int
load_session(
    struct engine *e, bool folder, const char *file, struct load_report *report)
{
	struct loader l = {.anywhere = !folder};
	int r = 0;

	e->loading = true;
	e->loader = &l;
	int mark = gate_mark(&e->vm);
	if (folder)
		r = load_all(e, &l, report);
	if (r == 0 && file)
		r = load_path(e, &l, file, file, report);
	if (r == 0)
		r = load_services(e, report);
	gate_release(&e->vm, mark);
	e->loader = NULL;
	e->loading = false;
	report->files = l.files;
	for (size_t i = 0; i < l.n; i++)
		free(l.path[i]);
	free(l.path);
	catalog_close(&e->catalog);
	return r;
}

int
load_folder(struct engine *e, struct load_report *report)
{
	return load_session(e, true, NULL, report);
}

int
load_test(struct engine *e, const char *file, bool folder, struct load_report *report)
{
	return load_session(e, folder, file, report);
}

const char *
load_current(const struct engine *e)
{
	return e->loader && e->loader->file ? e->loader->file : e->conf.handlers;
}

/* --- Cloud.load --- */

/* Sets file to its name below the folder, which is all that messages tell of its path.
 */
static char *
load_find(struct engine *e, mrb_state *mrb, const char *name, char *file, size_t n)
{
	const char *dot = strrchr(name, '.');
	const char *end = dot && strcmp(dot, ".rb") == 0 ? "" : ".rb";
	char path[4096];

	if (name[0] == '/' || (strstr(name, "..") && !e->loader->anywhere))
		mrb_raisef(mrb, E_ARGUMENT_ERROR,
		    "Cloud.load \"%s\": names a file below the handlers' folder", name);
	snprintf(file, n, "%s%s", name, end);
	snprintf(path, sizeof path, "%s/%s", e->conf.handlers, file);
	char *real = realpath(path, NULL);
	if (!real)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "Cloud.load \"%s\": %s", name,
		    strerror(errno));
	return real;
}

bool
load_named(struct engine *e, const char *name)
{
	mrb_state *mrb = e->vm.mrb;
	struct loader *l = e->loader;

	if (!l)
		mrb_raise(mrb, E_RUNTIME_ERROR,
		    "Cloud.load works only while the handlers' files are loaded");
	char file[256];
	char *real = load_find(e, mrb, name, file, sizeof file);
	bool is_new = load_remember(l, real);
	free(real);
	if (!is_new)
		return false;
	const char *path = l->path[l->n - 1];
	/* Its text and context stay until the process ends when it raises: so does the
	 * raise end the process. */
	struct load_job j = {.path = path, .file = file};
	buf_init(&j.source, FILE_BYTES_MAX);
	l->files++;
	load_body(mrb, &j);
	load_job_fini(e, &j);
	return true;
}

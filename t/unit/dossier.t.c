/* What is kept of dead workers: their last lines, and the files, which are bounded. */
#include "../../supervisor/dossier.h"
#include "../../supervisor/conf.h"
#include "t.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
t_lines(void)
{
	struct dossier_lines l = {0};
	char text[1000];

	OK(dossier_lines_at(&l, 0) == NULL);
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "line %d", i);
		dossier_lines_add(&l, 2, span_str(text));
	}
	EQ_STR(dossier_lines_at(&l, 0), "info: line 0");
	EQ_STR(dossier_lines_at(&l, 2), "info: line 2");
	OK(dossier_lines_at(&l, 3) == NULL);
	for (int i = 3; i < 50; i++) {
		snprintf(text, sizeof text, "line %d", i);
		dossier_lines_add(&l, 0, span_str(text));
	}
	EQ_STR(dossier_lines_at(&l, 0), "error: line 30");
	EQ_STR(dossier_lines_at(&l, DOSSIER_LINES - 1), "error: line 49");
	OK(dossier_lines_at(&l, DOSSIER_LINES) == NULL);
	memset(text, 'x', sizeof text);
	dossier_lines_add(&l, 0, span_of(text, sizeof text));
	EQ_INT((int)strlen(dossier_lines_at(&l, DOSSIER_LINES - 1)),
	    DOSSIER_LINE_BYTES - 1);
	dossier_lines_add(&l, 0, SPAN_NONE);
	EQ_STR(dossier_lines_at(&l, DOSSIER_LINES - 1), "error: ");
	dossier_lines_clear(&l);
	OK(dossier_lines_at(&l, 0) == NULL);
}

/* The files of the folder; *least is the first name. */
static int
count_files(const char *dir, char *least)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int n = 0;

	least[0] = '\0';
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (!least[0] || strcmp(e->d_name, least) < 0)
			snprintf(least, 256, "%s", e->d_name);
	}
	closedir(d);
	return n;
}

static void
remove_files(const char *dir)
{
	char least[256], path[400];

	while (count_files(dir, least) > 0) {
		snprintf(path, sizeof path, "%s/%s", dir, least);
		if (unlink(path) != 0)
			abort();
	}
	rmdir(dir);
}

static void
t_files(void)
{
	char dir[] = "/tmp/deferd-dossier-XXXXXX", other[300], least[256];
	struct conf conf = {.dossiers = {NULL, 3}};
	static struct dossiers all;
	struct dossier d = {.cause = "nobody", .text = "it \"died\""};
	FILE *f;

	OK(mkdtemp(dir) != NULL);
	dossier_write_file(&all, &d, &conf, 1000);
	EQ_INT(count_files(dir, least), 0);
	conf.dossiers.path = dir;
	for (int i = 1; i <= 10; i++) {
		d.worker = (uint64_t)i;
		d.wall_ms = 1795255200000 + i;
		dossier_write_file(&all, &d, &conf, i * 1000);
	}
	EQ_INT(count_files(dir, least), 3);
	EQ_STR(least, "dossier-1795255200008-8.json");
	/* A storm of deaths is no storm of writes. */
	for (d.worker = 11; d.worker < 30; d.worker++) {
		d.wall_ms++;
		dossier_write_file(&all, &d, &conf, 10010);
	}
	EQ_INT(count_files(dir, least), 3);
	EQ_STR(least, "dossier-1795255200017-17.json");
	/* What somebody else keeps there is left alone. */
	snprintf(other, sizeof other, "%s/a-note", dir);
	f = fopen(other, "w");
	OK(f && fclose(f) == 0);
	dossier_write_file(&all, &d, &conf, 11000);
	EQ_INT(count_files(dir, least), 4);
	EQ_STR(least, "a-note");
	remove_files(dir);
	/* No folder: nothing but a line in the log. */
	dossier_write_file(&all, &d, &conf, 12000);
}

TESTS(TEST(lines), TEST(files))

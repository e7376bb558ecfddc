/*
 * seeds.c: reads seed files, as they are or as hexadecimal text.
 */
#include "fuzz.h"
#include "mutate.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int
fuzz_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal text to bytes, in place. */
static void
fuzz_unhex(struct buf *b)
{
	size_t to = 0;
	int high = -1;
	bool comment = false;

	for (size_t i = 0; i < b->n; i++) {
		comment = b->p[i] == '#' || (comment && b->p[i] != '\n');
		int digit = comment ? -1 : fuzz_hex_digit(b->p[i]);
		if (digit < 0)
			continue;
		if (high >= 0)
			b->p[to++] = (uint8_t)(high << 4 | digit);
		high = high < 0 ? digit : -1;
	}
	b->n = to;
}

void
fuzz_read_file(const char *path)
{
	const char *dot = strrchr(path, '.');
	struct buf b;
	FILE *file = fopen(path, "r");

	buf_init(&b, 0);
	if (!file) {
		t_note("%s: cannot be read", path);
		return;
	}
	for (size_t n = 1; n > 0; buf_grew(&b, n)) {
		uint8_t *to = buf_room(&b, 65536);
		ASSERT(to);
		n = fread(to, 1, 65536, file);
	}
	fclose(file);
	if (dot && strcmp(dot, ".hex") == 0)
		fuzz_unhex(&b);
	fuzz_add_seed(buf_span(&b));
	buf_fini(&b);
}

void
fuzz_read_folder(const char *name)
{
	const char *top = getenv("DEFERD_TOP");
	char folder[2048], path[4096];
	struct dirent **list = NULL;

	snprintf(
	    folder, sizeof folder, "%s/t/fuzz/seeds/%s", top ? top : FUZZ_TOP, name);
	/* sorted: the same T_SEED must give the same inputs everywhere */
	int n = scandir(folder, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
		if (list[i]->d_name[0] != '.')
			fuzz_read_file(path);
		free(list[i]);
	}
	free(list);
}

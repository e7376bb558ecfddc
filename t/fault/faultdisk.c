/*
 * faultdisk.c: the model behind faultvfs.h: per file what is on the disk, and the
 * writes on their way there.
 */
#include "faultdisk.h"
#include "../unit/t.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 24
#define SECTOR_BYTES 512

struct pending {
	int64_t at;
	size_t n;
	bool truncate; /* to `at` */
	uint8_t *bytes;
};

static struct node nodes[FILES_MAX];

const char *
faultvfs_rest_name(enum faultvfs_rest rest)
{
	static const char *const names[] = {
#define X(sym, what) [FAULTVFS_##sym] = what,
	    FAULTVFS_REST_TABLE(X)
#undef X
	};

	return names[rest];
}

void
node_forget_pending(struct node *f)
{
	for (size_t i = 0; i < f->pending_n; i++)
		free(f->pending[i].bytes);
	f->pending_n = 0;
}

void
node_free(struct node *f)
{
	node_forget_pending(f);
	free(f->pending);
	buf_fini(&f->disk);
	memset(f, 0, sizeof *f);
}

struct node *
node_find(const char *name)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (strcmp(nodes[i].name, name) == 0)
			return &nodes[i];
	return NULL;
}

/* What lies there already counts as synced. */
static void
node_read(struct node *f)
{
	int fd = open(f->name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		size_t n = (size_t)st.st_size;
		uint8_t *room = buf_room(&f->disk, n);
		if (!room || read(fd, room, n) != st.st_size)
			abort();
		buf_grew(&f->disk, n);
	}
	f->made = true;
	close(fd);
}

struct node *
node_get(const char *name)
{
	struct node *f = node_find(name);

	for (int i = 0; !f && i < FILES_MAX; i++)
		if (!nodes[i].name[0]) {
			f = &nodes[i];
			node_free(f);
			buf_init(&f->disk, 0);
			snprintf(f->name, sizeof f->name, "%s", name);
			node_read(f);
		}
	if (!f)
		abort();
	return f;
}

void
node_add(struct node *f, int64_t at, const void *bytes, size_t n, bool truncate)
{
	struct pending *p;

	if (f->pending_n == f->pending_room) {
		f->pending_room = f->pending_room ? f->pending_room * 2 : 32;
		f->pending = realloc(f->pending, f->pending_room * sizeof *p);
		if (!f->pending)
			abort();
	}
	p = &f->pending[f->pending_n++];
	*p = (struct pending){.at = at, .n = n, .truncate = truncate};
	if (n > 0) {
		p->bytes = malloc(n);
		if (!p->bytes)
			abort();
		memcpy(p->bytes, bytes, n);
	}
}

static void
content_extend(struct buf *to, size_t n)
{
	if (n <= to->n)
		return;
	size_t more = n - to->n;
	uint8_t *room = buf_room(to, more);
	if (!room)
		abort();
	memset(room, 0, more);
	buf_grew(to, more);
}

static void
content_write(struct buf *to, int64_t at, const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return;
	content_extend(to, (size_t)at + n);
	memcpy(to->p + at, bytes, n);
}

static void
content_apply(struct buf *to, const struct pending *p)
{
	if (!p->truncate)
		content_write(to, p->at, p->bytes, p->n);
	else if ((size_t)p->at < to->n)
		to->n = (size_t)p->at;
	else
		content_extend(to, (size_t)p->at);
}

void
node_sync(struct node *f)
{
	for (size_t i = 0; i < f->pending_n; i++)
		content_apply(&f->disk, &f->pending[i]);
	node_forget_pending(f);
	f->made = true;
}

/* --- what is on the disk after a crash --- */

static void
content_apply_sectors(struct buf *to, const struct pending *p, uint64_t *seed)
{
	for (size_t at = 0; at < p->n; at += SECTOR_BYTES)
		if (t_below(seed, 2))
			content_write(to, p->at + (int64_t)at, p->bytes + at,
			    p->n - at < SECTOR_BYTES ? p->n - at : SECTOR_BYTES);
	if (p->truncate && t_below(seed, 2))
		content_apply(to, p);
}

static void
content_apply_prefix(struct buf *to, const struct node *f, uint64_t *seed)
{
	size_t whole = (size_t)t_below(seed, f->pending_n + 1);

	for (size_t i = 0; i < whole; i++)
		content_apply(to, &f->pending[i]);
	if (whole < f->pending_n && !f->pending[whole].truncate) {
		const struct pending *p = &f->pending[whole];
		size_t sectors = p->n / SECTOR_BYTES;
		content_write(to, p->at, p->bytes,
		    (size_t)t_below(seed, sectors + 1) * SECTOR_BYTES);
	}
}

static void
node_image(
    const struct node *f, enum faultvfs_rest rest, uint64_t *seed, struct buf *to)
{
	buf_add_span(to, buf_span(&f->disk));
	if (rest == FAULTVFS_PREFIX)
		content_apply_prefix(to, f, seed);
	for (size_t i = 0; i < f->pending_n; i++) {
		if (rest == FAULTVFS_ALL || (rest == FAULTVFS_SOME && t_below(seed, 2)))
			content_apply(to, &f->pending[i]);
		else if (rest == FAULTVFS_SECTORS)
			content_apply_sectors(to, &f->pending[i], seed);
	}
}

void
faultvfs_image(const char *folder, enum faultvfs_rest rest, uint64_t *seed)
{
	for (int i = 0; i < FILES_MAX; i++) {
		const struct node *f = &nodes[i];
		char name[PATH_MAX];
		struct buf content;
		FILE *out;
		if (!f->name[0] || (rest == FAULTVFS_NONE && !f->made))
			continue;
		snprintf(name, sizeof name, "%s%s", folder, strrchr(f->name, '/'));
		buf_init(&content, 0);
		node_image(f, rest, seed, &content);
		out = fopen(name, "we");
		if (!out || (content.n > 0 &&
				fwrite(content.p, 1, content.n, out) != content.n))
			abort();
		fclose(out);
		buf_fini(&content);
	}
}

void
node_forget_all(void)
{
	for (int i = 0; i < FILES_MAX; i++)
		node_free(&nodes[i]);
}

/*
 * faultvfs.c: see faultvfs.h. rename and unlink are this program's own, so they also
 * stand in for the C library's in the store's objects.
 */
#include "faultvfs.h"
#include "../unit/t.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES_MAX 24
#define SECTOR_BYTES 512

struct pending {
	int64_t at;
	size_t n;
	bool truncate; /* to `at` */
	uint8_t *bytes;
};

struct node {
	char name[PATH_MAX]; /* "": free, or its name is gone */
	struct buf disk;
	bool made; /* its content was synced once */
	struct pending *pending;
	size_t pending_n, pending_room;
};

struct handle {
	sqlite3_file base;
	struct node *node;
	sqlite3_file *real;
};

static struct {
	sqlite3_vfs vfs, *real;
	struct node node[FILES_MAX];
	enum faultvfs_calls kind;
	uint64_t count, first, last;
	int error;
	bool failed, crashes;
} disk;

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

/* --- the model --- */

static void
node_forget_pending(struct node *f)
{
	for (size_t i = 0; i < f->pending_n; i++)
		free(f->pending[i].bytes);
	f->pending_n = 0;
}

static void
node_free(struct node *f)
{
	node_forget_pending(f);
	free(f->pending);
	buf_fini(&f->disk);
	memset(f, 0, sizeof *f);
}

static struct node *
node_find(const char *name)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (strcmp(disk.node[i].name, name) == 0)
			return &disk.node[i];
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

static struct node *
node_get(const char *name)
{
	struct node *f = node_find(name);

	for (int i = 0; !f && i < FILES_MAX; i++)
		if (!disk.node[i].name[0]) {
			f = &disk.node[i];
			node_free(f);
			buf_init(&f->disk, 0);
			snprintf(f->name, sizeof f->name, "%s", name);
			node_read(f);
		}
	if (!f)
		abort();
	return f;
}

static void
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

static void
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
		const struct node *f = &disk.node[i];
		char name[PATH_MAX];
		struct buf content;
		FILE *out;
		if (!f->name[0] || (rest == FAULTVFS_NONE && !f->made))
			continue;
		snprintf(name, sizeof name, "%s%s", folder, strrchr(f->name, '/'));
		buf_init(&content, 0);
		node_image(f, rest, seed, &content);
		out = fopen(name, "we");
		if (!out || fwrite(content.p, 1, content.n, out) != content.n)
			abort();
		fclose(out);
		buf_fini(&content);
	}
}

/* --- faults --- */

void
faultvfs_fresh(void)
{
	for (int i = 0; i < FILES_MAX; i++)
		node_free(&disk.node[i]);
	faultvfs_fail(FAULTVFS_ANY, UINT64_MAX, UINT64_MAX, 0);
}

void
faultvfs_fail(enum faultvfs_calls kind, uint64_t first, uint64_t last, int sqlite_error)
{
	disk.kind = kind;
	disk.count = 0;
	disk.first = first;
	disk.last = last;
	disk.error = sqlite_error;
	disk.failed = disk.crashes = false;
}

void
faultvfs_crash(uint64_t k)
{
	faultvfs_fail(FAULTVFS_ANY, k, UINT64_MAX, SQLITE_IOERR);
	disk.crashes = true;
}

uint64_t
faultvfs_count(void)
{
	return disk.count;
}

bool
faultvfs_failed(void)
{
	return disk.failed;
}

/* 0, or what the call is to fail with. */
static int
disk_call(enum faultvfs_calls kind)
{
	if (disk.kind != FAULTVFS_ANY && disk.kind != kind)
		return 0;
	disk.count++;
	if (disk.count < disk.first || disk.count > disk.last)
		return 0;
	disk.failed = true;
	return disk.error;
}

/* --- SQLite's side --- */

static int
handle_close(sqlite3_file *file)
{
	struct handle *h = (struct handle *)file;

	return h->real->pMethods ? h->real->pMethods->xClose(h->real) : SQLITE_OK;
}

static int
handle_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	return real->pMethods->xRead(real, to, n, at);
}

static int
handle_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	struct handle *h = (struct handle *)file;
	bool before = disk.failed;
	int rc = disk_call(FAULTVFS_WRITES);

	/* The one during which the machine stops may have got somewhere. */
	if (rc == 0 || (disk.crashes && !before))
		node_add(h->node, at, bytes, (size_t)n, false);
	return rc ? rc : h->real->pMethods->xWrite(h->real, bytes, n, at);
}

static int
handle_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct handle *h = (struct handle *)file;
	int rc = disk_call(FAULTVFS_WRITES);

	if (rc != 0)
		return rc == SQLITE_FULL ? SQLITE_IOERR_TRUNCATE : rc;
	node_add(h->node, size, NULL, 0, true);
	return h->real->pMethods->xTruncate(h->real, size);
}

/* After a sync that failed the kernel counts the pages as clean: what was on its way
 * never arrives, however often one syncs again. */
static int
handle_sync(sqlite3_file *file, int flags)
{
	struct handle *h = (struct handle *)file;
	int rc = disk_call(FAULTVFS_SYNCS);

	(void)flags;
	if (rc == 0)
		node_sync(h->node);
	else if (!disk.crashes)
		node_forget_pending(h->node);
	return rc;
}

static int
handle_size(sqlite3_file *file, sqlite3_int64 *size)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	return real->pMethods->xFileSize(real, size);
}

static int
handle_lock(sqlite3_file *file, int lock)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	return real->pMethods->xLock(real, lock);
}

static int
handle_unlock(sqlite3_file *file, int lock)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	return real->pMethods->xUnlock(real, lock);
}

static int
handle_reserved(sqlite3_file *file, int *out)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	return real->pMethods->xCheckReservedLock(real, out);
}

static int
handle_control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	/* It would grow the file behind the model's back. */
	return op == SQLITE_FCNTL_SIZE_HINT
		   ? SQLITE_OK
		   : real->pMethods->xFileControl(real, op, arg);
}

static int
handle_sector(sqlite3_file *file)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	return real->pMethods->xSectorSize(real);
}

static int
handle_traits(sqlite3_file *file)
{
	sqlite3_file *real = ((struct handle *)file)->real;

	return real->pMethods->xDeviceCharacteristics(real);
}

static const sqlite3_io_methods handle_methods = {
    .iVersion = 1, /* no shared memory: the store needs none */
    .xClose = handle_close,
    .xRead = handle_read,
    .xWrite = handle_write,
    .xTruncate = handle_truncate,
    .xSync = handle_sync,
    .xFileSize = handle_size,
    .xLock = handle_lock,
    .xUnlock = handle_unlock,
    .xCheckReservedLock = handle_reserved,
    .xFileControl = handle_control,
    .xSectorSize = handle_sector,
    .xDeviceCharacteristics = handle_traits,
};

static int
disk_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	struct handle *h = (struct handle *)file;
	int rc = 0;

	(void)vfs;
	h->base.pMethods = NULL;
	h->real = (sqlite3_file *)(h + 1);
	if ((flags & SQLITE_OPEN_CREATE) && access(name, F_OK) != 0)
		rc = disk_call(FAULTVFS_WRITES);
	if (rc != 0)
		return SQLITE_CANTOPEN;
	h->node = node_get(name);
	rc = disk.real->xOpen(disk.real, name, h->real, flags, out_flags);
	if (rc == SQLITE_OK)
		h->base.pMethods = &handle_methods;
	return rc;
}

static int
disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	int rc = disk_call(FAULTVFS_WRITES);
	struct node *f = node_find(name);

	(void)vfs;
	(void)sync;
	if (rc != 0)
		return SQLITE_IOERR_DELETE;
	if (f)
		node_free(f);
	return disk.real->xDelete(disk.real, name, 0);
}

void
faultvfs_install(void)
{
	disk.real = sqlite3_vfs_find(NULL);
	disk.vfs = *disk.real;
	disk.vfs.pNext = NULL;
	disk.vfs.zName = "fault";
	disk.vfs.szOsFile = (int)sizeof(struct handle) + disk.real->szOsFile;
	disk.vfs.xOpen = disk_open;
	disk.vfs.xDelete = disk_delete;
	if (sqlite3_vfs_register(&disk.vfs, 1) != SQLITE_OK)
		abort();
	faultvfs_fresh();
}

/* --- the C library's --- */

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
unlink(const char *name)
{
	struct node *f = node_find(name);

	if (f && disk_call(FAULTVFS_WRITES) != 0) {
		errno = EIO;
		return -1;
	}
	if (f)
		node_free(f);
	return (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
}

int
rename(const char *from, const char *to)
{
	struct node *f = access(from, F_OK) == 0 ? node_get(from) : NULL;
	struct node *gone = node_find(to);

	if (f && disk_call(FAULTVFS_WRITES) != 0) {
		errno = EIO;
		return -1;
	}
	if (f && gone)
		node_free(gone);
	if (f)
		snprintf(f->name, sizeof f->name, "%s", to);
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

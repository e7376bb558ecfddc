/*
 * faultvfs.c: see faultvfs.h. rename, unlink and fsync are this program's own, so they
 * also stand in for the C library's in the store's objects.
 */
#include "faultvfs.h"
#include "faultdisk.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct handle {
	sqlite3_file base;
	struct node *node;
	sqlite3_file *real;
};

static struct {
	sqlite3_vfs vfs, *real;
	enum faultvfs_calls kind;
	uint64_t count, first, last;
	int error;
	bool failed, crashes;
} disk;

/* --- faults --- */

void
faultvfs_fresh(void)
{
	node_forget_all();
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

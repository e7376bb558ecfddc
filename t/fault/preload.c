/*
 * preload.c: loaded into deferd with LD_PRELOAD: writes and syncs of the store's files
 * fail, or syncs take long, as the file that $STORE_FAULT names says: three 32-bit
 * numbers, which a test writes at any time: the errno for writes, the errno for syncs
 * (0: none), microseconds that a sync takes longer.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct orders {
	volatile int32_t write_errno, sync_errno, sync_us;
};

static const struct orders none;
static const struct orders *orders = &none;

/* Only this process: those that it starts begin without us. */
__attribute__((constructor)) static void
preload_begin(void)
{
	const char *name = getenv("STORE_FAULT");
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, sizeof *orders, PROT_READ, MAP_SHARED, fd, 0)
			  : MAP_FAILED;

	if (p != MAP_FAILED)
		orders = p;
	if (fd >= 0)
		close(fd);
	unsetenv("LD_PRELOAD");
}

static bool
is_store(int fd)
{
	char link[64], path[4096];
	ssize_t n;
	int before = errno;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	errno = before;
	if (n <= 0)
		return false;
	path[n] = 0;
	return strstr(path, "/store.db") != NULL;
}

static bool
is_to_fail(int fd)
{
	int e = orders->write_errno;

	if (e == 0 || !is_store(fd))
		return false;
	errno = e;
	return true;
}

static bool
sync_is_to_fail(int fd)
{
	int e = orders->sync_errno, us = orders->sync_us;

	if ((e == 0 && us == 0) || !is_store(fd))
		return false;
	if (us > 0)
		usleep((useconds_t)us);
	errno = e;
	return e != 0;
}

/* The next one of that name behind ours. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return is_to_fail(fd) ? -1 : NEXT(pwrite)(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return is_to_fail(fd) ? -1 : NEXT(pwrite64)(fd, p, n, at);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return is_to_fail(fd) ? -1 : NEXT(write)(fd, p, n);
}

int
fdatasync(int fd)
{
	return sync_is_to_fail(fd) ? -1 : NEXT(fdatasync)(fd);
}

int
fsync(int fd)
{
	return sync_is_to_fail(fd) ? -1 : NEXT(fsync)(fd);
}

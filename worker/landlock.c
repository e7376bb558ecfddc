/*
 * landlock.c: which files can be opened: see sandbox.h. The kernel's numbers are given
 * here where the C library's headers are older than the kernel (linux/landlock.h has
 * them; ABI 2, 3 and 5 brought the last three rights).
 */
#include "sandbox.h"
#include "../common/err.h"
#include <config.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHT_REFER (1ULL << 13)
#define RIGHT_TRUNCATE (1ULL << 14)
#define RIGHT_IOCTL_DEV (1ULL << 15)
#define RIGHTS_OF_ABI_1 ((1ULL << 13) - 1)
#define SCOPE_SIGNAL (1ULL << 1) /* ABI 6: signals go to those in the sandbox only */

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_TREE (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)
#define WRITE_TREE                                                                     \
	(READ_TREE | WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                        \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |             \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | RIGHT_REFER)

/* Old kernels know the first field, or the first two. */
struct landlock_attr {
	uint64_t files, net, scopes;
};

/* What the C library, OpenSSL and the resolver open while handlers run: names, time
 * zones, certificates, the modules that nsswitch.conf asks for. Missing ones are fine.
 */
static const char *const landlock_system[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls",
    "/etc/pki/ca-trust",
    "/etc/ca-certificates",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/dev/null",
    "/dev/urandom",
#ifdef DEFERD_SANITIZED /* for its reports */
    "/proc",
#endif
};

struct landlock {
	int ruleset;
	uint64_t handled;
	char *why;
	size_t why_bytes;
};

int
landlock_abi(void)
{
	long abi = syscall(
	    SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static int
landlock_fail(struct landlock *l, const char *what, const char *path)
{
	snprintf(l->why, l->why_bytes, "%s%s: %s", what, path, strerror(errno));
	return -ERR_SYSTEM;
}

/* -ERR_UNKNOWN: there is no such file, or we may not look. */
static int
landlock_allow(struct landlock *l, const char *path, bool write)
{
	struct landlock_path_beneath_attr rule = {0};
	struct stat st;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return -ERR_UNKNOWN;
	int r = fstat(rule.parent_fd, &st);
	bool tree = S_ISDIR(st.st_mode);
	rule.allowed_access = l->handled & (write     ? tree ? WRITE_TREE : WRITE_FILE
					       : tree ? READ_TREE
						      : READ_FILE);
	if (r == 0)
		r = (int)syscall(SYS_landlock_add_rule, l->ruleset,
		    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	if (r != 0)
		r = landlock_fail(l, "Landlock cannot allow ", path);
	close(rule.parent_fd);
	return r;
}

static int
landlock_allow_system(struct landlock *l)
{
	for (size_t i = 0; i < COUNT_OF(landlock_system); i++) {
		int r = landlock_allow(l, landlock_system[i],
		    strcmp(landlock_system[i], "/dev/null") == 0);
		if (r != 0 && r != -ERR_UNKNOWN)
			return r;
	}
	return 0;
}

/* A handler file may be a symbolic link to somewhere else. */
static int
landlock_allow_links(struct landlock *l, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	char path[4096];
	struct stat st;
	int r = 0;

	while (dir && (r == 0 || r == -ERR_UNKNOWN) && (d = readdir(dir))) {
		snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
		r = 0;
		if (d->d_name[0] != '.' && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
			r = landlock_allow(l, path, false);
	}
	if (dir)
		closedir(dir);
	return r == -ERR_UNKNOWN ? 0 : r;
}

/* What cannot be looked at is told when it is read. */
static int
landlock_allow_handlers(struct landlock *l, const char *folder)
{
	int r = landlock_allow(l, folder, false);

	return r == 0 ? landlock_allow_links(l, folder) : r == -ERR_UNKNOWN ? 0 : r;
}

static int
landlock_allow_files(struct landlock *l, struct span files)
{
	const char *p = (const char *)files.p, *end = p + files.n;
	int r = 0;

	for (; r == 0 && p < end; p += strlen(p) + 1) {
		r = landlock_allow(l, p + 1, *p == 'w');
		if (r == -ERR_UNKNOWN)
			r = landlock_fail(l, "apps[].files: ", p + 1);
	}
	return r;
}

static int
landlock_allow_all(struct landlock *l, const struct sandbox_plan *p)
{
	int r = landlock_allow_system(l);

	if (r == 0)
		r = landlock_allow_handlers(l, p->handlers);
	if (r == 0 && p->ca && landlock_allow(l, p->ca, false) == -ERR_SYSTEM)
		r = -ERR_SYSTEM;
#ifdef DEFERD_SANITIZED /* where its reports find line numbers */
	if (r == 0)
		r = landlock_allow(l, "/proc/self/exe", false);
#endif
	return r == 0 ? landlock_allow_files(l, p->files) : r;
}

int
landlock_enter(int abi, const struct sandbox_plan *p, char *why, size_t n)
{
	struct landlock l = {-1,
	    RIGHTS_OF_ABI_1 | (abi >= 2 ? RIGHT_REFER : 0) |
		(abi >= 3 ? RIGHT_TRUNCATE : 0) | (abi >= 5 ? RIGHT_IOCTL_DEV : 0),
	    why, n};
	struct landlock_attr attr = {
	    .files = l.handled, .scopes = abi >= 6 ? SCOPE_SIGNAL : 0};

	l.ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    abi >= 6 ? sizeof attr : sizeof attr.files, 0);
	if (l.ruleset < 0)
		return landlock_fail(&l, "Landlock", "");
	int r = landlock_allow_all(&l, p);
	if (r == 0 && syscall(SYS_landlock_restrict_self, l.ruleset, 0) != 0)
		r = landlock_fail(&l, "Landlock", "");
	close(l.ruleset);
	return r;
}

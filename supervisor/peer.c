/*
 * peer.c: credentials as they were when the peer connected.
 */
#include "config.h"
#include "peer.h"
#include "../common/err.h"
#include "../common/log.h"
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_GROUPS_MAX 65536 /* the kernel's own limit (NGROUPS_MAX) */
#define NO_GID ((gid_t)-1)

static int
peer_group_lookup(const char *key, const char *name, gid_t *out)
{
	const struct group *g = name ? getgrnam(name) : NULL;

	*out = g ? g->gr_gid : NO_GID;
	if (!name || g)
		return 0;
	log_error("control.%s: there is no group \"%s\": create it or correct the name",
	    key, name);
	return -ERR_UNKNOWN;
}

int
peer_groups_init(struct peer_groups *groups, const struct conf *conf)
{
	int rc = 0;

	groups->gid[LEVEL_NONE] = NO_GID;
	rc |= peer_group_lookup(
	    "viewGroup", conf->control.view_group, &groups->gid[LEVEL_VIEW]);
	rc |= peer_group_lookup(
	    "operateGroup", conf->control.operate_group, &groups->gid[LEVEL_OPERATE]);
	rc |= peer_group_lookup(
	    "adminGroup", conf->control.admin_group, &groups->gid[LEVEL_ADMIN]);
	return rc ? -ERR_UNKNOWN : 0;
}

gid_t
peer_groups_file_gid(const struct peer_groups *groups)
{
	for (int level = LEVEL_VIEW; level <= LEVEL_ADMIN; level++)
		if (groups->gid[level] != NO_GID)
			return groups->gid[level];
	return NO_GID;
}

static void
peer_raise(struct peer *peer, const struct peer_groups *groups, gid_t gid)
{
	for (int level = LEVEL_VIEW; level <= LEVEL_ADMIN; level++)
		if (groups->gid[level] == gid && gid != NO_GID &&
		    level > (int)peer->level)
			peer->level = (enum command_level)level;
}

/* A kernel that does not tell leaves the peer with its primary group. */
static void
peer_raise_by_groups(int fd, struct peer *peer, const struct peer_groups *groups)
{
	gid_t few[64], *gid = few;
	socklen_t bytes = sizeof few;
	int rc = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gid, &bytes);

	if (rc != 0 && bytes > sizeof few && bytes <= PEER_GROUPS_MAX * sizeof *gid) {
		gid = xcalloc(1, bytes);
		rc = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gid, &bytes);
	}
	for (size_t i = 0; rc == 0 && i < bytes / sizeof *gid; i++)
		peer_raise(peer, groups, gid[i]);
	if (gid != few)
		free(gid);
}

int
peer_read(int fd, const struct peer_groups *groups, struct peer *out)
{
	struct ucred cred;
	socklen_t bytes = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &bytes) != 0)
		return -ERR_SYSTEM;
	out->uid = cred.uid;
	out->pid = cred.pid;
	out->level = LEVEL_NONE;
	peer_raise(out, groups, cred.gid);
	peer_raise_by_groups(fd, out, groups);
	if (cred.uid == 0 || cred.uid == geteuid())
		out->level = LEVEL_ADMIN;
	return 0;
}

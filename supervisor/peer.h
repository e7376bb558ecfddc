/*
 * peer.h: who is on the other side of a control connection, and what they may do.
 * The kernel says who (SO_PEERCRED, SO_PEERGROUPS); root and the daemon's own uid are
 * admin, the config's three groups give the levels.
 */
#ifndef DEFERD_PEER_H
#define DEFERD_PEER_H

#include "command.h"
#include <sys/types.h>

struct peer_groups { /* by level; (gid_t)-1: none */
	gid_t gid[LEVEL_ADMIN + 1];
};
/* Looks the groups' names up (blocks on the name service: at start only). 0, or
 * -ERR_UNKNOWN with a logged sentence. */
int peer_groups_init(struct peer_groups *, const struct conf *) MUST_USE;
/* The group that the socket's file should belong to, or (gid_t)-1. */
gid_t peer_groups_file_gid(const struct peer_groups *);

struct peer {
	uid_t uid;
	pid_t pid;
	enum command_level level;
};
/* 0 or -ERR_SYSTEM. */
int peer_read(int fd, const struct peer_groups *, struct peer *out) MUST_USE;

#endif

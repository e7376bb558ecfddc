/*
 * forkserver.h: the process that loads an app's handlers once and forks workers on
 * command. It never touches NNG.
 */
#ifndef DEFERD_FORKSERVER_H
#define DEFERD_FORKSERVER_H

/* Serves the SOCK_SEQPACKET socket until the supervisor closes it; the exit status. title is
 * argv[0]: workers write theirs over it, so that ps tells who is who. */
int forkserver_run(int sock, char *title);

#endif

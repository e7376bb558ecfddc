/*
 * fd.h: descriptors.
 */
#ifndef DEFERD_FD_H
#define DEFERD_FD_H

#include "buf.h"

int fd_nonblock(int fd); /* 0 or -ERR_SYSTEM */
int fd_cloexec(int fd);
/* Closes every descriptor >= lowest. */
void fd_close_from(int lowest);
/* close() that keeps errno and takes -1. Sets *fd to -1. */
void fd_close(int *fd);

/* One record over a SOCK_SEQPACKET socket, with at most one descriptor riding along
 * (-1: none). 0, -ERR_AGAIN, -ERR_CLOSED, or -ERR_SYSTEM. Never raises SIGPIPE. */
int fd_send_record(int sock, struct span record, int pass_fd) MUST_USE;
/* Reads one record into b (appended; its cap bounds the record, -ERR_TOO_LARGE when cut).
 * *passed_fd is -1 or a new CLOEXEC descriptor that the caller owns. */
int fd_recv_record(int sock, struct buf *b, int *passed_fd) MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* For tracees with a C library: where what matters begins. */
#ifndef HOSTED_H
#define HOSTED_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers that no call has; tracers see them all the same. */
#define MARK_BEGIN	100001
#define MARK_CHILD	100002

#define mark(number) syscall(number)

#endif /* HOSTED_H */

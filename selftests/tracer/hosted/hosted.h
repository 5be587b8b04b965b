/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracees with a C library, all in one program, since that library is in each
 * copy: "hosted NAME ARG..." is NAME.
 */
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

#include "../clone.h"

/*
 * Numbers that no call has; tracers see them all the same.  The first tells where
 * what the C library does before ends.  s390 looks at sixteen bits of a number.
 */
#define MARK_BEGIN	50001
#define MARK_CHILD	50002

int crowd(int argc, char **argv);
int dispatched(int argc, char **argv);
int filtered(int argc, char **argv);
int handles(int argc, char **argv);
int naps(int argc, char **argv);
int nested(int argc, char **argv);
int slow_exec(int argc, char **argv);
int sockets(int argc, char **argv);
int storm(int argc, char **argv);

/*
 * With arguments that are the same in each run; strace takes a call of no number on
 * mips for the exit of an earlier one where the fourth of them is 0.
 */
#define mark(number) syscall(number, 1, 2, 3, 4, 5, 6)

#endif /* HOSTED_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Syscall user dispatch (5.11): getppid() and getuid() become SIGSYS before the
 * kernel looks at them; getpid() is let through.  Exits with the number of calls
 * that were dispatched, 77 where the kernel does not have it.
 */
#include "hosted.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static volatile char selector;
static volatile int count;

static void handle(int signal)
{
	/* Until the next change, calls are the kernel's again: sigreturn() among them. */
	selector = 0;
	count++;
}

int dispatched(int argc, char **argv)
{
	signal(SIGSYS, handle);
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector))
		return 77;
	mark(MARK_BEGIN);
	selector = 1;
	syscall(SYS_getppid);
	selector = 1;
	syscall(SYS_getuid);
	syscall(SYS_getpid);
	_exit(count);
}

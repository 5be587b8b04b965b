// SPDX-License-Identifier: GPL-2.0-only
/* A child in a new pid namespace, and its child in a further one, which makes getpid(). */
#include "hosted.h"

static pid_t clone_into_new(void)
{
	return syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
}

int nested(int argc, char **argv)
{
	pid_t pid = clone_into_new();

	if (!pid) {
		pid = clone_into_new();
		if (!pid) {
			syscall(SYS_getpid);
			_exit(0);
		}
	}
	waitpid(pid, NULL, 0);
	return 0;
}

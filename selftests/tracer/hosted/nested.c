// SPDX-License-Identifier: GPL-2.0-only
/* A child in a new pid namespace, and its child in a further one, which makes getpid(). */
#include "hosted.h"

int nested(int argc, char **argv)
{
	pid_t pid = clone_with(CLONE_NEWPID);

	if (!pid) {
		pid = clone_with(CLONE_NEWPID);
		if (!pid) {
			syscall(SYS_getpid);
			_exit(0);
		}
	}
	waitpid(pid, NULL, 0);
	return 0;
}

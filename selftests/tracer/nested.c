// SPDX-License-Identifier: GPL-2.0-only
/* A child in a new pid namespace makes getpid() and waits for SIGCONT. */
#include "hosted.h"

int main(void)
{
	pid_t pid;

	mark(MARK_BEGIN);
	pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		syscall(SYS_getpid);
		syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

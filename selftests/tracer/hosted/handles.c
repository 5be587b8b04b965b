// SPDX-License-Identifier: GPL-2.0-only
/* Signals between and during calls: a handler that makes calls, a stop, a call that is restarted. */
#include "hosted.h"

/* With three arguments: it then returns by rt_sigreturn() on every architecture. */
static void handle(int signal, siginfo_t *info, void *context)
{
	syscall(SYS_getppid);
}

int handles(int argc, char **argv)
{
	struct sigaction action = {
		.sa_sigaction = handle, .sa_flags = SA_RESTART | SA_SIGINFO,
	};

	sigaction(SIGUSR1, &action, NULL);
	mark(MARK_BEGIN);
	kill(getpid(), SIGUSR1);
	syscall(SYS_getuid);
	kill(getpid(), SIGSTOP);
	syscall(SYS_getgid);
	return 0;
}

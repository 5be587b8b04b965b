// SPDX-License-Identifier: GPL-2.0-only
/* Calls with a signal in between that stops the program: getpid, kill, getppid, kill, chdir. */
#include <asm/signal.h>
#include "bare.h"

int tracee(long argc, char **argv, char **envp)
{
	long self = call6(__NR_getpid, 0, 0, 0, 0, 0, 0);

	call6(__NR_kill, self, SIGSTOP, 0, 0, 0, 0);
	call6(__NR_getppid, 0, 0, 0, 0, 0, 0);
	call6(__NR_kill, self, SIGSTOP, 0, 0, 0, 0);
	call6(__NR_chdir, 8, 0, 0, 0, 0, 0);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* execer PROGRAM [ARG...]: becomes that program. */
#include "bare.h"

int tracee(long argc, char **argv, char **envp)
{
	if (argc < 2)
		return 2;
	call6(__NR_execve, (long)argv[1], (long)(argv + 1), (long)envp, 0, 0, 0);
	return 127;
}

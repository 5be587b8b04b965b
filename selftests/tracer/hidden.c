// SPDX-License-Identifier: GPL-2.0-only
/* Makes its memory unreadable for a tracer without privileges, then a call of i386. */
#include "bare.h"

#define PR_SET_DUMPABLE 4

int tracee(long argc, char **argv, char **envp)
{
	call6(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);
	call_int80(20, 1, 2, 3);
	return 0;
}

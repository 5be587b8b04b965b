// SPDX-License-Identifier: GPL-2.0-only
/*
 * calls [COUNT]: getpid(), a number that no call has, getppid() COUNT times (1),
 * chdir() of an address that is none.
 */
#include "bare.h"

#if defined(__x86_64__) && defined(__ILP32__)
#define NO_CALL	(0x40000000 | 50000)
#elif defined(__mips__) && _MIPS_SIM == _ABIN32
/* By its number a tracer that reads registers knows it for one of n32. */
#define NO_CALL	6900
#else
/* s390 looks at sixteen bits of a number. */
#define NO_CALL	50000
#endif

int tracee(long argc, char **argv, char **envp)
{
	long count = argc > 1 ? number(argv[1]) : 1;

	call6(__NR_getpid, 1, 2, 3, 4, 5, 6);
	call6(NO_CALL, 1, 2, 3, 4, 5, 6);
	while (count--)
		call6(__NR_getppid, 0, 0, 0, 0, 0, 0);
	call6(__NR_chdir, 8, 0, 0, 0, 0, 0);
	return 5;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * int80 fork: 64-bit code calls fork() of i386, with whatever the registers of
 * x86_64's open() (which has that number there) hold: argc, argv, envp.
 * int80 NUMBER...: other calls of i386, without arguments to speak of.
 */
#include "bare.h"

static long fork32(long argc, char **argv, char **envp)
{
	long result;

	/* As a compiler leaves them at the start of main(). */
	__asm__ volatile("int $0x80" : "=a"(result)
			 : "0"(2L), "D"(argc), "S"(argv), "d"(envp)
			 : "r8", "r9", "r10", "r11", "memory");
	return result;
}

int tracee(long argc, char **argv, char **envp)
{
	long i;

	if (argc > 1 && argv[1][0] == 'f') {
		if (fork32(argc, argv, envp) > 0)
			call6(__NR_wait4, -1, 0, 0, 0, 0, 0);
		return 0;
	}
	for (i = 1; i < argc; i++)
		call_int80(number(argv[i]), 1, 2, 3);
	return 0;
}

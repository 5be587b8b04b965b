// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program that tracers of the other ABIs trace:
 *	tracee calls	stops itself, then makes the calls of compat.c
 *	tracee A B ...	executes A with the arguments A B ...
 *	tracee		ends with status 0
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw_syscall.h"

/* The same as in compat.c: a call, one that does not exist, the end. */
static void make_calls(void)
{
	const int64_t bit = THIS_ABI.number_bits;
	struct raw_call call = { 0 };
	int i;

	for (i = 0; i < 6; i++)
		call.args[i] = PATTERN(i);
	call.nr = THIS_ABI.getpid;
	raw_native(&call);
	call.nr = UNUSED_NR | bit;
	raw_native(&call);
	call.nr = __NR_exit_group;
	raw_native(&call);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "calls")) {
		kill(getpid(), SIGSTOP);
		make_calls();
	}
	if (argc > 1) {
		execv(argv[1], argv + 1);
		return 1;
	}
	return 0;
}

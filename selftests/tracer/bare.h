/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tracees without a C library: a tracer sees exactly the calls that stand
 * in their source, from the first instruction on.
 */
#ifndef BARE_H
#define BARE_H

#include <asm/unistd.h>

/* What a tracee is: called with what execve() was given; returns its exit status. */
int tracee(long argc, char **argv, char **envp);

#if defined(__x86_64__)
#include "bare/x86_64.h"
#elif defined(__i386__)
#include "bare/i386.h"
#elif defined(__aarch64__)
#include "bare/arm64.h"
#elif defined(__arm__)
#include "bare/arm.h"
#elif defined(__riscv)
#include "bare/riscv.h"
#elif defined(__loongarch__)
#include "bare/loongarch.h"
#elif defined(__s390__)
#include "bare/s390.h"
#elif defined(__mips__)
#include "bare/mips.h"
#elif defined(__sh__)
#include "bare/sh.h"
#elif defined(__hppa__)
#include "bare/parisc.h"
#elif defined(__sparc__)
#include "bare/sparc.h"
#elif defined(__powerpc__)
#include "bare/powerpc.h"
#else
#error "bare.h does not know this architecture"
#endif

__attribute__((noreturn, used))
void start_tracee(long argc, char **argv, char **envp)
{
	int status = tracee(argc, argv, envp);

	for (;;)
		call6(__NR_exit_group, status, 0, 0, 0, 0, 0);
}

/* A decimal number. */
static inline long number(const char *text)
{
	long value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + *text++ - '0';
	return value;
}

#endif /* BARE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ABIs of the CPU: what a tracer has to be shown for a call made by a
 * program of each, and which of them this program was built for.  All that is
 * particular to a CPU is in cpu/.
 */
#ifndef ABI_H
#define ABI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

struct abi {
	const char *name;	/* of the folder with its programs */
	uint32_t arch;		/* AUDIT_ARCH_* of <linux/audit.h> */
	bool regs_32_bit;	/* registers and arguments are 32 bits wide */
	int64_t number_bits;	/* in every number */
	int64_t getpid, execve, restart_syscall, exit_group;
};

/* ABI: the folder of this build, from the Makefile. */
#ifndef ABI
#define ABI "native"
#endif

/* For expect_none(): a stop in which the ABI is not told, see README. */
#define ANY_ARCH 0

#if defined(__x86_64__) || defined(__i386__)
#include "cpu/x86.h"
#elif defined(__aarch64__) || defined(__arm__)
#include "cpu/arm.h"
#elif defined(__riscv)
#include "cpu/riscv.h"
#elif defined(__s390__)
#include "cpu/s390.h"
#elif defined(__powerpc__)
#include "cpu/powerpc.h"
#elif defined(__mips__)
#include "cpu/mips.h"
#elif defined(__sparc__)
#include "cpu/sparc.h"
#elif defined(__hppa__)
#include "cpu/parisc.h"
#elif defined(__sh__)
#include "cpu/sh.h"
#elif defined(__loongarch__)
#include "cpu/loongarch.h"
#elif defined(__or1k__)
#include "cpu/openrisc.h"
#else
#include "cpu/unknown.h"
#endif

/*
 * What holds for most CPUs.  A CPU's header defines what is different there.
 */

/* The tracee's number is the low half of a register: negative ones are shown. */
#ifndef SHOWN_NR
#define SHOWN_NR(nr) (nr)
#endif
/* Numbers up to this one are refused with ENOSYS, and negative ones, too. */
#ifndef LARGEST_NR
#define LARGEST_NR 0x7fffffff
#define HAS_NEGATIVE_NR 1
#endif
/* Results from -LARGEST_ERRNO to -1 are errors. */
#ifndef LARGEST_ERRNO
#define LARGEST_ERRNO 4095
#endif
/* ... even where the call says that it succeeded (force_successful_syscall_return()). */
#ifndef HAS_FORCED_SUCCESS
#define HAS_FORCED_SUCCESS 0
#endif
/* The ABI told in stops that are not on the way of a call: faults, steps. */
#ifndef ARCH_OUTSIDE_CALLS
#define ARCH_OUTSIDE_CALLS (THIS_ABI.arch)
#endif
/* How far the instruction pointer has moved in a signal's stop after a call ... */
#ifndef SIGNAL_IP
#define SIGNAL_IP 0
#endif
/* ... and when the call is to be restarted. */
#ifndef RESTART_IP
#define RESTART_IP SIGNAL_IP
#endif
/* What the exit tells of a call that the tracer has made number -1 at its seccomp stop. */
#ifndef SKIPPED_RVAL
#define SKIPPED_RVAL(args) (-ENOSYS)
#define SKIPPED_IS_ERROR true
#endif
/* Bits of the instruction pointer in a 32-bit PTRACE_GETREGSET that are the address. */
#ifndef NARROW_IP_MASK
#define NARROW_IP_MASK 0xffffffff
#endif
/* Whether the registers of another ABI's tracee cannot be had. */
#ifndef OTHER_ABI_REGS_HIDDEN
#define OTHER_ABI_REGS_HIDDEN 0
#endif
/* Whether there are calls with 32-bit times. */
#ifndef HAS_NANOSLEEP
#define HAS_NANOSLEEP 1
#endif
/* Whether the stack grows down. */
#ifndef STACK_GROWS_UP
#define STACK_GROWS_UP 0
#endif
/* What clone() takes, from the flags. */
#ifndef CLONE_ARGS
#define CLONE_ARGS(flags) ((uint64_t[6]){ flags })
#endif

/* Ways to make a call beside NATIVE: only x86 has any. */
#ifndef CPU_HAS_OTHER_CALLS
static inline void cpu_raw_syscall(int how, struct raw_call *call)
{
	abort();
}

static inline const struct abi *cpu_abi_of_call(int how)
{
	return &THIS_ABI;
}

static inline const char *cpu_call_ip(int how)
{
	return NULL;
}
#endif

#endif /* ABI_H */

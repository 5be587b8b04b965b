/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ABIs of the architecture: what a tracer has to be shown for a call made
 * by a program of each, and which of them this program was built for.
 */
#ifndef ABI_H
#define ABI_H

#include <stdbool.h>
#include <stdint.h>

/* AUDIT_ARCH_* of <linux/audit.h>, which old headers lack in part. */
#define ARCH_X86_64 0xc000003e
#define ARCH_I386 0x40000003

/* The bit that makes an x86_64 number an x32 one. */
#define X32_BIT 0x40000000

struct abi {
	const char *name;	/* of the folder with its programs */
	uint32_t arch;
	bool args_32_bit;	/* arguments are 32 bits wide */
	int64_t getpid, execve, restart_syscall;
};

static const struct abi abi_x86_64 = {
	.name = "x86_64", .arch = ARCH_X86_64,
	.getpid = 39, .execve = 59, .restart_syscall = 219,
};

static const struct abi abi_i386 = {
	.name = "i386", .arch = ARCH_I386, .args_32_bit = true,
	.getpid = 20, .execve = 11, .restart_syscall = 0,
};

/* AUDIT_ARCH_X86_64, with bit 30 in the number; execve is a special one. */
static const struct abi abi_x32 = {
	.name = "x32", .arch = ARCH_X86_64,
	.getpid = X32_BIT + 39,
	.execve = X32_BIT + 520, .restart_syscall = X32_BIT + 219,
};

#if defined(__i386__)
#define THIS_ABI abi_i386
#elif defined(__ILP32__)
#define THIS_ABI abi_x32
#else
#define THIS_ABI abi_x86_64
#endif

#endif /* ABI_H */

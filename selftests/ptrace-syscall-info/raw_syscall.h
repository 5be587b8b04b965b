/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls made with every register under control, in each way in which
 * this ABI's code can make one, so that a tracer can tell exactly what it must
 * be shown: the number, six arguments, the address behind the instruction, the
 * stack pointer.
 */
#ifndef RAW_SYSCALL_H
#define RAW_SYSCALL_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>

/* Distinct values whose halves, quarters and bytes differ, too. */
#define PATTERN(i) (0x8f1e2d3c4b5a6978ULL + (i) * 0x1101010101010101ULL)

/* A number that no system call has, of no more than 16 bits. */
#define UNUSED_NR 50000

/* The assembly below knows the offsets. */
struct raw_call {
	uint64_t nr;		/*  0 */
	uint64_t args[6];	/*  8 */
	uint64_t sp;		/* 56: out, the stack pointer at the instruction */
	uint64_t rval;		/* 64: out, the whole register */
};

/* Ways to make a call; a CPU may have more, see cpu/. */
enum { NATIVE };

void raw_native(struct raw_call *call);
/* The address that a tracer is shown in the stops of the call. */
extern const char raw_native_ip[];

/*
 * Where the low half of a 64-bit member is, for the assembly of 32-bit CPUs.
 * And the text of a number in assembly.
 */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF "4"
#else
#define LOW_HALF "0"
#endif

/*
 * raw_native() of a CPU: @code finds the call in the register @pointer, which
 * the system call has to leave alone, and has the label raw_native_ip in it.
 * The others are the registers that it spoils.
 */
#define RAW_NATIVE(pointer, code, ...)					\
	__attribute__((noinline, noclone))				\
	void raw_native(struct raw_call *call)				\
	{								\
		register struct raw_call *c __asm__(pointer) = call;	\
									\
		__asm__ volatile(code : : "r"(c) : __VA_ARGS__, "memory"); \
	}								\
	void raw_native(struct raw_call *call)

#define RAW_NATIVE_LABEL ".globl raw_native_ip\nraw_native_ip:\n"

#include "abi.h"

/**
 * raw_syscall() - make one system call
 * @how: NATIVE, or another way that the CPU has
 * @call: number and arguments; sp and rval are filled in
 */
static inline void raw_syscall(int how, struct raw_call *call)
{
	if (how == NATIVE)
		raw_native(call);
	else
		cpu_raw_syscall(how, call);
}

/* The ABI of a call made by @how. */
static inline const struct abi *abi_of_call(int how)
{
	return how == NATIVE ? &THIS_ABI : cpu_abi_of_call(how);
}

static inline const char *call_ip(int how)
{
	return how == NATIVE ? raw_native_ip : cpu_call_ip(how);
}

#endif /* RAW_SYSCALL_H */

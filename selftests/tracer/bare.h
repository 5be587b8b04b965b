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

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
#ifdef __ILP32__
	"	mov (%esp), %edi\n"
	"	lea 4(%esp), %esi\n"
	"	lea 4(%esi, %edi, 4), %edx\n"
#else
	"	mov (%rsp), %rdi\n"
	"	lea 8(%rsp), %rsi\n"
	"	lea 8(%rsi, %rdi, 8), %rdx\n"
#endif
	"	and $-16, %rsp\n"
	"	call start_tracee\n");

/* Registers are wider than x32's longs, and its pointers are not signed. */
#define WIDE(value) ((unsigned long long)(unsigned long)(value))

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register unsigned long long r10 __asm__("r10") = WIDE(d);
	register unsigned long long r8 __asm__("r8") = WIDE(e);
	register unsigned long long r9 __asm__("r9") = WIDE(f);
	long long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "0"(WIDE(nr)), "D"(WIDE(a)), "S"(WIDE(b)),
			   "d"(WIDE(c)), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#ifndef __ILP32__
/* A call of i386 out of 64-bit code. */
static inline long call_int80(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result)
			 : "0"(nr), "b"(a), "c"(b), "d"(c)
			 : "r8", "r9", "r10", "r11", "memory");
	return result;
}
#endif

#elif defined(__i386__)

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov (%esp), %eax\n"
	"	lea 4(%esp), %ecx\n"
	"	lea 4(%ecx, %eax, 4), %edx\n"
	"	and $-16, %esp\n"
	"	push %eax\n"
	"	push %edx\n"
	"	push %ecx\n"
	"	push %eax\n"
	"	call start_tracee\n");

/* Of six arguments five: ebp would need more care than any tracee needs it. */
static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;

	(void)f;
	__asm__ volatile("int $0x80" : "=a"(result)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

#elif defined(__aarch64__)

__asm__(".globl _start\n"
	"_start:\n"
	"	ldr x0, [sp]\n"
	"	add x1, sp, #8\n"
	"	add x2, x1, x0, lsl #3\n"
	"	add x2, x2, #8\n"
	"	bl start_tracee\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0" : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

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

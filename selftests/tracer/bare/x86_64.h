/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
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

/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
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

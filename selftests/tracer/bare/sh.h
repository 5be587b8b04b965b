/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
__asm__(".globl _start\n"
	"_start:\n"
	"	mov.l @r15, r4\n"
	"	mov r15, r5\n"
	"	add #4, r5\n"
	"	mov r4, r6\n"
	"	shll2 r6\n"
	"	add r5, r6\n"
	"	add #4, r6\n"
	"	mov.l 0f, r0\n"
	"	jsr @r0\n"
	"	nop\n"
	"	.align 2\n"
	"0:	.long start_tracee\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r3 __asm__("r3") = nr;
	register long r4 __asm__("r4") = a;
	register long r5 __asm__("r5") = b;
	register long r6 __asm__("r6") = c;
	register long r7 __asm__("r7") = d;
	register long r0 __asm__("r0") = e;
	register long r1 __asm__("r1") = f;

	__asm__ volatile("trapa #31"
			 : "+r"(r0)
			 : "r"(r3), "r"(r4), "r"(r5), "r"(r6), "r"(r7), "r"(r1)
			 : "memory", "t");
	return r0;
}

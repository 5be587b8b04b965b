/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
__asm__(".syntax unified\n"
	"	.arm\n"
	"	.globl _start\n"
	"	.type _start, %function\n"
	"_start:\n"
	"	ldr r0, [sp]\n"
	"	add r1, sp, #4\n"
	"	add r2, r1, r0, lsl #2\n"
	"	add r2, r2, #4\n"
	"	bl start_tracee\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r7 __asm__("r7") = nr;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;

	__asm__ volatile("svc 0" : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory");
	return r0;
}

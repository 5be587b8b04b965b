/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
__asm__(".globl _start\n"
	"_start:\n"
	/* The linker may have made addresses relative to it. */
	"	.option push\n"
	"	.option norelax\n"
	"	lla gp, __global_pointer$\n"
	"	.option pop\n"
	"	ld a0, 0(sp)\n"
	"	addi a1, sp, 8\n"
	"	slli a2, a0, 3\n"
	"	add a2, a2, a1\n"
	"	addi a2, a2, 8\n"
	"	andi sp, sp, -16\n"
	"	call start_tracee\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall" : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

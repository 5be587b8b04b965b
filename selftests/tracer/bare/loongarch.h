/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
__asm__(".globl _start\n"
	"_start:\n"
	"	ld.d $a0, $sp, 0\n"
	"	addi.d $a1, $sp, 8\n"
	"	slli.d $a2, $a0, 3\n"
	"	add.d $a2, $a2, $a1\n"
	"	addi.d $a2, $a2, 8\n"
	"	bl start_tracee\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("$a7") = nr;
	register long a0 __asm__("$a0") = a;
	register long a1 __asm__("$a1") = b;
	register long a2 __asm__("$a2") = c;
	register long a3 __asm__("$a3") = d;
	register long a4 __asm__("$a4") = e;
	register long a5 __asm__("$a5") = f;

	__asm__ volatile("syscall 0" : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory", "$t0", "$t1", "$t2", "$t3", "$t4", "$t5",
			   "$t6", "$t7", "$t8");
	return a0;
}

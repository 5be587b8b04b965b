/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
#if __riscv_xlen == 64
#define LOAD_COUNT "ld a0, 0(sp)\n"
#define POINTER_SHIFT "3"
#define POINTER_SIZE "8"
#else
#define LOAD_COUNT "lw a0, 0(sp)\n"
#define POINTER_SHIFT "2"
#define POINTER_SIZE "4"
#endif
__asm__(".globl _start\n"
	"_start:\n"
	/* The linker may have made addresses relative to it. */
	"	.option push\n"
	"	.option norelax\n"
	"	lla gp, __global_pointer$\n"
	"	.option pop\n"
	"	" LOAD_COUNT
	"	addi a1, sp, " POINTER_SIZE "\n"
	"	slli a2, a0, " POINTER_SHIFT "\n"
	"	add a2, a2, a1\n"
	"	addi a2, a2, " POINTER_SIZE "\n"
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

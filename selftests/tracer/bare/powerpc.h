/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
/* What stands at the beginning of a program, and a frame for the callee's link register. */
#if defined(__powerpc64__) && _CALL_ELF == 2
/* The kernel leaves the address of _start in r12; r2 is the callee's table of contents. */
__asm__(".globl _start\n"
	"_start:\n"
	"0:	addis 2, 12, (.TOC. - 0b)@ha\n"
	"	addi 2, 2, (.TOC. - 0b)@l\n"
	"	ld 3, 0(1)\n"
	"	addi 4, 1, 8\n"
	"	sldi 5, 3, 3\n"
	"	add 5, 5, 4\n"
	"	addi 5, 5, 8\n"
	"	clrrdi 1, 1, 4\n"
	"	li 0, 0\n"
	"	stdu 0, -112(1)\n"
	"	bl start_tracee\n"
	"	nop\n");
#elif defined(__powerpc64__)
/* A program begins with a descriptor, from which the kernel takes the address and r2. */
__asm__(".section \".opd\", \"aw\"\n"
	"	.balign 8\n"
	"	.globl _start\n"
	"_start:\n"
	"	.quad 0f, .TOC.@tocbase, 0\n"
	"	.previous\n"
	"	.balign 4\n"
	"0:	ld 3, 0(1)\n"
	"	addi 4, 1, 8\n"
	"	sldi 5, 3, 3\n"
	"	add 5, 5, 4\n"
	"	addi 5, 5, 8\n"
	"	clrrdi 1, 1, 4\n"
	"	li 0, 0\n"
	"	stdu 0, -112(1)\n"
	"	bl start_tracee\n"
	"	nop\n");
#else
__asm__(".globl _start\n"
	"_start:\n"
	"	lwz 3, 0(1)\n"
	"	addi 4, 1, 4\n"
	"	slwi 5, 3, 2\n"
	"	add 5, 5, 4\n"
	"	addi 5, 5, 4\n"
	"	clrrwi 1, 1, 4\n"
	"	li 0, 0\n"
	"	stwu 0, -16(1)\n"
	"	bl start_tracee\n");
#endif

/* An error is told by the summary overflow bit. */
static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = nr;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = d;
	register long r7 __asm__("r7") = e;
	register long r8 __asm__("r8") = f;

	__asm__ volatile("sc\n"
			 "	bns+ 1f\n"
			 "	neg %1, %1\n"
			 "1:"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6),
			   "+r"(r7), "+r"(r8)
			 : : "memory", "cr0", "ctr", "r9", "r10", "r11", "r12");
	return r3;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
#ifdef __arch64__
#define TRAP	"t 0x6d\n"
/* Registers are saved 2047 bytes above the stack pointer; the callee's arguments behind them. */
__asm__(".globl _start\n"
	"_start:\n"
	"	mov %g0, %fp\n"
	"	ldx [%sp + 2047 + 128], %o0\n"
	"	add %sp, 2047 + 136, %o1\n"
	"	sllx %o0, 3, %o2\n"
	"	add %o2, %o1, %o2\n"
	"	add %o2, 8, %o2\n"
	"	sub %sp, 48, %sp\n"
	"	call start_tracee\n"
	"	nop\n");
#else
#define TRAP	"t 0x10\n"
__asm__(".globl _start\n"
	"_start:\n"
	"	mov %g0, %fp\n"
	"	ld [%sp + 64], %o0\n"
	"	add %sp, 68, %o1\n"
	"	sll %o0, 2, %o2\n"
	"	add %o2, %o1, %o2\n"
	"	add %o2, 4, %o2\n"
	"	sub %sp, 24, %sp\n"
	"	call start_tracee\n"
	"	nop\n");
#endif

/* An error is told by the carry. */
static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long g1 __asm__("g1") = nr;
	register long o0 __asm__("o0") = a;
	register long o1 __asm__("o1") = b;
	register long o2 __asm__("o2") = c;
	register long o3 __asm__("o3") = d;
	register long o4 __asm__("o4") = e;
	register long o5 __asm__("o5") = f;

	__asm__ volatile(TRAP
			 "	bcs,a 1f\n"
			 "	sub %%g0, %0, %0\n"
			 "1:"
			 : "+r"(o0), "+r"(o1)
			 : "r"(g1), "r"(o2), "r"(o3), "r"(o4), "r"(o5)
			 : "memory", "cc");
	return o0;
}

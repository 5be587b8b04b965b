/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
/* The stack grows upwards; the kernel leaves argc in r25 and argv in r24. */
__asm__(".globl _start\n"
	"_start:\n"
	"	copy %r25, %r26\n"
	"	copy %r24, %r25\n"
	"	sh2add %r26, %r25, %r24\n"
	"	ldo 4(%r24), %r24\n"
	"	ldo 64(%r30), %r30\n"
	"	bl start_tracee, %r2\n"
	"	nop\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r20 __asm__("r20") = nr;
	register long r26 __asm__("r26") = a;
	register long r25 __asm__("r25") = b;
	register long r24 __asm__("r24") = c;
	register long r23 __asm__("r23") = d;
	register long r22 __asm__("r22") = e;
	register long r21 __asm__("r21") = f;
	register long r28 __asm__("r28");

	/* The gateway page, to which the kernel lets programs branch. */
	__asm__ volatile("ble 0x100(%%sr2, %%r0)\n"
			 "	nop"
			 : "=r"(r28), "+r"(r20), "+r"(r26), "+r"(r25), "+r"(r24),
			   "+r"(r23), "+r"(r22), "+r"(r21)
			 : : "memory", "r1", "r2", "r19", "r29", "r31");
	return r28;
}

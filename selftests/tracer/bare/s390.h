/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
/* A frame for the callee to save registers in, without one before it. */
__asm__(".globl _start\n"
	"_start:\n"
#ifdef __s390x__
	"	lg %r2, 0(%r15)\n"
	"	la %r3, 8(%r15)\n"
	"	sllg %r4, %r2, 3\n"
	"	la %r4, 8(%r4, %r3)\n"
	"	aghi %r15, -160\n"
	"	xc 0(8, %r15), 0(%r15)\n"
#else
	"	l %r2, 0(%r15)\n"
	"	la %r3, 4(%r15)\n"
	"	lr %r4, %r2\n"
	"	sll %r4, 2\n"
	"	la %r4, 4(%r4, %r3)\n"
	"	ahi %r15, -96\n"
	"	xc 0(4, %r15), 0(%r15)\n"
#endif
	"	bras %r14, start_tracee\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r1 __asm__("1") = nr;
	register long r2 __asm__("2") = a;
	register long r3 __asm__("3") = b;
	register long r4 __asm__("4") = c;
	register long r5 __asm__("5") = d;
	register long r6 __asm__("6") = e;
	register long r7 __asm__("7") = f;

	__asm__ volatile("svc 0" : "+d"(r2)
			 : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
			 : "memory");
	return r2;
}

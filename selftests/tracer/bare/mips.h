/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of bare.h. */
#if _MIPS_SIM == _ABI64
#define LOAD	"ld"
#define ADD	"daddu"
#define ADD_TO	"daddiu"
#define WORD	"8"
#define SHIFT	"dsll $6, $4, 3"
#else
#define LOAD	"lw"
#define ADD	"addu"
#define ADD_TO	"addiu"
#define WORD	"4"
#define SHIFT	"sll $6, $4, 2"
#endif

/* Linkers look for __start.  Callees of o32 save arguments in their caller's frame. */
__asm__(".globl __start\n"
	"__start:\n"
	"	" LOAD " $4, 0($29)\n"
	"	" ADD_TO " $5, $29, " WORD "\n"
	"	" SHIFT "\n"
	"	" ADD " $6, $6, $5\n"
	"	" ADD_TO " $6, $6, " WORD "\n"
	"	" ADD_TO " $29, $29, -32\n"
	"	jal start_tracee\n");

/* An error is told by a3. */
#if _MIPS_SIM == _ABIO32
static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long v0 __asm__("$2") = nr;
	register long a0 __asm__("$4") = a;
	register long a1 __asm__("$5") = b;
	register long a2 __asm__("$6") = c;
	register long a3 __asm__("$7") = d;

	/* The last two lie on the stack, above the places of the others. */
	__asm__ volatile("addiu $29, $29, -32\n"
			 "	sw %5, 16($29)\n"
			 "	sw %6, 20($29)\n"
			 "	syscall\n"
			 "	addiu $29, $29, 32"
			 : "+r"(v0), "+r"(a3)
			 : "r"(a0), "r"(a1), "r"(a2), "r"(e), "r"(f)
			 : "memory", "$1", "$3", "$8", "$9", "$10", "$11", "$12",
			   "$13", "$14", "$15", "$24", "$25", "hi", "lo");
	return a3 ? -v0 : v0;
}
#else
static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long v0 __asm__("$2") = nr;
	register long a0 __asm__("$4") = a;
	register long a1 __asm__("$5") = b;
	register long a2 __asm__("$6") = c;
	register long a3 __asm__("$7") = d;
	register long a4 __asm__("$8") = e;
	register long a5 __asm__("$9") = f;

	__asm__ volatile("syscall"
			 : "+r"(v0), "+r"(a3), "+r"(a4), "+r"(a5)
			 : "r"(a0), "r"(a1), "r"(a2)
			 : "memory", "$1", "$3", "$10", "$11", "$12", "$13",
			   "$14", "$15", "$24", "$25", "hi", "lo");
	return a3 ? -v0 : v0;
}
#endif

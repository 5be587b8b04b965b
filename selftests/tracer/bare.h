/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tracees without a C library: a tracer sees exactly the calls that stand
 * in their source, from the first instruction on.
 */
#ifndef BARE_H
#define BARE_H

#include <asm/unistd.h>

/* What a tracee is: called with what execve() was given; returns its exit status. */
int tracee(long argc, char **argv, char **envp);

#if defined(__x86_64__)

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
#ifdef __ILP32__
	"	mov (%esp), %edi\n"
	"	lea 4(%esp), %esi\n"
	"	lea 4(%esi, %edi, 4), %edx\n"
#else
	"	mov (%rsp), %rdi\n"
	"	lea 8(%rsp), %rsi\n"
	"	lea 8(%rsi, %rdi, 8), %rdx\n"
#endif
	"	and $-16, %rsp\n"
	"	call start_tracee\n");

/* Registers are wider than x32's longs, and its pointers are not signed. */
#define WIDE(value) ((unsigned long long)(unsigned long)(value))

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register unsigned long long r10 __asm__("r10") = WIDE(d);
	register unsigned long long r8 __asm__("r8") = WIDE(e);
	register unsigned long long r9 __asm__("r9") = WIDE(f);
	long long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "0"(WIDE(nr)), "D"(WIDE(a)), "S"(WIDE(b)),
			   "d"(WIDE(c)), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#ifndef __ILP32__
/* A call of i386 out of 64-bit code. */
static inline long call_int80(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result)
			 : "0"(nr), "b"(a), "c"(b), "d"(c)
			 : "r8", "r9", "r10", "r11", "memory");
	return result;
}
#endif

#elif defined(__i386__)

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov (%esp), %eax\n"
	"	lea 4(%esp), %ecx\n"
	"	lea 4(%ecx, %eax, 4), %edx\n"
	"	and $-16, %esp\n"
	"	push %eax\n"
	"	push %edx\n"
	"	push %ecx\n"
	"	push %eax\n"
	"	call start_tracee\n");

/* Of six arguments five: ebp would need more care than any tracee needs it. */
static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;

	(void)f;
	__asm__ volatile("int $0x80" : "=a"(result)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

#elif defined(__aarch64__)

__asm__(".globl _start\n"
	"_start:\n"
	"	ldr x0, [sp]\n"
	"	add x1, sp, #8\n"
	"	add x2, x1, x0, lsl #3\n"
	"	add x2, x2, #8\n"
	"	bl start_tracee\n");

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0" : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#elif defined(__arm__)

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

#elif defined(__riscv)

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

#elif defined(__loongarch__)

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

#elif defined(__s390__)

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

#elif defined(__mips__)

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

#elif defined(__sh__)

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

#elif defined(__hppa__)

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

#elif defined(__sparc__)

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

#elif defined(__powerpc__)

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

#else
#error "bare.h does not know this architecture"
#endif

__attribute__((noreturn, used))
void start_tracee(long argc, char **argv, char **envp)
{
	int status = tracee(argc, argv, envp);

	for (;;)
		call6(__NR_exit_group, status, 0, 0, 0, 0, 0);
}

/* A decimal number. */
static inline long number(const char *text)
{
	long value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + *text++ - '0';
	return value;
}

#endif /* BARE_H */

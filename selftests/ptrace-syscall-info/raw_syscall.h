/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls made with every register under control, in each way in which
 * this ABI's code can make one, so that a tracer can tell exactly what it must
 * be shown: the number, six arguments, the address behind the instruction, the
 * stack pointer.
 */
#ifndef RAW_SYSCALL_H
#define RAW_SYSCALL_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>

/* Distinct values whose halves, quarters and bytes differ, too. */
#define PATTERN(i) (0x8f1e2d3c4b5a6978ULL + (i) * 0x1101010101010101ULL)

/* A number that no system call has. */
#define UNUSED_NR 100000

/* The assembly below knows the offsets. */
struct raw_call {
	uint64_t nr;		/*  0 */
	uint64_t args[6];	/*  8 */
	uint64_t sp;		/* 56: out, the stack pointer at the instruction */
	uint64_t rval;		/* 64: out, the whole register */
};

enum how {
	NATIVE,		/* syscall; for i386, int $0x80 */
	INT80,		/* int $0x80 from whatever code this is */
	VSYSCALL,	/* i386: what AT_SYSINFO offers (sysenter, syscall ...) */
	SYSCALL64,	/* i386: syscall out of the 64-bit code segment */
};

void raw_native(struct raw_call *call);
void raw_int80(struct raw_call *call);
/* The addresses behind the instructions; what a tracer must be shown. */
extern const char raw_native_ip[], raw_int80_ip[];

#if defined(__x86_64__)

/* int $0x80 may clear r8..r11, but has to keep r12. */
#define RAW_ENTRY(name, a1, a2, a3, a4, a5, a6, insn)			\
	__asm__(".pushsection .text\n"					\
		".globl " name ", " name "_ip\n"			\
		name ":\n"						\
		"	push %rbx; push %rbp; push %r12\n"		\
		"	mov %rdi, %r12\n"				\
		"	mov %rsp, 56(%r12)\n"				\
		"	mov 8(%r12), %" a1 "\n"			\
		"	mov 16(%r12), %" a2 "\n"			\
		"	mov 24(%r12), %" a3 "\n"			\
		"	mov 32(%r12), %" a4 "\n"			\
		"	mov 40(%r12), %" a5 "\n"			\
		"	mov 48(%r12), %" a6 "\n"			\
		"	mov (%r12), %rax\n"				\
		"	" insn "\n"					\
		name "_ip:\n"						\
		"	mov %rax, 64(%r12)\n"				\
		"	pop %r12; pop %rbp; pop %rbx\n"		\
		"	ret\n"						\
		".popsection\n")

RAW_ENTRY("raw_native", "rdi", "rsi", "rdx", "r10", "r8", "r9", "syscall");
RAW_ENTRY("raw_int80", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "int $0x80");

static inline void raw_vsyscall(struct raw_call *call)
{
	abort();
}

static inline void raw_syscall64(struct raw_call *call)
{
	abort();
}

#define raw_syscall64_ip raw_native_ip

#elif defined(__i386__)

/*
 * @call is at 20(%esp) once four registers are saved.  The entry of AT_SYSINFO
 * is called through memory: all registers are in use.
 */
#define RAW_ENTRY(name, insn)						\
	__asm__(".pushsection .text\n"					\
		".globl " name ", " name "_ip\n"			\
		name ":\n"						\
		"	pushl %ebp; pushl %ebx; pushl %esi; pushl %edi\n" \
		"	movl 20(%esp), %eax\n"				\
		"	movl %esp, 56(%eax)\n"				\
		"	movl 8(%eax), %ebx\n"				\
		"	movl 16(%eax), %ecx\n"				\
		"	movl 24(%eax), %edx\n"				\
		"	movl 32(%eax), %esi\n"				\
		"	movl 40(%eax), %edi\n"				\
		"	movl 48(%eax), %ebp\n"				\
		"	movl (%eax), %eax\n"				\
		"	" insn "\n"					\
		name "_ip:\n"						\
		"	movl 20(%esp), %edx\n"				\
		"	movl %eax, 64(%edx)\n"				\
		"	popl %edi; popl %esi; popl %ebx; popl %ebp\n"	\
		"	ret\n"						\
		".popsection\n")

RAW_ENTRY("raw_native", "int $0x80");
RAW_ENTRY("raw_int80", "int $0x80");
RAW_ENTRY("raw_vsyscall_asm", "call *raw_vsyscall_entry");

void raw_vsyscall_asm(struct raw_call *call);
uint32_t raw_vsyscall_entry;

static inline void raw_vsyscall(struct raw_call *call)
{
	raw_vsyscall_entry = getauxval(AT_SYSINFO);
	raw_vsyscall_asm(call);
}

/*
 * A far jump into the 64-bit code segment (__USER_CS, 0x33), there the call,
 * and a far jump back (to __USER32_CS, 0x23).  No far call and return: for
 * these QEMU's emulation accesses the stack as the kernel would, which SMAP
 * forbids.  The operands are loaded as 64-bit values.
 */
void raw_syscall64(struct raw_call *call);
extern const char raw_syscall64_ip[];
__asm__(".pushsection .text\n"
	".globl raw_syscall64, raw_syscall64_ip\n"
	"raw_syscall64:\n"
	"	pushl %ebp; pushl %ebx; pushl %esi; pushl %edi\n"
	"	movl 20(%esp), %ebx\n"
	"	ljmp $0x33, $raw_syscall64_long\n"
	"	.code64\n"
	"raw_syscall64_long:\n"
	"	mov %ebx, %ebx\n"	/* the upper halves are undefined */
	"	mov %esp, %esp\n"
	"	mov %rsp, 56(%rbx)\n"
	"	mov 8(%rbx), %rdi\n"
	"	mov 16(%rbx), %rsi\n"
	"	mov 24(%rbx), %rdx\n"
	"	mov 32(%rbx), %r10\n"
	"	mov 40(%rbx), %r8\n"
	"	mov 48(%rbx), %r9\n"
	"	mov (%rbx), %rax\n"
	"	syscall\n"
	"raw_syscall64_ip:\n"
	"	mov %rax, 64(%rbx)\n"
	"	ljmpl *raw_syscall64_back(%rip)\n"
	"	.code32\n"
	"raw_syscall64_end:\n"
	"	popl %edi; popl %esi; popl %ebx; popl %ebp\n"
	"	ret\n"
	".popsection\n"
	".pushsection .rodata\n"
	"raw_syscall64_back:\n"
	"	.long raw_syscall64_end\n"
	"	.word 0x23\n"
	".popsection\n");

#else
#error "raw_syscall.h does not know this architecture"
#endif

/**
 * raw_syscall() - make one system call
 * @how: by which instruction; VSYSCALL and SYSCALL64 only on i386
 * @call: number and arguments; sp and rval are filled in
 */
static inline void raw_syscall(enum how how, struct raw_call *call)
{
	switch (how) {
	case NATIVE:
		raw_native(call);
		break;
	case INT80:
		raw_int80(call);
		break;
	case VSYSCALL:
		raw_vsyscall(call);
		break;
	case SYSCALL64:
		raw_syscall64(call);
		break;
	}
}

#endif /* RAW_SYSCALL_H */

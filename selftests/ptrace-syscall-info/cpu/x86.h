/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86: the ABIs x86_64, x32 and i386, and the instructions by which their code
 * can make a call of another.  PTRACE_GETREGSET gives registers by the code
 * segment that the tracee is in.
 */
#define ARCH_X86_64 0xc000003e
#define ARCH_I386 0x40000003

/* The bit that makes an x86_64 number an x32 one. */
#define X32_BIT 0x40000000

#define CPU_ABIS(do) do(x86_64) do(i386) do(x32)

static const struct abi abi_x86_64 = {
	.name = "x86_64", .arch = ARCH_X86_64,
	.getpid = 39, .execve = 59, .restart_syscall = 219, .exit_group = 231,
};

static const struct abi abi_i386 = {
	.name = "i386", .arch = ARCH_I386, .regs_32_bit = true,
	.getpid = 20, .execve = 11, .restart_syscall = 0, .exit_group = 252,
};

/* AUDIT_ARCH_X86_64, with bit 30 in the number; execve is a special one. */
static const struct abi abi_x32 = {
	.name = "x32", .arch = ARCH_X86_64, .number_bits = X32_BIT,
	.getpid = X32_BIT + 39, .execve = X32_BIT + 520,
	.restart_syscall = X32_BIT + 219, .exit_group = X32_BIT + 231,
};

#if defined(__i386__)
#define THIS_ABI abi_i386
#elif defined(__ILP32__)
#define THIS_ABI abi_x32
#else
#define THIS_ABI abi_x86_64
#endif

#define WIDE_REGS 27
#define WIDE_IP 16
#define WIDE_SP 19
#define WIDE_NR 15		/* orig_rax */
#define NARROW_REGS 17
#define NARROW_IP 12
#define NARROW_SP 15
#define NARROW_NR 11		/* orig_eax */

/*
 * x86 knows the ABI of a thread that came by a system call.  After a fault or a
 * step a 32-bit thread is told as AUDIT_ARCH_X86_64, see README.
 */
#ifdef __i386__
#define ARCH_OUTSIDE_CALLS ANY_ARCH
#endif

/* Ways to make a call beside the ABI's own. */
#define CPU_HAS_OTHER_CALLS 1
enum {
	INT80 = NATIVE + 1,	/* int $0x80 from whatever code this is */
	VSYSCALL,	/* i386: what AT_SYSINFO offers (sysenter, syscall ...) */
	SYSCALL64,	/* i386: syscall out of the 64-bit code segment */
};

void raw_int80(struct raw_call *call);
extern const char raw_int80_ip[];

#ifdef __x86_64__

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

#else /* __i386__ */

/* __USER_CS of a 32-bit kernel is not __USER32_CS of a 64-bit one (<asm/segment.h>). */
static inline bool kernel_is_64_bit(void)
{
	unsigned int cs;

	__asm__("mov %%cs, %0" : "=r"(cs));
	return cs != 0x73;
}

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

#endif /* __x86_64__ */

/* The rest of raw_syscall(), abi_of_call() and call_ip(). */
static inline void cpu_raw_syscall(int how, struct raw_call *call)
{
	switch (how) {
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

static inline const struct abi *cpu_abi_of_call(int how)
{
	return how == SYSCALL64 ? &abi_x86_64 : &abi_i386;
}

/* NULL: somewhere in the vDSO. */
static inline const char *cpu_call_ip(int how)
{
	return how == INT80 ? raw_int80_ip :
	       how == SYSCALL64 ? raw_syscall64_ip : NULL;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64, and arm (EABI) on arm and arm64 kernels. */
#define CPU_ABIS(do) do(arm64) do(arm)

static const struct abi abi_arm64 = {
	.name = "arm64", .arch = 0xc00000b7,
	.getpid = 172, .execve = 221, .restart_syscall = 128, .exit_group = 94,
};

static const struct abi abi_arm = {
	.name = "arm", .arch = 0x40000028, .regs_32_bit = true,
	.getpid = 20, .execve = 11, .restart_syscall = 0, .exit_group = 248,
};

#define WIDE_REGS 34
#define WIDE_IP 32
#define WIDE_SP 31
#define NARROW_REGS 18
#define NARROW_IP 15
#define NARROW_SP 13

/* The first argument is in the register of the result. */
#define SKIPPED_RVAL(args) ((int64_t)(args)[0])
#define SKIPPED_IS_ERROR false

#ifdef __aarch64__
#define THIS_ABI abi_arm64
#define RESTART_IP (-4)

/* NT_ARM_SYSTEM_CALL */
#define SET_NR(pid, nr) cpu_set_nr(pid, nr)

static inline long cpu_set_nr(pid_t pid, int nr)
{
	struct iovec iov = { .iov_base = &nr, .iov_len = sizeof(nr) };

	return ptrace(PTRACE_SETREGSET, pid, (void *)0x404, &iov);
}

RAW_NATIVE("x19",
	"mov	x8, sp\n"
	"str	x8, [x19, #56]\n"
	"ldr	x0, [x19, #8]\n"
	"ldr	x1, [x19, #16]\n"
	"ldr	x2, [x19, #24]\n"
	"ldr	x3, [x19, #32]\n"
	"ldr	x4, [x19, #40]\n"
	"ldr	x5, [x19, #48]\n"
	"ldr	x8, [x19]\n"
	"svc	#0\n"
	RAW_NATIVE_LABEL
	"str	x0, [x19, #64]\n",
	"x0", "x1", "x2", "x3", "x4", "x5", "x8", "cc");
#else
#define THIS_ABI abi_arm
/* arm looks at a thread's own registers as arm's, whatever thread it is. */
#define OTHER_ABI_REGS_HIDDEN 1
/* A number from 0xf0000 on may be one of arm's own, and raises SIGILL if not. */
#define LARGEST_NR 0xeffff
#define HAS_NEGATIVE_NR 0

/* PTRACE_SET_SYSCALL */
#define SET_NR(pid, nr) ptrace(23, pid, 0L, (long)(nr))

/* r7 may be the frame pointer.  The size of the instruction depends on -mthumb. */
#ifdef __thumb__
#define RESTART_IP (-2)
#else
#define RESTART_IP (-4)
#endif
RAW_NATIVE("r8",
	"str	sp, [r8, #56]\n"
	"mov	r9, r7\n"
	"ldr	r0, [r8, #8]\n"
	"ldr	r1, [r8, #16]\n"
	"ldr	r2, [r8, #24]\n"
	"ldr	r3, [r8, #32]\n"
	"ldr	r4, [r8, #40]\n"
	"ldr	r5, [r8, #48]\n"
	"ldr	r7, [r8]\n"
	"svc	#0\n"
	RAW_NATIVE_LABEL
	"mov	r7, r9\n"
	"str	r0, [r8, #64]\n",
	"r0", "r1", "r2", "r3", "r4", "r5", "r9", "cc");
#endif

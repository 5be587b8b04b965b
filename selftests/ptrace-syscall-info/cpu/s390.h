/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * s390: 64-bit and 31-bit programs.  The number of a call has 16 bits, and a
 * tracer changes it in the register of the result.
 */
#define CPU_ABIS(do) do(s390x) do(s390)

static const struct abi abi_s390x = {
	.name = "s390x", .arch = 0x80000016,
	.getpid = 20, .execve = 11, .restart_syscall = 7, .exit_group = 248,
};

static const struct abi abi_s390 = {
	.name = "s390", .arch = 0x00000016, .regs_32_bit = true,
	.getpid = 20, .execve = 11, .restart_syscall = 7, .exit_group = 248,
};

/* The status word's mask and address, 16 general registers, and others. */
#define WIDE_REGS 27
#define WIDE_IP 1
#define WIDE_SP 17
#define WIDE_NR 4		/* r2 */
#define NARROW_REGS 36
#define NARROW_IP 1
#define NARROW_SP 17
#define NARROW_NR 4
/* The first bit of a narrow address is the addressing mode. */
#define NARROW_IP_MASK 0x7fffffff

#define SHOWN_NR(nr) ((uint16_t)(nr))
#define CLONE_ARGS(flags) ((uint64_t[6]){ 0, flags })

#ifdef __s390x__
#define THIS_ABI abi_s390x
RAW_NATIVE("r9",
	"stg	%%r15, 56(%%r9)\n"
	"lg	%%r2, 8(%%r9)\n"
	"lg	%%r3, 16(%%r9)\n"
	"lg	%%r4, 24(%%r9)\n"
	"lg	%%r5, 32(%%r9)\n"
	"lg	%%r6, 40(%%r9)\n"
	"lg	%%r7, 48(%%r9)\n"
	"lg	%%r1, 0(%%r9)\n"
	"svc	0\n"
	RAW_NATIVE_LABEL
	"stg	%%r2, 64(%%r9)\n",
	"r1", "r2", "r3", "r4", "r5", "r6", "r7", "cc");
#else
#define THIS_ABI abi_s390
RAW_NATIVE("r9",
	"st	%%r15, 60(%%r9)\n"
	"l	%%r2, 12(%%r9)\n"
	"l	%%r3, 20(%%r9)\n"
	"l	%%r4, 28(%%r9)\n"
	"l	%%r5, 36(%%r9)\n"
	"l	%%r6, 44(%%r9)\n"
	"l	%%r7, 52(%%r9)\n"
	"l	%%r1, 4(%%r9)\n"
	"svc	0\n"
	RAW_NATIVE_LABEL
	"st	%%r2, 68(%%r9)\n",
	"r1", "r2", "r3", "r4", "r5", "r6", "r7", "cc");
#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* sh4, little-endian.  The nops are for a bug of the CPU, as in C libraries. */
#define CPU_ABIS(do) do(sh4)

static const struct abi abi_sh4 = {
	.name = "sh4", .arch = 0x4000002a, .regs_32_bit = true,
	.getpid = 20, .execve = 11, .restart_syscall = 0, .exit_group = 252,
};
#define THIS_ABI abi_sh4

#define WIDE_REGS 22		/* no such thing */
#define WIDE_IP 16
#define WIDE_SP 15
#define WIDE_NR 3
#define NARROW_REGS 23
#define NARROW_IP 16
#define NARROW_SP 15
#define NARROW_NR 3

/* A skipped call leaves r0 alone: the fifth argument. */
#define SKIPPED_RVAL(args) ((int32_t)(args)[4])
#define SKIPPED_IS_ERROR false

RAW_NATIVE("r8",
	"mov.l	r15, @(56,r8)\n"
	"mov.l	@(8,r8), r4\n"
	"mov.l	@(16,r8), r5\n"
	"mov.l	@(24,r8), r6\n"
	"mov.l	@(32,r8), r7\n"
	"mov.l	@(40,r8), r0\n"
	"mov.l	@(48,r8), r1\n"
	"mov.l	@r8, r3\n"
	"trapa	#0x16\n"
	RAW_NATIVE_LABEL
	"or	r0, r0\n"
	"or	r0, r0\n"
	"or	r0, r0\n"
	"or	r0, r0\n"
	"or	r0, r0\n"
	"mov	r8, r2\n"
	"add	#64, r2\n"
	"mov.l	r0, @r2\n",
	"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "t");

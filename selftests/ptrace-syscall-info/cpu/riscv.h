/* SPDX-License-Identifier: GPL-2.0-only */
/* riscv64, and riscv32 on riscv32 and riscv64 kernels. */
#define CPU_ABIS(do) do(riscv64) do(riscv32)

static const struct abi abi_riscv64 = {
	.name = "riscv64", .arch = 0xc00000f3,
	.getpid = 172, .execve = 221, .restart_syscall = 128, .exit_group = 94,
};

static const struct abi abi_riscv32 = {
	.name = "riscv32", .arch = 0x400000f3, .regs_32_bit = true,
	.getpid = 172, .execve = 221, .restart_syscall = 128, .exit_group = 94,
};

#if __riscv_xlen == 64
#define THIS_ABI abi_riscv64
#define LOAD "ld	"
#define STORE "sd	"
#else
#define THIS_ABI abi_riscv32
#define HAS_NANOSLEEP 0
#define LOAD "lw	"
#define STORE "sw	"
#endif

#define WIDE_REGS 32
#define WIDE_IP 0
#define WIDE_SP 2
#define WIDE_NR 17		/* a7 */
#define NARROW_REGS 32
#define NARROW_IP 0
#define NARROW_SP 2
#define NARROW_NR 17

#define RESTART_IP (-4)

RAW_NATIVE("s1",
	STORE "sp, 56(s1)\n"
	LOAD "a0, 8(s1)\n"
	LOAD "a1, 16(s1)\n"
	LOAD "a2, 24(s1)\n"
	LOAD "a3, 32(s1)\n"
	LOAD "a4, 40(s1)\n"
	LOAD "a5, 48(s1)\n"
	LOAD "a7, 0(s1)\n"
	"ecall\n"
	RAW_NATIVE_LABEL
	STORE "a0, 64(s1)\n",
	"a0", "a1", "a2", "a3", "a4", "a5", "a7");

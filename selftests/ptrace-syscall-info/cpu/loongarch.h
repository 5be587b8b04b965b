/* SPDX-License-Identifier: GPL-2.0-only */
/* loongarch64. */
#define CPU_ABIS(do) do(loongarch64)

static const struct abi abi_loongarch64 = {
	.name = "loongarch64", .arch = 0xc0000102,
	.getpid = 172, .execve = 221, .restart_syscall = 128, .exit_group = 94,
};
#define THIS_ABI abi_loongarch64

#define WIDE_REGS 45
#define WIDE_IP 33
#define WIDE_SP 3
#define WIDE_NR 11		/* a7 */
#define NARROW_REGS 44		/* no such thing */
#define NARROW_IP 33
#define NARROW_SP 3
#define NARROW_NR 11

RAW_NATIVE("$s0",
	"st.d	$sp, $s0, 56\n"
	"ld.d	$a0, $s0, 8\n"
	"ld.d	$a1, $s0, 16\n"
	"ld.d	$a2, $s0, 24\n"
	"ld.d	$a3, $s0, 32\n"
	"ld.d	$a4, $s0, 40\n"
	"ld.d	$a5, $s0, 48\n"
	"ld.d	$a7, $s0, 0\n"
	"syscall	0\n"
	RAW_NATIVE_LABEL
	"st.d	$a0, $s0, 64\n",
	"$a0", "$a1", "$a2", "$a3", "$a4", "$a5", "$a7", "$t0", "$t1", "$t2",
	"$t3", "$t4", "$t5", "$t6", "$t7", "$t8");

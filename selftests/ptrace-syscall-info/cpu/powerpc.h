/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * powerpc: ppc64le, ppc64, and ppc on ppc and ppc64 kernels.  An error is told
 * by a bit of the condition register.
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* No distribution has 32-bit programs for it. */
#define CPU_ABIS(do) do(ppc64)
#define PPC_SUFFIX "le"
#define PPC_LITTLE_ENDIAN 0x40000000
#else
#define CPU_ABIS(do) do(ppc64) do(ppc)
#define PPC_SUFFIX ""
#define PPC_LITTLE_ENDIAN 0
#endif

static const struct abi abi_ppc64 = {
	.name = "ppc64" PPC_SUFFIX, .arch = 0x80000015 | PPC_LITTLE_ENDIAN,
	.getpid = 20, .execve = 11, .restart_syscall = 0, .exit_group = 234,
};

static const struct abi abi_ppc = {
	.name = "ppc" PPC_SUFFIX, .arch = 0x00000014 | PPC_LITTLE_ENDIAN,
	.regs_32_bit = true,
	.getpid = 20, .execve = 11, .restart_syscall = 0, .exit_group = 234,
};

#define WIDE_REGS 48
#define WIDE_IP 32
#define WIDE_SP 1
#define WIDE_NR 0
#define NARROW_REGS 48
#define NARROW_IP 32
#define NARROW_SP 1
#define NARROW_NR 0

#define HAS_FORCED_SUCCESS 1

#ifdef __powerpc64__
#define THIS_ABI abi_ppc64
RAW_NATIVE("r14",
	"std	1, 56(14)\n"
	"ld	3, 8(14)\n"
	"ld	4, 16(14)\n"
	"ld	5, 24(14)\n"
	"ld	6, 32(14)\n"
	"ld	7, 40(14)\n"
	"ld	8, 48(14)\n"
	"ld	0, 0(14)\n"
	"sc\n"
	RAW_NATIVE_LABEL
	"std	3, 64(14)\n",
	"r0", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
	"cr0", "ctr", "xer");
#else
#define THIS_ABI abi_ppc
RAW_NATIVE("r14",
	"stw	1, 60(14)\n"
	"lwz	3, 12(14)\n"
	"lwz	4, 20(14)\n"
	"lwz	5, 28(14)\n"
	"lwz	6, 36(14)\n"
	"lwz	7, 44(14)\n"
	"lwz	8, 52(14)\n"
	"lwz	0, 4(14)\n"
	"sc\n"
	RAW_NATIVE_LABEL
	"stw	3, 68(14)\n",
	"r0", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
	"cr0", "ctr", "xer");
#endif

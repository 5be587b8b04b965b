/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mips: n64, n32 and o32, in both byte orders.  o32 has arguments 5 and 6 on
 * the stack.  An error is told by a register of its own.
 */
#define CPU_ABIS(do) do(n64) do(n32) do(o32)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MIPS_LITTLE_ENDIAN 0x40000000
#define MIPS_N64 "mips64el"
#else
#define MIPS_LITTLE_ENDIAN 0
#define MIPS_N64 "mips64"
#endif

static const struct abi abi_n64 = {
	.name = MIPS_N64, .arch = 0x80000008 | MIPS_LITTLE_ENDIAN,
	.getpid = 5038, .execve = 5057, .restart_syscall = 5213,
	.exit_group = 5205,
};

static const struct abi abi_n32 = {
	.name = "n32", .arch = 0xa0000008 | MIPS_LITTLE_ENDIAN,
	.getpid = 6038, .execve = 6057, .restart_syscall = 6214,
	.exit_group = 6205,
};

/* The native ABI of a 32-bit kernel: its folder is called after that, then. */
static const struct abi abi_o32 = {
#if _MIPS_SIM == _ABIO32
	.name = ABI,
#else
	.name = "o32",
#endif
	.arch = 0x00000008 | MIPS_LITTLE_ENDIAN, .regs_32_bit = true,
	.getpid = 4020, .execve = 4011, .restart_syscall = 4253,
	.exit_group = 4246,
};

#define WIDE_REGS 45
#define WIDE_IP 34
#define WIDE_SP 29
#define WIDE_NR 2
#define NARROW_REGS 45
#define NARROW_IP 40
#define NARROW_SP 35
#define NARROW_NR 8

/*
 * A skipped call leaves the registers alone: the one of the number, -1, is the
 * result's, and the fourth argument's, which is not 0, tells an error.
 */
#define SKIPPED_RVAL(args) ((void)(args), 1)
#define SKIPPED_IS_ERROR true

/* EMAXERRNO */
#define LARGEST_ERRNO 1133

#define MIPS_SPOILT							\
	"$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11",	\
	"$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo"

#if _MIPS_SIM == _ABIO32
#define THIS_ABI abi_o32
RAW_NATIVE("$16",
	".set	push\n"
	".set	noreorder\n"
	"addiu	$29, $29, -32\n"
	"sw	$29, 56+" LOW_HALF "($16)\n"
	"lw	$8, 40+" LOW_HALF "($16)\n"
	"sw	$8, 16($29)\n"
	"lw	$8, 48+" LOW_HALF "($16)\n"
	"sw	$8, 20($29)\n"
	"lw	$4, 8+" LOW_HALF "($16)\n"
	"lw	$5, 16+" LOW_HALF "($16)\n"
	"lw	$6, 24+" LOW_HALF "($16)\n"
	"lw	$7, 32+" LOW_HALF "($16)\n"
	"lw	$2, " LOW_HALF "($16)\n"
	"syscall\n"
	RAW_NATIVE_LABEL
	"sw	$2, 64+" LOW_HALF "($16)\n"
	"addiu	$29, $29, 32\n"
	".set	pop\n",
	MIPS_SPOILT);
#else
#if _MIPS_SIM == _ABIN32
#define THIS_ABI abi_n32
#else
#define THIS_ABI abi_n64
#endif
RAW_NATIVE("$16",
	".set	push\n"
	".set	noreorder\n"
	"sd	$29, 56($16)\n"
	"ld	$4, 8($16)\n"
	"ld	$5, 16($16)\n"
	"ld	$6, 24($16)\n"
	"ld	$7, 32($16)\n"
	"ld	$8, 40($16)\n"
	"ld	$9, 48($16)\n"
	"ld	$2, 0($16)\n"
	"syscall\n"
	RAW_NATIVE_LABEL
	"sd	$2, 64($16)\n"
	".set	pop\n",
	MIPS_SPOILT);
#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* parisc, 32-bit.  The stack grows up. */
#define CPU_ABIS(do) do(parisc)

static const struct abi abi_parisc = {
	.name = "parisc", .arch = 0x0000000f, .regs_32_bit = true,
	.getpid = 20, .execve = 11, .restart_syscall = 0, .exit_group = 222,
};
#define THIS_ABI abi_parisc

#define WIDE_REGS 80
#define WIDE_IP 40
#define WIDE_SP 30
#define WIDE_NR 20
#define NARROW_REGS 80
#define NARROW_IP 40
#define NARROW_SP 30
#define NARROW_NR 20
/* The lowest bits are the privilege level. */
#define NARROW_IP_MASK 0xfffffffc
#define STACK_GROWS_UP 1

RAW_NATIVE("r4",
	"stw	%%r30, 60(%%r4)\n"
	"ldw	12(%%r4), %%r26\n"
	"ldw	20(%%r4), %%r25\n"
	"ldw	28(%%r4), %%r24\n"
	"ldw	36(%%r4), %%r23\n"
	"ldw	44(%%r4), %%r22\n"
	"ldw	52(%%r4), %%r21\n"
	"ldw	4(%%r4), %%r20\n"
	"ble	0x100(%%sr2, %%r0)\n"
	"nop\n"
	RAW_NATIVE_LABEL
	"stw	%%r28, 68(%%r4)\n",
	"r1", "r2", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r28",
	"r29", "r31");

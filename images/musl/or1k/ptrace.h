/* SPDX-License-Identifier: GPL-2.0-only */
/* The registers as PTRACE_GETREGSET gives them with NT_PRSTATUS (arch/openrisc/kernel/ptrace.c). */
#ifndef HARNESS_ASM_PTRACE_H
#define HARNESS_ASM_PTRACE_H

struct user_regs_struct {
	unsigned long gpr[32];
	unsigned long pc;
	unsigned long sr;
};

#endif

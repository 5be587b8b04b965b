/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_ASM_SIGCONTEXT_H
#define HARNESS_ASM_SIGCONTEXT_H

#include <asm/ptrace.h>

struct sigcontext {
	struct user_regs_struct regs;
	unsigned long oldmask;
};

#endif

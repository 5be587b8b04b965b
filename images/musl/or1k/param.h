/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_ASM_PARAM_H
#define HARNESS_ASM_PARAM_H

#define EXEC_PAGESIZE 8192

#include <asm-generic/param.h>

#endif

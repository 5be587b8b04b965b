// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of code that is mapped twice: here executable, there writable.  While
 * the call at its end is under way, whoever writes through the other mapping
 * changes what a tracer finds before the instruction pointer.
 */
#include "bare.h"

/* The tests know these. */
#define EXECUTABLE	0x10000000L
#define WRITABLE	0x20000000L

#define PROT_READ	1
#define PROT_WRITE	2
#define PROT_EXEC	4
#define MAP_SHARED	1
#define MAP_FIXED	16

/* mov $20, %eax; int $0x80; ret: i386's getpid, x86_64's writev */
static const char code[] = "\xb8\x14\x00\x00\x00\xcd\x80\xc3";

int tracee(long argc, char **argv, char **envp)
{
	long fd = call6(__NR_memfd_create, (long)"code", 0, 0, 0, 0, 0);
	char *writable = (char *)WRITABLE;
	unsigned int i;

	if (call6(__NR_ftruncate, fd, 4096, 0, 0, 0, 0) < 0 ||
	    call6(__NR_mmap, WRITABLE, 4096, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_FIXED, fd, 0) != WRITABLE ||
	    call6(__NR_mmap, EXECUTABLE, 4096, PROT_READ | PROT_EXEC,
		  MAP_SHARED | MAP_FIXED, fd, 0) != EXECUTABLE)
		return 1;
	for (i = 0; i < sizeof(code); i++)
		writable[i] = code[i];
	__asm__ volatile("call *%0" : : "r"(EXECUTABLE)
			 : "rax", "r8", "r9", "r10", "r11", "memory");
	return 0;
}

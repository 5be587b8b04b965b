// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into builds: anonymous memory that can have a huge page asks for one. gcc's own allocator
 * (gcc/ggc-page.cc) maps 2 MiB at a time and asks for nothing, and most hosts give huge pages only to
 * those that ask (Documentation/admin-guide/mm/transhuge.rst). On a virtual machine without nested
 * paging, first touches and TLB misses are a third of a compiler's time.
 *
 * No C library is linked, so that programs with another than the host's take it, too.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __LP64__
#error "mmap(2) with 64-bit offsets is another system call here"
#endif

#define HUGE_PAGE (2UL << 20)

void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	void *memory = (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);

	/* Advice: where it is not taken, small pages do. */
	if (memory != MAP_FAILED && (flags & MAP_ANONYMOUS) && length >= HUGE_PAGE)
		madvise(memory, length, MADV_HUGEPAGE);
	return memory;
}

void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));

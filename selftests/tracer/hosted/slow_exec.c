// SPDX-License-Identifier: GPL-2.0-only
/*
 * slow_exec PROGRAM: becomes PROGRAM, but hangs within execve() until somebody
 * provides the page in which an argument lies: descriptor 100 is its
 * userfaultfd, the page is at PAGE.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include "hosted.h"

/* The tests know these. */
#define PAGE		0x30000000UL
#define DESCRIPTOR	100

int slow_exec(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	size_t size = sysconf(_SC_PAGESIZE);
	struct uffdio_register range = {
		.range = { PAGE, size }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	char *arguments[] = { argv[1], (char *)PAGE, NULL };
	int fd = syscall(SYS_userfaultfd, 0);

	if (argc < 2 || fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    mmap((void *)PAGE, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != (void *)PAGE ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		return 77;
	if (dup2(fd, DESCRIPTOR) < 0)
		return 1;
	execv(argv[1], arguments);
	return 127;
}

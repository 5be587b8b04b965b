// SPDX-License-Identifier: GPL-2.0-only
/*
 * PTRACE_GET_SYSCALL_INFO is there for CPUs with trace hooks alone
 * (kernel/ptrace.c has it within CONFIG_HAVE_ARCH_TRACEHOOK).  On others it is
 * refused as any unknown request, and a tracer can go by that.
 */
#include <ktap.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>

#define GET_SYSCALL_INFO 0x420e
#define POISON 0xa5

/* CPUs that lack trace hooks on all kernels or on those up to now. */
#if defined(__m68k__) || defined(__alpha__)
#define MAY_LACK_HOOKS 1
#else
#define MAY_LACK_HOOKS 0
#endif

/* A tracee in the entry of a system call, in which there is most to tell. */
static pid_t start_in_entry(void)
{
	int status;
	pid_t pid;

	pid = fork();
	EXPECT_OK(pid);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0L, 0L, 0L);
		raise_here(SIGSTOP);
		for (;;)
			syscall(__NR_gettid);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	       "status 0x%x", status);
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, pid, 0L,
			 (long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)));
	EXPECT_OK(ptrace(PTRACE_SYSCALL, pid, 0L, 0L));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80),
	       "status 0x%x", status);
	return pid;
}

/* System call stops are there, the request is not, and nothing is written. */
CASE(refused_without_trace_hooks)
{
	unsigned char info[88];
	unsigned int i;
	pid_t pid;
	long rc;

	if (!MAY_LACK_HOOKS)
		SKIP("this CPU has trace hooks");
	pid = start_in_entry();
	memset(info, POISON, sizeof(info));
	rc = syscall(__NR_ptrace, GET_SYSCALL_INFO, (long)pid, sizeof(info), info);
	if (rc > 0)
		SKIP("this kernel has trace hooks for this CPU");
	EXPECT_EQ(rc, -1);
	EXPECT_EQ(errno, EIO);
	for (i = 0; i < sizeof(info); i++)
		EXPECT_EQ(info[i], POISON);
}

KTAP_MAIN()

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A filter that has getppid() traced, getuid() answered with an error, getgid()
 * turned into a signal; then makes these calls, and getpid().  Exits with 77 where
 * the kernel has no filters.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include "hosted.h"

/* With three arguments: it then returns by rt_sigreturn() on every architecture. */
static void handle(int signal, siginfo_t *info, void *context)
{
}

#define ANSWER(nr, what)						\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),			\
	BPF_STMT(BPF_RET | BPF_K, what)

int filtered(int argc, char **argv)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ANSWER(SYS_getppid, SECCOMP_RET_TRACE | 77),
		ANSWER(SYS_getuid, SECCOMP_RET_ERRNO | EDOM),
		ANSWER(SYS_getgid, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	sigaction(SIGSYS, &action, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 1;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return errno == EINVAL ? 77 : 1;
	mark(MARK_BEGIN);
	syscall(SYS_getppid);
	syscall(SYS_getuid);
	syscall(SYS_getgid);
	syscall(SYS_getpid);
	return 0;
}

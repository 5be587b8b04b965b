// SPDX-License-Identifier: GPL-2.0-only
/*
 * translate_pid() with arguments that are wrong, and in which order they are
 * found to be.
 */
#include "translate_pid.h"

#include <sys/socket.h>

/* Beyond PID_MAX_LIMIT: no process ever has this number. */
#define NO_PID (4 * 1024 * 1024 + 1)

/* The caller's namespace, through a file descriptor. */
static int own_ns(void)
{
	return pid_ns_of(getpid());
}

/* fd is refused as source and as target, beside either kind of a good one. */
static void expect_refused(int fd, int error)
{
	int own = own_ns();
	pid_t pid = getpid();

	EXPECT_TRANSLATED(pid, fd, -1, -error);
	EXPECT_TRANSLATED(pid, -1, fd, -error);
	EXPECT_TRANSLATED(pid, fd, own, -error);
	EXPECT_TRANSLATED(pid, own, fd, -error);
	EXPECT_TRANSLATED(pid, fd, fd, -error);
	/* Whether there is such a pid does not matter. */
	EXPECT_TRANSLATED(NO_PID, fd, -1, -error);
	EXPECT_TRANSLATED(NO_PID, -1, fd, -error);
	/* The good ones are good. */
	EXPECT_TRANSLATED(pid, own, -1, pid);
	EXPECT_TRANSLATED(pid, -1, own, pid);
}

CASE(closed_fd_is_ebadf)
{
	int fd = own_ns();

	EXPECT_TRANSLATED(getpid(), fd, fd, getpid());
	EXPECT_OK(close(fd));
	/* Not with expect_refused(): it would get the same number again. */
	EXPECT_TRANSLATED(getpid(), fd, -1, -EBADF);
	EXPECT_TRANSLATED(getpid(), -1, fd, -EBADF);
	EXPECT_TRANSLATED(NO_PID, fd, fd, -EBADF);
}

CASE(fd_never_opened_is_ebadf)
{
	expect_refused(1000, EBADF);
	expect_refused(INT_MAX, EBADF);
}

CASE(o_path_fd_is_ebadf)
{
	int followed = open("/proc/self/ns/pid", O_PATH);
	int link = open("/proc/self/ns/pid", O_PATH | O_NOFOLLOW);

	EXPECT_OK(followed);
	EXPECT_OK(link);
	expect_refused(followed, EBADF);
	expect_refused(link, EBADF);
}

CASE(regular_file_is_einval)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	EXPECT_OK(fd);
	expect_refused(fd, EINVAL);
}

CASE(proc_file_is_einval)
{
	int fd = open("/proc/self/status", O_RDONLY);

	EXPECT_OK(fd);
	expect_refused(fd, EINVAL);
}

CASE(directory_is_einval)
{
	int fd = open("/proc/self/ns", O_RDONLY | O_DIRECTORY);

	EXPECT_OK(fd);
	expect_refused(fd, EINVAL);
}

CASE(pipe_and_socket_are_einval)
{
	int fds[2], sockets[2];

	EXPECT_OK(pipe(fds));
	expect_refused(fds[0], EINVAL);
	expect_refused(fds[1], EINVAL);
	EXPECT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	expect_refused(sockets[0], EINVAL);
}

CASE(pidfd_is_einval)
{
	int fd = syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0 && errno == ENOSYS)
		SKIP("this kernel has no pidfd_open()");
	EXPECT_OK(fd);
	expect_refused(fd, EINVAL);
}

/* Files of the same file system as the right ones. */
static void expect_kind_refused(const char *name)
{
	int fd = open_ns(getpid(), name);

	if (fd < 0 && errno == ENOENT)
		SKIP("this kernel has no /proc/PID/ns/%s", name);
	EXPECT_OK(fd);
	expect_refused(fd, EINVAL);
}

CASE(user_namespace_is_einval)
{
	expect_kind_refused("user");
}

CASE(mnt_namespace_is_einval)
{
	expect_kind_refused("mnt");
}

CASE(net_namespace_is_einval)
{
	expect_kind_refused("net");
}

CASE(ipc_namespace_is_einval)
{
	expect_kind_refused("ipc");
}

CASE(uts_namespace_is_einval)
{
	expect_kind_refused("uts");
}

CASE(cgroup_namespace_is_einval)
{
	expect_kind_refused("cgroup");
}

CASE(time_namespace_is_einval)
{
	expect_kind_refused("time");
}

CASE(source_is_checked_before_target)
{
	int file = open("/proc/self/exe", O_RDONLY);

	EXPECT_OK(file);
	EXPECT_TRANSLATED(getpid(), 1000, file, -EBADF);
	EXPECT_TRANSLATED(getpid(), file, 1000, -EINVAL);
}

CASE(pid_that_is_no_pid_is_esrch)
{
	static const pid_t no_pids[] = {
		0, -1, -2, INT_MIN, INT_MAX, NO_PID,
	};
	int own = own_ns(), fds[] = { -1, own };
	unsigned int i, s, t;

	for (i = 0; i < sizeof(no_pids) / sizeof(*no_pids); i++)
		for (s = 0; s < 2; s++)
			for (t = 0; t < 2; t++)
				EXPECT_TRANSLATED(no_pids[i], fds[s], fds[t],
						  -ESRCH);
	/* Not "the process group of", whose number exists. */
	EXPECT_TRANSLATED(-getpgrp(), -1, -1, -ESRCH);
	EXPECT_TRANSLATED(getpgrp(), -1, -1, getpgrp());
}

#if __SIZEOF_LONG__ == 8
/* The upper halves of the registers mean nothing. */
CASE(arguments_are_ints)
{
	unsigned long junk = 0xdeadbeef00000000UL;
	int own = own_ns();
	long got;

	got = syscall(__NR_translate_pid, junk | getpid(), junk | own,
		      junk | own);
	EXPECT_EQ(got, getpid());
	got = syscall(__NR_translate_pid, junk | getpid(), 0xffffffffUL, -1L);
	EXPECT_EQ(got, getpid());
	got = syscall(__NR_translate_pid, junk | getpid(), junk | 1000,
		      junk | own);
	EXPECT(got == -1 && errno == EBADF, "%ld, errno %d", got, errno);
}
#endif

KTAP_MAIN(.skip_all = no_translate_pid)

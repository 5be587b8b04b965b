/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * translate_pid(), and what every program of this suite needs around it: the
 * number of the system call, processes in new pid namespaces, file descriptors
 * of namespaces, and the pids of a process as /proc/PID/status tells them
 * (which is where the expected answers come from).
 */
#ifndef SELFTESTS_TRANSLATE_PID_H
#define SELFTESTS_TRANSLATE_PID_H

#include "ktap.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef __NR_translate_pid
#if defined(__alpha__)
#define __NR_translate_pid 711
#elif defined(__mips__) && _MIPS_SIM == _ABIO32
#define __NR_translate_pid 4601
#elif defined(__mips__) && _MIPS_SIM == _ABI64
#define __NR_translate_pid 5601
#elif defined(__mips__)
#define __NR_translate_pid 6601
#elif defined(__x86_64__) && defined(__ILP32__)
#define __NR_translate_pid (0x40000000 + 601)
#else
#define __NR_translate_pid 601
#endif
#endif

/* <linux/nsfs.h> of Linux 6.11; by number, as older headers do not have them. */
#define IOCTL_GET_PID_FROM_PIDNS _IOR(0xb7, 0x6, int)
#define IOCTL_GET_PID_IN_PIDNS _IOR(0xb7, 0x8, int)

/* MAX_PID_NS_LEVEL of the kernel, plus the initial namespace. */
#define MAX_LEVELS 33

/* The system call: a pid, 0, or -1 and errno. */
static inline pid_t translate_pid(pid_t pid, int source, int target)
{
	return syscall(__NR_translate_pid, pid, source, target);
}

/* The same with the error in the result: a pid, 0, or -errno. */
static inline int translated(pid_t pid, int source, int target)
{
	int got = translate_pid(pid, source, target);

	return got == -1 ? -errno : got;
}

/* For KTAP_MAIN(.skip_all): why nothing here can be tested, or NULL. */
static inline const char *no_translate_pid(void)
{
	if (translate_pid(getpid(), -1, -1) == -1 && errno == ENOSYS)
		return "this kernel has no translate_pid()";
	return NULL;
}

/* Ends the case unless translate_pid(pid, source, target) is want (or -errno). */
#define EXPECT_TRANSLATED(pid, source, target, want)			\
	do {								\
		pid_t et_pid = (pid);					\
		int et_source = (source), et_target = (target);		\
		int et_got = translated(et_pid, et_source, et_target);	\
		int et_want = (want);					\
									\
		if (et_got != et_want)					\
			FAIL("translate_pid(%s = %d, %s = %d, %s = %d) is %d, expected %s = %d", \
			     #pid, et_pid, #source, et_source, #target,	\
			     et_target, et_got, #want, et_want);	\
	} while (0)

/* Memory which all processes of a case share; zeroed. */
static inline void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EXPECT(p != MAP_FAILED, "mmap: %s", strerror(errno));
	return p;
}

/* A child which ends when its parent does, so that no case leaves any behind. */
static inline pid_t spawn(void)
{
	pid_t pid = fork();

	EXPECT(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Waits for a child: its wait status. */
static inline int reap(pid_t pid)
{
	int status;

	EXPECT(waitpid(pid, &status, 0) == pid, "waitpid(%d): %s", pid,
	       strerror(errno));
	return status;
}

/* Waits until a child is a zombie, and leaves it one. */
static inline void wait_zombie(pid_t pid)
{
	siginfo_t info;

	EXPECT_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
}

static inline void kill_and_reap(pid_t pid)
{
	EXPECT_OK(kill(pid, SIGKILL));
	reap(pid);
}

/* Waits for a child which does a part of the case; it must have passed. */
static inline void join(pid_t pid)
{
	int status = reap(pid);

	EXPECT(WIFEXITED(status), "child killed by signal %d",
	       WTERMSIG(status));
	if (WEXITSTATUS(status) != KTAP_CASE_PASS)
		_exit(WEXITSTATUS(status));
}

struct in_new_ns {
	void (*run)(void *arg);
	void *arg;
};

static inline int run_in_new_ns(void *p)
{
	struct in_new_ns *what = p;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	what->run(what->arg);
	_exit(KTAP_CASE_PASS);
}

/*
 * Runs run(arg) as the init process of a new pid namespace.  Returns its pid
 * in the caller's namespace.
 */
static inline pid_t spawn_init(void (*run)(void *arg), void *arg)
{
	struct in_new_ns what = { run, arg };
	size_t size = 256 * 1024;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	EXPECT(stack != MAP_FAILED, "mmap: %s", strerror(errno));
#ifdef __hppa__
	pid = clone(run_in_new_ns, stack, CLONE_NEWPID | SIGCHLD, &what);
#else
	pid = clone(run_in_new_ns, stack + size, CLONE_NEWPID | SIGCHLD, &what);
#endif
	EXPECT(pid > 0, "clone(CLONE_NEWPID): %s", strerror(errno));
	munmap(stack, size);
	return pid;
}

/* A run() for spawn_init(): reaps what is reparented to it, does nothing else. */
static inline void idle_init(void *unused)
{
	for (;;) {
		while (waitpid(-1, NULL, 0) > 0)
			;
		/* Bounded, since a child may be reparented before the pause. */
		usleep(1000);
	}
}

/* Forks into the pid namespace of fd.  Returns as fork() does. */
static inline pid_t spawn_into(int fd)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	EXPECT_OK(own);
	EXPECT_OK(setns(fd, CLONE_NEWPID));
	pid = spawn();
	if (pid)
		EXPECT_OK(setns(own, CLONE_NEWPID));
	close(own);
	return pid;
}

/* open("/proc/PID/ns/NAME"): the file descriptor, or -1 and errno. */
static inline int open_ns(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The same for a pid namespace which must be there. */
static inline int pid_ns_of(pid_t pid)
{
	int fd = open_ns(pid, "pid");

	EXPECT(fd >= 0, "open /proc/%d/ns/pid: %s", pid, strerror(errno));
	return fd;
}

/* The caller's pid in the namespace of the procfs, which is the outermost. */
static inline pid_t outer_pid(void)
{
	char link[32] = "";

	EXPECT(readlink("/proc/self", link, sizeof(link) - 1) > 0,
	       "readlink /proc/self: %s", strerror(errno));
	return atoi(link);
}

/*
 * The NSpid line of a status file: the pids of its task, from the namespace of
 * the procfs inwards.  Returns how many there are.
 */
static inline int read_nspid(const char *path, pid_t nr[MAX_LEVELS])
{
	FILE *f = fopen(path, "re");
	char line[512], *p;
	int n = 0;

	EXPECT(f, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "NSpid:", 6))
			continue;
		for (p = line + 6; n < MAX_LEVELS; n++) {
			char *end;
			long v = strtol(p, &end, 10);

			if (end == p)
				break;
			nr[n] = v;
			p = end;
		}
	}
	fclose(f);
	EXPECT(n > 0, "%s has no NSpid line", path);
	return n;
}

static inline int nspid_of(pid_t pid, pid_t nr[MAX_LEVELS])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return read_nspid(path, nr);
}

/* Uses up n pids, so that the same process has other numbers further in. */
static inline void burn_pids(int n)
{
	while (n-- > 0) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		EXPECT(pid > 0, "fork: %s", strerror(errno));
		reap(pid);
	}
}

/* One byte says "go on"; the other end has died when there is none. */
static inline void signal_pipe(int fd)
{
	EXPECT(write(fd, "", 1) == 1, "write: %s", strerror(errno));
}

static inline void wait_pipe(int fd)
{
	char c;

	EXPECT(read(fd, &c, 1) == 1, "the other process has ended");
}

#endif /* SELFTESTS_TRANSLATE_PID_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of this suite share: the system call and its structure as
 * this suite understands them (written down here again, not taken from the
 * kernel's headers, so that a change of the ABI is noticed), and the ways to
 * bring a process into the call before something happens to it.
 */
#ifndef SELFTESTS_WAIT6_H
#define SELFTESTS_WAIT6_H

#include "ktap.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef __NR_wait6
# if defined(__x86_64__) && defined(__ILP32__)
#  define __NR_wait6 (__X32_SYSCALL_BIT + 600)
# elif defined(__alpha__)
#  define __NR_wait6 710
# elif defined(__mips__) && _MIPS_SIM == _ABIO32
#  define __NR_wait6 4600
# elif defined(__mips__) && _MIPS_SIM == _ABI64
#  define __NR_wait6 5600
# elif defined(__mips__) && _MIPS_SIM == _ABIN32
#  define __NR_wait6 6600
# elif defined(__ia64__)
#  define __NR_wait6 1624
# else
#  define __NR_wait6 600
# endif
#endif

/* glibc's sigset_t is larger than the kernel's. */
#define KERNEL_SIGSET_SIZE (_NSIG / 8)

struct time64 {
	int64_t sec;
	int64_t nsec;
};

struct rusage_ts64 {
	struct time64 utime;
	struct time64 stime;
	int64_t maxrss;
	int64_t ixrss;
	int64_t idrss;
	int64_t isrss;
	int64_t minflt;
	int64_t majflt;
	int64_t nswap;
	int64_t inblock;
	int64_t oublock;
	int64_t msgsnd;
	int64_t msgrcv;
	int64_t nsignals;
	int64_t nvcsw;
	int64_t nivcsw;
};

_Static_assert(sizeof(struct rusage_ts64) == 144, "18 fields of 64 bits");
_Static_assert(offsetof(struct rusage_ts64, stime) == 16, "no padding");
_Static_assert(offsetof(struct rusage_ts64, maxrss) == 32, "no padding");
_Static_assert(offsetof(struct rusage_ts64, nivcsw) == 136, "no padding");

/* wait6() with a size of the mask that may be wrong. */
static inline pid_t wait6_size(pid_t pid, int *status, int options,
			       struct rusage_ts64 *ru, const void *mask,
			       size_t size)
{
	return syscall(__NR_wait6, pid, status, options, ru, mask, size);
}

static inline pid_t wait6(pid_t pid, int *status, int options,
			  struct rusage_ts64 *ru, const sigset_t *mask)
{
	return wait6_size(pid, status, options, ru, mask, KERNEL_SIGSET_SIZE);
}

/* Memory which the processes of a case share, zeroed. */
static inline void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EXPECT(p != MAP_FAILED, "mmap: %s", strerror(errno));
	return p;
}

/*
 * The end of a writable page behind which nothing is mapped: the last byte
 * that can be accessed is the one before the address returned.
 */
static inline char *end_of_page(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(p != MAP_FAILED, "mmap: %s", strerror(errno));
	EXPECT_OK(munmap(p + page, page));
	return p + page;
}

static inline void set_of(sigset_t *set, int sig1, int sig2)
{
	sigemptyset(set);
	if (sig1)
		sigaddset(set, sig1);
	if (sig2)
		sigaddset(set, sig2);
}

static inline void block(int sig)
{
	sigset_t set;

	set_of(&set, sig, 0);
	EXPECT_OK(sigprocmask(SIG_BLOCK, &set, NULL));
}

static inline bool is_pending(int sig)
{
	sigset_t set;

	EXPECT_OK(sigpending(&set));
	return sigismember(&set, sig) == 1;
}

/* How often count_signal() has run, and for which signal last. */
static volatile sig_atomic_t handled;
static volatile sig_atomic_t handled_signal;

static inline void count_signal(int sig)
{
	handled++;
	handled_signal = sig;
}

static inline void on_signal(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&sa.sa_mask);
	EXPECT_OK(sigaction(sig, &sa, NULL));
}

/* A child that does nothing until a signal ends it. */
static inline pid_t start_idle_child(void)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		signal(SIGUSR1, SIG_DFL);
		signal(SIGUSR2, SIG_DFL);
		for (;;)
			sigsuspend(&none);
	}
	return pid;
}

/* Waits until @pid is a zombie, and leaves it one. */
static inline void await_zombie(pid_t pid)
{
	siginfo_t info;

	EXPECT_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
}

/* A child that has ended with exit status @code and is not reaped yet. */
static inline pid_t start_zombie(int code)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (pid == 0)
		_exit(code);
	await_zombie(pid);
	return pid;
}

/* Reaps @pid by a call other than the one under test; must be reapable. */
static inline void expect_unreaped(pid_t pid)
{
	int status;
	pid_t got = waitpid(pid, &status, WNOHANG);

	EXPECT(got == pid, "child %d should still be there to be reaped, waitpid gives %d: %s",
	       (int)pid, (int)got, got < 0 ? strerror(errno) : "");
}

static inline void expect_gone(pid_t pid)
{
	EXPECT(waitpid(pid, NULL, WNOHANG) == -1 && errno == ECHILD,
	       "child %d should have been reaped", (int)pid);
}

static inline void expect_exit(int status, int code)
{
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == code,
	       "status 0x%x, want exit %d", status, code);
}

/* The call failed with @error. */
static inline void expect_error(pid_t got, int error)
{
	int seen = errno;

	EXPECT(got == -1, "the call gave %d, want %s", (int)got,
	       strerror(error));
	EXPECT(seen == error, "error %s, want %s", strerror(seen),
	       strerror(error));
}

/* What /proc/<tid>/@name says in @text; false where there is no such file. */
static inline bool read_of_task(pid_t tid, const char *name, char *text, size_t size)
{
	char path[40];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0 && errno == ENOENT)
		return false;
	EXPECT(fd >= 0, "%s: %s", path, strerror(errno));
	len = read(fd, text, size - 1);
	close(fd);
	text[len > 0 ? len : 0] = 0;
	return true;
}

/* Whether /proc/<tid>/syscall tells the call in which a task sleeps. */
static bool calls_are_told;

/*
 * Finds that out, by a child that reads from an empty pipe.  The file takes
 * trace hooks (HAVE_ARCH_TRACEHOOK), and tells nothing of a task that is not
 * traced on arm before 4e57a4ddf6b0 ("ARM: 9107/1: syscall: always store
 * thread_info->abi_syscall") of 5.15.
 */
static inline void find_whether_calls_are_told(void)
{
	char text[400] = "";
	struct iovec one = { .iov_base = text, .iov_len = 1 };
	int ends[2];
	pid_t pid;

	EXPECT_OK(pipe(ends));
	pid = fork();
	EXPECT_OK(pid);
	if (pid == 0) {
		close(ends[1]);
		/* read() is number 0 somewhere, as is what is not known */
		syscall(SYS_readv, ends[0], &one, 1);
		_exit(0);
	}
	while (!strstr(text, ") S ")) {
		usleep(200);
		EXPECT(read_of_task(pid, "stat", text, sizeof(text)), "no task %d",
		       (int)pid);
	}
	if (read_of_task(pid, "syscall", text, sizeof(text)))
		calls_are_told = atoi(text) == (int)SYS_readv;
	close(ends[0]);
	close(ends[1]);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

/* For KTAP_MAIN(.skip_all): the reason why nothing can be tested, or NULL. */
static inline const char *no_wait6(void)
{
	if (wait6(-1, NULL, WNOHANG, NULL, NULL) < 0 && errno == ENOSYS)
		return "this kernel has no wait6() for this ABI (ENOSYS)";
	find_whether_calls_are_told();
	return NULL;
}

/*
 * Waits until the task (a process or a thread) sleeps in wait6(), as
 * /proc/<tid>/syscall tells it, which shows a number only for a task that is
 * off the CPU.  A signal sent from then on finds the call sleeping.
 * Where that file does not tell, any sleep has to do: those who are awaited do
 * not sleep on their way to wait6().
 */
static inline void await_in_wait6(pid_t tid)
{
	char text[400];

	for (;;) {
		if (calls_are_told) {
			/* "running" is 0 to atoi() */
			EXPECT(read_of_task(tid, "syscall", text, sizeof(text)),
			       "no task %d", (int)tid);
			if (atoi(text) == (int)__NR_wait6)
				return;
		} else {
			EXPECT(read_of_task(tid, "stat", text, sizeof(text)),
			       "no task %d", (int)tid);
			if (strstr(text, ") S "))
				return;
		}
		usleep(200);
	}
}

/* Sends @sig to @target as soon as the latter sleeps in wait6(). */
static inline pid_t start_sender(pid_t target, int sig)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (pid == 0) {
		await_in_wait6(target);
		EXPECT_OK(kill(target, sig));
		_exit(0);
	}
	return pid;
}

#endif /* SELFTESTS_WAIT6_H */

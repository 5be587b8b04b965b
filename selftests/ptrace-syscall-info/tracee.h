/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracees whose every system call is known beforehand: how they are started,
 * stopped, resumed, and what their registers say.
 */
#ifndef TRACEE_H
#define TRACEE_H

#include <ktap.h>

#include <elf.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "raw_syscall.h"
#include "syscall_info.h"

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define EVENT_STOP(event) (SIGTRAP | (event) << 8)
#define MAX_CALLS 32

/* One call of a tracee, and what the tracer has to be shown of it. */
struct call {
	int how;
	struct raw_call raw;
	uint64_t nr;		/* as shown */
	int64_t rval;
	bool is_error;
	bool ends_the_tracee;
};

/* Memory of tracer and tracee; on x86 below 4 GiB so that int $0x80 can use it. */
struct shared {
	struct call calls[MAX_CALLS];
	unsigned int count;
	char empty[8];		/* the path name "" */
	char path[64] __attribute__((aligned(8)));
	uint32_t argv[2];	/* of execve() by int $0x80 */
};

static struct shared *shared;

/* Maps the shared memory; to be called first in each case that uses it. */
static inline void shared_init(void)
{
	int flags = MAP_SHARED | MAP_ANONYMOUS;

#ifdef MAP_32BIT
	flags |= MAP_32BIT;
#endif
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, flags, -1, 0);
	EXPECT(shared != MAP_FAILED, "mmap: %s", strerror(errno));
}

/*
 * Appends a call of number @nr with the six @args, cut to the size of the
 * registers, and with the expected result.
 */
static inline struct call *add_call_args(int how, int64_t nr,
					 const uint64_t args[6], int64_t rval)
{
	struct call *c = &shared->calls[shared->count++];
	int i;

	EXPECT(shared->count <= MAX_CALLS, "too many calls");
	*c = (struct call){
		.how = how, .nr = SHOWN_NR(nr), .rval = rval,
		.is_error = rval < 0 && rval >= -LARGEST_ERRNO,
		.raw.nr = nr,
	};
	for (i = 0; i < 6; i++)
		c->raw.args[i] = abi_of_call(how)->regs_32_bit ?
				  (uint32_t)args[i] : args[i];
	return c;
}

/* The same with PATTERN(i) in each argument; @first replaces the first one. */
static inline struct call *add_call_first(int how, int64_t nr,
					  uint64_t first, int64_t rval)
{
	const uint64_t args[6] = {
		first, PATTERN(1), PATTERN(2), PATTERN(3), PATTERN(4), PATTERN(5),
	};

	return add_call_args(how, nr, args, rval);
}

static inline struct call *add_call(int how, int64_t nr, int64_t rval)
{
	return add_call_first(how, nr, PATTERN(0), rval);
}

static inline void add_exit(int status)
{
	add_call_first(NATIVE, __NR_exit_group, status, 0)->ends_the_tracee = true;
}

/* What a tracee does; it makes no other call than those of the table. */
static inline void run_calls(void)
{
	unsigned int i;

	for (i = 0; i < shared->count; i++)
		raw_syscall(shared->calls[i].how, &shared->calls[i].raw);
}

/* Stops the calling tracee in the delivery of a signal. */
static inline void sync_stop(void)
{
	syscall(__NR_tgkill, getpid(), (long)syscall(__NR_gettid), SIGSTOP);
}

static inline int wait_for(pid_t pid)
{
	int status;
	pid_t got;

	do {
		got = waitpid(pid, &status, __WALL);
	} while (got < 0 && errno == EINTR);
	EXPECT(got == pid, "waitpid(%d) is %d: %s", pid, got, strerror(errno));
	return status;
}

/* Resumes the tracee by @request with signal @sig. */
static inline void resume(pid_t pid, int request, int sig)
{
	EXPECT(!ptrace(request, pid, 0L, (long)sig), "request %d: %s", request,
	       strerror(errno));
}

/* The same, and waits for its next stop or end. */
static inline int resume_wait(pid_t pid, int request, int sig)
{
	resume(pid, request, sig);
	return wait_for(pid);
}

/* A stop that nobody expected, for people: of a system call also which, or its result. */
static inline const char *tell_stop(pid_t pid, int status)
{
	static char text[100];
	struct syscall_info info;
	int length = snprintf(text, sizeof(text), "status 0x%x", status);

	if (!WIFSTOPPED(status) || status >> 8 != SYSCALL_STOP ||
	    get_syscall_info(pid, sizeof(info), &info) < 0)
		return text;
	if (info.op == INFO_ENTRY)
		snprintf(text + length, sizeof(text) - length,
			 " (call %lld begins)", (long long)info.entry.nr);
	if (info.op == INFO_EXIT)
		snprintf(text + length, sizeof(text) - length,
			 " (a call gives %lld)", (long long)info.exit.rval);
	return text;
}

/* Resumes by PTRACE_SYSCALL, and expects the stop @stop. */
#define next_stop(pid, stop)						\
	do {								\
		int ns_got = resume_wait(pid, PTRACE_SYSCALL, 0);	\
									\
		EXPECT(WIFSTOPPED(ns_got) && ns_got >> 8 == (stop),	\
		       "%s, not a stop of 0x%x", tell_stop(pid, ns_got), \
		       (stop));						\
	} while (0)

#define next_syscall_stop(pid) next_stop(pid, SYSCALL_STOP)

static inline void expect_gone(pid_t pid, int request, int status)
{
	int got = resume_wait(pid, request, 0);

	EXPECT(WIFEXITED(got) && WEXITSTATUS(got) == status, "status 0x%x", got);
}

/*
 * Starts a tracee that runs @run once it is resumed from the SIGSTOP in which
 * it is when this returns.  It dies with its tracer.
 */
static inline pid_t start_tracee(void (*run)(void), long options)
{
	pid_t pid = fork();
	int status;

	EXPECT_OK(pid);
	if (!pid) {
		EXPECT_OK(ptrace(PTRACE_TRACEME, 0, 0, 0));
		sync_stop();
		run();
		_exit(0);
	}
	status = wait_for(pid);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	       "status 0x%x", status);
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, pid, 0L, options | PTRACE_O_EXITKILL));
	return pid;
}

/* The registers of a stopped tracee; which member depends on iov_len. */
union regs {
	uint64_t wide[WIDE_REGS];
	uint32_t narrow[NARROW_REGS];
};

/* Return: whether they are those of 32-bit code. */
static inline bool get_regs(pid_t pid, union regs *regs)
{
	struct iovec iov = { .iov_base = regs, .iov_len = sizeof(*regs) };

	EXPECT_OK(ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov));
	if (iov.iov_len == sizeof(regs->narrow))
		return true;
	EXPECT_EQ(iov.iov_len, sizeof(regs->wide));
	return false;
}

/* What the registers say of the place, without the request. */
struct frame {
	uint64_t ip, sp;
	bool regs_32_bit;
};

static inline struct frame get_frame(pid_t pid)
{
	union regs regs;

	if (get_regs(pid, &regs))
		return (struct frame){ regs.narrow[NARROW_IP] & NARROW_IP_MASK,
				       regs.narrow[NARROW_SP], true };
	return (struct frame){ regs.wide[WIDE_IP], regs.wide[WIDE_SP], false };
}

/* Changes the number that the kernel is about to act on. */
static inline void set_nr(pid_t pid, long nr)
{
#ifdef SET_NR
	EXPECT_OK(SET_NR(pid, nr));
#else
	struct iovec iov;
	union regs regs;

	iov.iov_base = &regs;
	if (get_regs(pid, &regs)) {
		iov.iov_len = sizeof(regs.narrow);
		regs.narrow[NARROW_NR] = nr;
	} else {
		iov.iov_len = sizeof(regs.wide);
		regs.wide[WIDE_NR] = nr;
	}
	EXPECT_OK(ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov));
#endif
}

#endif /* TRACEE_H */

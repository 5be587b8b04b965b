// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stops which are no system call stops, and what keeps the tracer's idea of
 * entry and exit apart from the kernel's: signals, PTRACE_CONT, steps,
 * restarts, PTRACE_SYSEMU.  Events of fork and exit are in events.c.
 */
#include "expect.h"

static unsigned long event_message(pid_t pid)
{
	unsigned long message = 0;

	EXPECT_OK(ptrace(PTRACE_GETEVENTMSG, pid, 0L, &message));
	return message;
}

static pid_t start_calls(void)
{
	return start_tracee(run_calls, PTRACE_O_TRACESYSGOOD);
}

static void expect_signal_stop(int status, int sig)
{
	EXPECT(WIFSTOPPED(status) && status >> 8 == sig,
	       "status 0x%x, not a stop of signal %d", status, sig);
}

/* Calls kill(getpid(), @sig) and three calls that are easy to tell. */
static void add_kill_and_three(pid_t pid, int sig)
{
	add_call_args(NATIVE, __NR_kill, (uint64_t[6]){ pid, sig }, 0);
	add_call(NATIVE, __NR_getuid, getuid());
	add_call(NATIVE, __NR_getgid, getgid());
	add_exit(0);
}

/*
 * Without the option no stop is recognised as one of a system call, although
 * the message of the stop tells entry and exit all the same.
 */
CASE(without_tracesysgood_always_none)
{
	pid_t pid;
	int i;

	shared_init();
	pid = start_tracee(run_calls, 0);
	add_kill_and_three(pid, SIGUSR1);
	next_stop(pid, SIGTRAP);
	EXPECT_EQ(event_message(pid), EVENTMSG_ENTRY);
	expect_none(pid, THIS_ABI.arch);
	expect_place(pid, &shared->calls[0]);
	next_stop(pid, SIGTRAP);
	EXPECT_EQ(event_message(pid), EVENTMSG_EXIT);
	expect_none(pid, THIS_ABI.arch);
	next_stop(pid, SIGUSR1);
	expect_none(pid, THIS_ABI.arch);
	for (i = 0; i < 2; i++) {
		next_stop(pid, SIGTRAP);
		EXPECT_EQ(event_message(pid), EVENTMSG_ENTRY);
		expect_none(pid, THIS_ABI.arch);
		next_stop(pid, SIGTRAP);
		EXPECT_EQ(event_message(pid), EVENTMSG_EXIT);
		expect_none(pid, THIS_ABI.arch);
	}
	/* The option decides at the next stop, not at the next call. */
	next_stop(pid, SIGTRAP);
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, pid, 0L,
			 PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	expect_none(pid, THIS_ABI.arch);
	expect_gone(pid, PTRACE_SYSCALL, 0);
}

/* The option switched in the middle of a call: the exit is told, or not. */
CASE(tracesysgood_switched_in_a_call)
{
	pid_t pid;

	shared_init();
	pid = start_tracee(run_calls, 0);
	add_kill_and_three(pid, 0);
	next_stop(pid, SIGTRAP);
	expect_none(pid, THIS_ABI.arch);
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, pid, 0L, PTRACE_O_TRACESYSGOOD));
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, 0, false);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, shared->calls[1].raw.args);
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, pid, 0L, PTRACE_O_EXITKILL));
	next_stop(pid, SIGTRAP);
	expect_none(pid, THIS_ABI.arch);
}

CASE(signal_stop_is_none)
{
	static const int signals[] = { SIGUSR1, SIGTRAP, SIGTERM, SIGSTOP, SIGCHLD };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		shared_init();
		pid = start_calls();
		add_kill_and_three(pid, signals[i]);
		next_syscall_stop(pid);
		expect_entry(pid, THIS_ABI.arch, __NR_kill, NULL);
		next_syscall_stop(pid);
		expect_exit(pid, THIS_ABI.arch, 0, false);
		next_stop(pid, signals[i]);
		expect_none(pid, THIS_ABI.arch);
		expect_place_at(pid, &shared->calls[0], SIGNAL_IP);
		/* Suppressed; entry and exit go on as if nothing had been. */
		next_syscall_stop(pid);
		expect_entry(pid, THIS_ABI.arch, __NR_getuid, NULL);
		next_syscall_stop(pid);
		expect_exit(pid, THIS_ABI.arch, getuid(), false);
	}
}

static void run_fault(void)
{
	volatile uintptr_t nowhere = 8;

	*(volatile int *)nowhere = 1;
}

/* A fault, not a call, took the tracee into the kernel. */
CASE(fault_stop_is_none)
{
	pid_t pid = start_tracee(run_fault, PTRACE_O_TRACESYSGOOD);

	next_stop(pid, SIGSEGV);
	expect_none(pid, ARCH_OUTSIDE_CALLS);
}

/*
 * A signal that claims the si_code of a system call stop is a signal: there is
 * no message with it.
 */
CASE(forged_si_code_is_none)
{
	siginfo_t *si;
	pid_t pid;

	shared_init();
	si = mmap(NULL, sizeof(*si), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(si != MAP_FAILED, "mmap: %s", strerror(errno));
	si->si_signo = SIGTRAP;
	si->si_code = SYSCALL_STOP;
	pid = start_calls();
	add_call_args(NATIVE, __NR_rt_sigqueueinfo,
		      (uint64_t[6]){ pid, SIGTRAP, (uintptr_t)si }, 0);
	add_exit(0);
	next_syscall_stop(pid);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, 0, false);
	next_stop(pid, SIGTRAP);
	memset(si, 0, sizeof(*si));
	EXPECT_OK(ptrace(PTRACE_GETSIGINFO, pid, 0L, si));
	EXPECT_EQ(si->si_code, SYSCALL_STOP);
	expect_none(pid, THIS_ABI.arch);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_exit_group, NULL);
}

/* Group stop of a tracee that was not seized: there is no siginfo at all. */
CASE(group_stop_is_none)
{
	siginfo_t si;
	pid_t pid;

	shared_init();
	pid = start_calls();
	add_kill_and_three(pid, SIGSTOP);
	expect_signal_stop(resume_wait(pid, PTRACE_CONT, 0), SIGSTOP);
	expect_none(pid, THIS_ABI.arch);
	EXPECT_OK(ptrace(PTRACE_GETSIGINFO, pid, 0L, &si));
	expect_signal_stop(resume_wait(pid, PTRACE_CONT, SIGSTOP), SIGSTOP);
	EXPECT_EQ(ptrace(PTRACE_GETSIGINFO, pid, 0L, &si), -1);
	EXPECT_EQ(errno, EINVAL);
	expect_none(pid, THIS_ABI.arch);
	expect_place_at(pid, &shared->calls[0], SIGNAL_IP);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, NULL);
}


/* Stops that only a seized tracee has: PTRACE_EVENT_STOP in both its uses. */
CASE(event_stop_is_none)
{
	int fds[2], status;
	char byte = 0;
	pid_t pid;

	shared_init();
	EXPECT_OK(pipe(fds));
	/* Blocks until the tracer writes a byte. */
	add_call_args(NATIVE, __NR_read,
		      (uint64_t[6]){ fds[0], (uintptr_t)shared->path, 1 }, 1);
	pid = fork();
	EXPECT_OK(pid);
	if (!pid) {
		run_calls();
		_exit(1);
	}
	add_kill_and_three(pid, SIGSTOP);
	EXPECT_OK(ptrace(PTRACE_SEIZE, pid, 0L,
			 PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	EXPECT_OK(ptrace(PTRACE_INTERRUPT, pid, 0L, 0L));
	status = wait_for(pid);
	EXPECT(status >> 8 == EVENT_STOP(PTRACE_EVENT_STOP), "status 0x%x", status);
	/* Where it is depends on how far it has come. */
	expect_none(pid, ANY_ARCH);
	EXPECT_EQ(write(fds[1], &byte, 1), 1);

	status = resume_wait(pid, PTRACE_CONT, 0);
	expect_signal_stop(status, SIGSTOP);
	expect_none(pid, THIS_ABI.arch);
	status = resume_wait(pid, PTRACE_CONT, SIGSTOP);
	EXPECT(status >> 8 == (SIGSTOP | PTRACE_EVENT_STOP << 8),
	       "status 0x%x is no group stop", status);
	expect_none(pid, THIS_ABI.arch);
	expect_place_at(pid, &shared->calls[1], SIGNAL_IP);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, shared->calls[2].raw.args);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, getuid(), false);
}

/*
 * The exit of a call is not told because of PTRACE_CONT, then the next call's
 * entry is an entry: a tracer that counts stops would call it an exit.
 */
CASE(cont_does_not_invert)
{
	pid_t pid;

	shared_init();
	pid = start_calls();
	add_kill_and_three(pid, SIGUSR1);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_kill, NULL);
	expect_signal_stop(resume_wait(pid, PTRACE_CONT, 0), SIGUSR1);
	expect_none(pid, THIS_ABI.arch);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, shared->calls[1].raw.args);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, getuid(), false);
	expect_gone(pid, PTRACE_CONT, 0);
}

/* Not every CPU can step; the kernel says so by EIO. */
static void need_single_step(void)
{
	pid_t pid = start_tracee(run_calls, 0);

	if (ptrace(PTRACE_SINGLESTEP, pid, 0L, 0L) < 0 && errno == EIO)
		SKIP("this architecture has no PTRACE_SINGLESTEP");
	EXPECT_OK(kill(pid, SIGKILL));
}

/* Steps are no system call stops, not even over the instruction of a call. */
CASE(single_step_is_none)
{
	uint64_t ip, last = 0;
	int i, calls = 0;
	pid_t pid;

	shared_init();
	need_single_step();
	pid = start_calls();
	add_call(NATIVE, __NR_getuid, getuid());
	add_call(NATIVE, __NR_getgid, getgid());
	add_exit(0);
	for (i = 0; i < 2000 && calls < 2; i++) {
		int status = resume_wait(pid, PTRACE_SINGLESTEP, 0);

		expect_signal_stop(status, SIGTRAP);
		expect_none(pid, ARCH_OUTSIDE_CALLS);
		/* Some CPUs report the end of a call and a step at one place. */
		ip = get_frame(pid).ip;
		if (ip == (uintptr_t)raw_native_ip && ip != last)
			calls++;
		last = ip;
	}
	EXPECT_EQ(calls, 2);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_exit_group, NULL);
}

/* Stepping from an entry stop goes to the end of the call, which is not told. */
CASE(step_out_of_an_entry)
{
	pid_t pid;

	shared_init();
	need_single_step();
	pid = start_calls();
	add_call(NATIVE, __NR_getuid, getuid());
	add_exit(0);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, NULL);
	expect_signal_stop(resume_wait(pid, PTRACE_SINGLESTEP, 0), SIGTRAP);
	expect_none(pid, ARCH_OUTSIDE_CALLS);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_exit_group, NULL);
}

#if defined(__x86_64__) || defined(__i386__)
/* Emulated calls have an entry, are not made, and have no exit. */
CASE(sysemu_has_entries_only)
{
	unsigned int i;
	pid_t pid;

	shared_init();
	pid = start_calls();
	add_call_first(NATIVE, __NR_chdir, (uintptr_t)shared->empty, -ENOENT);
	add_call(NATIVE, __NR_getuid, 0);
	add_call_first(NATIVE, __NR_exit_group, 9, 0);
	add_exit(5);
	for (i = 0; i < 3; i++) {
		struct call *c = &shared->calls[i];

		EXPECT_EQ(resume_wait(pid, PTRACE_SYSEMU, 0) >> 8, SYSCALL_STOP);
		expect_entry(pid, THIS_ABI.arch, c->nr, c->raw.args);
		expect_place(pid, c);
	}
	expect_gone(pid, PTRACE_CONT, 5);
}
#endif

/* A sleep that is interrupted goes on by a call which no program makes. */
CASE(restart_syscall)
{
	struct timespec *ts;
	pid_t pid;

	shared_init();
	ts = (struct timespec *)shared->path;
	ts->tv_sec = 100000;
#if HAS_NANOSLEEP
	add_call_args(NATIVE, __NR_nanosleep,
		      (uint64_t[6]){ (uintptr_t)ts, 0, PATTERN(2) }, -516);
#else
	add_call_args(NATIVE, __NR_clock_nanosleep_time64,
		      (uint64_t[6]){ CLOCK_MONOTONIC, 0, (uintptr_t)ts, 0 }, -516);
#endif
	add_exit(0);
	pid = start_calls();
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, shared->calls[0].raw.nr,
		     shared->calls[0].raw.args);
	resume(pid, PTRACE_SYSCALL, 0);
	EXPECT_OK(kill(pid, SIGUSR1));
	EXPECT_EQ(wait_for(pid) >> 8, SYSCALL_STOP);
	expect_exit(pid, THIS_ABI.arch, -516, true);
	next_stop(pid, SIGUSR1);
	expect_none(pid, THIS_ABI.arch);
	expect_place_at(pid, &shared->calls[0], RESTART_IP);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, THIS_ABI.restart_syscall, NULL);
	resume(pid, PTRACE_SYSCALL, 0);
	EXPECT_OK(kill(pid, SIGUSR2));
	EXPECT_EQ(wait_for(pid) >> 8, SYSCALL_STOP);
	expect_exit(pid, THIS_ABI.arch, -516, true);
}

SUITE_MAIN()

// SPDX-License-Identifier: GPL-2.0-only
/*
 * PTRACE_EVENT stops: none of them is a system call stop, and the calls around
 * them keep their entries and exits.
 */
#include "expect.h"

#include <sched.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |		\
		 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE |	\
		 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)

static unsigned long event_message(pid_t pid)
{
	unsigned long message = 0;

	EXPECT_OK(ptrace(PTRACE_GETEVENTMSG, pid, 0L, &message));
	return message;
}

/*
 * A call that makes a child, by @event: entry, event, exit in the parent.  The
 * child's first system call stop is an entry: its half of the call has no exit.
 * @done: whether PTRACE_EVENT_VFORK_DONE comes when the child has ended.
 */
static void check_birth(struct call *call, int event, bool done)
{
	pid_t pid, child;
	int status;

	add_exit(6);
	pid = start_tracee(run_calls, OPTIONS);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, call->nr, call->raw.args);
	next_stop(pid, EVENT_STOP(event));
	expect_none(pid, THIS_ABI.arch);
	expect_place(pid, call);
	child = event_message(pid);

	status = wait_for(child);
	EXPECT(WIFSTOPPED(status) && status >> 8 == SIGSTOP,
	       "first status of the child 0x%x", status);
	expect_none(child, THIS_ABI.arch);
	next_syscall_stop(child);
	expect_entry(child, THIS_ABI.arch, __NR_exit_group, NULL);
	next_stop(child, EVENT_STOP(PTRACE_EVENT_EXIT));
	expect_none(child, THIS_ABI.arch);

	if (done) {
		resume(pid, PTRACE_SYSCALL, 0);
		expect_gone(child, PTRACE_CONT, 6);
		status = wait_for(pid);
		EXPECT(status >> 8 == EVENT_STOP(PTRACE_EVENT_VFORK_DONE),
		       "status 0x%x", status);
		expect_none(pid, THIS_ABI.arch);
		expect_place(pid, call);
	}
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, child, false);
	/* SIGCHLD of the child, unless it lives. */
	if (done) {
		next_stop(pid, SIGCHLD);
		expect_none(pid, THIS_ABI.arch);
	}
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_exit_group, shared->calls[1].raw.args);
	next_stop(pid, EVENT_STOP(PTRACE_EVENT_EXIT));
	expect_none(pid, THIS_ABI.arch);
	expect_gone(pid, PTRACE_SYSCALL, 6);
}

CASE(fork_event)
{
	shared_init();
#ifdef __NR_fork
	check_birth(add_call(NATIVE, __NR_fork, 0), PTRACE_EVENT_FORK, false);
#else
	check_birth(add_call_args(NATIVE, __NR_clone, CLONE_ARGS(SIGCHLD), 0),
		    PTRACE_EVENT_FORK, false);
#endif
}

/* CLONE_VFORK without CLONE_VM: the child must not use the parent's stack. */
CASE(vfork_event)
{
	shared_init();
	check_birth(add_call_args(NATIVE, __NR_clone,
				  CLONE_ARGS(CLONE_VFORK | SIGCHLD), 0),
		    PTRACE_EVENT_VFORK, true);
}

/* No SIGCHLD at the end makes the event one of clone. */
CASE(clone_event)
{
	shared_init();
	check_birth(add_call_args(NATIVE, __NR_clone, CLONE_ARGS(CLONE_FS), 0),
		    PTRACE_EVENT_CLONE, false);
}

CASE(exec_event)
{
	char *argv[] = { "true", "exit", NULL };
	pid_t pid;

	shared_init();
	/* The pointers of this program hold in the tracee, too. */
	add_call_args(NATIVE, __NR_execve,
		      (uint64_t[6]){ (uintptr_t)"/proc/self/exe",
				     (uintptr_t)argv, 0 }, 0);
	pid = start_tracee(run_calls, OPTIONS);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_execve, shared->calls[0].raw.args);
	next_stop(pid, EVENT_STOP(PTRACE_EVENT_EXEC));
	expect_none(pid, THIS_ABI.arch);
	EXPECT_EQ(event_message(pid), pid);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, 0, false);
	/* The first call of the new program is one of its C library. */
	next_syscall_stop(pid);
	(void)get_info(HERE, pid, INFO_ENTRY, SIZE_ENTRY, THIS_ABI.arch);
}

/* Without the option, exec sends SIGTRAP after its exit stop. */
CASE(exec_without_the_event)
{
	char *argv[] = { "true", "exit", NULL };
	pid_t pid;

	shared_init();
	add_call_args(NATIVE, __NR_execve,
		      (uint64_t[6]){ (uintptr_t)"/proc/self/exe",
				     (uintptr_t)argv, 0 }, 0);
	pid = start_tracee(run_calls, PTRACE_O_TRACESYSGOOD);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_execve, shared->calls[0].raw.args);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, 0, false);
	next_stop(pid, SIGTRAP);
	expect_none(pid, THIS_ABI.arch);
	next_syscall_stop(pid);
	(void)get_info(HERE, pid, INFO_ENTRY, SIZE_ENTRY, THIS_ABI.arch);
}

CASE(exit_by_a_signal)
{
	pid_t pid;

	shared_init();
	pid = start_tracee(run_calls, OPTIONS);
	add_call_args(NATIVE, __NR_kill, (uint64_t[6]){ pid, SIGTERM }, 0);
	next_syscall_stop(pid);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, 0, false);
	next_stop(pid, SIGTERM);
	expect_none(pid, THIS_ABI.arch);
	EXPECT_EQ(resume_wait(pid, PTRACE_SYSCALL, SIGTERM) >> 8,
		  EVENT_STOP(PTRACE_EVENT_EXIT));
	expect_none(pid, THIS_ABI.arch);
	expect_place_at(pid, &shared->calls[0], SIGNAL_IP);
}

SUITE_MAIN()

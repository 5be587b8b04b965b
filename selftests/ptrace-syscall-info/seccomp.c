// SPDX-License-Identifier: GPL-2.0-only
/* Stops of SECCOMP_RET_TRACE, and calls whose number or result others change. */
#include "expect.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP)
#define MAX_RULES 8

/* A number and what the filter returns for it; everything else is allowed. */
struct rule {
	uint32_t nr, ret;
};

static struct rule rules[MAX_RULES];
static unsigned int nr_rules;

static void add_rule(uint32_t nr, uint32_t ret)
{
	EXPECT(nr_rules < MAX_RULES, "too many rules");
	rules[nr_rules++] = (struct rule){ nr, ret };
}

static void run_filtered(void)
{
	struct sock_filter code[2 + 2 * MAX_RULES] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog prog = { .filter = code };
	pid_t self = getpid();
	unsigned int i, n = 1;

	for (i = 0; i < nr_rules; i++) {
		code[n++] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rules[i].nr, 0, 1);
		code[n++] = (struct sock_filter)
			BPF_STMT(BPF_RET | BPF_K, rules[i].ret);
	}
	code[n++] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0))
		_exit(1);
	/* Not sync_stop(): the filter may be about its calls. */
	kill(self, SIGSTOP);
	run_calls();
}

/* Starts a tracee, stopped after it has put the filter of the rules in place. */
static pid_t start_filtered(long options)
{
	pid_t pid;
	int status;

	need_seccomp_filters();
	pid = start_tracee(run_filtered, options);
	status = resume_wait(pid, PTRACE_CONT, 0);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	       "status 0x%x", status);
	return pid;
}

#define next_seccomp_stop(pid) next_stop(pid, EVENT_STOP(PTRACE_EVENT_SECCOMP))

/* In order: entry, seccomp with the filter's data, exit. */
CASE(entry_seccomp_exit)
{
	static const uint16_t data[] = { 0, 1, 77, 0x1234, 0x8000, 0xffff };
	static const long numbers[] = {
		__NR_getuid, __NR_getgid, __NR_geteuid, __NR_getegid,
		__NR_getppid, __NR_gettid,
	};
	unsigned int i;
	pid_t pid;

	shared_init();
	for (i = 0; i < 6; i++) {
		add_rule(numbers[i], SECCOMP_RET_TRACE | data[i]);
		add_call_first(NATIVE, numbers[i], PATTERN(i + 20), 0);
	}
	add_exit(1);
	pid = start_filtered(OPTIONS);
	shared->calls[0].rval = getuid();
	shared->calls[1].rval = getgid();
	shared->calls[2].rval = geteuid();
	shared->calls[3].rval = getegid();
	shared->calls[4].rval = getpid();
	shared->calls[5].rval = pid;
	for (i = 0; i < 6; i++) {
		struct call *c = &shared->calls[i];

		next_syscall_stop(pid);
		expect_entry(pid, THIS_ABI.arch, c->nr, c->raw.args);
		next_seccomp_stop(pid);
		expect_seccomp(pid, THIS_ABI.arch, c->nr, c->raw.args, data[i]);
		expect_place(pid, c);
		next_syscall_stop(pid);
		expect_exit(pid, THIS_ABI.arch, c->rval, false);
	}
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_exit_group, shared->calls[6].raw.args);
	expect_gone(pid, PTRACE_SYSCALL, 1);
}

/* PTRACE_CONT stops at the filter's calls alone, PTRACE_SYSCALL adds the exit. */
CASE(seccomp_stops_without_entries)
{
	struct call *c;
	pid_t pid;

	shared_init();
	add_rule(__NR_getuid, SECCOMP_RET_TRACE | 5);
	add_call(NATIVE, __NR_getgid, 0);
	c = add_call(NATIVE, __NR_getuid, getuid());
	add_call(NATIVE, __NR_getgid, 0);
	add_call(NATIVE, __NR_getuid, getuid());
	add_exit(2);
	pid = start_filtered(OPTIONS);
	EXPECT_EQ(resume_wait(pid, PTRACE_CONT, 0) >> 8,
		  EVENT_STOP(PTRACE_EVENT_SECCOMP));
	expect_seccomp(pid, THIS_ABI.arch, c->nr, c->raw.args, 5);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, getuid(), false);
	EXPECT_EQ(resume_wait(pid, PTRACE_CONT, 0) >> 8,
		  EVENT_STOP(PTRACE_EVENT_SECCOMP));
	expect_seccomp(pid, THIS_ABI.arch, c->nr, c->raw.args, 5);
	expect_gone(pid, PTRACE_CONT, 2);
}

/* The option is about system call stops: it is not needed for this one. */
CASE(seccomp_without_tracesysgood)
{
	struct call *c;
	pid_t pid;

	shared_init();
	add_rule(__NR_getuid, SECCOMP_RET_TRACE | 0x100);
	c = add_call(NATIVE, __NR_getuid, getuid());
	add_exit(0);
	pid = start_filtered(PTRACE_O_TRACESECCOMP);
	next_stop(pid, SIGTRAP);
	expect_none(pid, THIS_ABI.arch);
	next_seccomp_stop(pid);
	expect_seccomp(pid, THIS_ABI.arch, c->nr, c->raw.args, 0x100);
	next_stop(pid, SIGTRAP);
	expect_none(pid, THIS_ABI.arch);
}

/* Changed at the seccomp stop: shown there at once, and acted on. */
CASE(number_changed_at_seccomp_stop)
{
	struct call *c;
	pid_t pid;

	shared_init();
	add_rule(__NR_getuid, SECCOMP_RET_TRACE | 3);
	c = add_call(NATIVE, __NR_getuid, 0);
	add_exit(0);
	pid = start_filtered(OPTIONS);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, c->raw.args);
	next_seccomp_stop(pid);
	expect_seccomp(pid, THIS_ABI.arch, __NR_getuid, c->raw.args, 3);
	set_nr(pid, __NR_getpid);
	expect_seccomp(pid, THIS_ABI.arch, __NR_getpid, c->raw.args, 3);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, pid, false);
}

/* Number -1 means that no call is made: the exit tells what is in place. */
CASE(call_skipped_at_seccomp_stop)
{
	struct call *c;
	pid_t pid;

	shared_init();
	add_rule(__NR_getuid, SECCOMP_RET_TRACE);
	c = add_call(NATIVE, __NR_getuid, 0);
	add_exit(0);
	pid = start_filtered(OPTIONS);
	next_syscall_stop(pid);
	next_seccomp_stop(pid);
	set_nr(pid, -1);
	expect_seccomp(pid, THIS_ABI.arch, SHOWN_NR(-1LL), c->raw.args, 0);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, SKIPPED_RVAL(c->raw.args),
		    SKIPPED_IS_ERROR);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_exit_group, NULL);
}

/* The same at the entry stop; the filter sees the new number. */
CASE(number_changed_at_entry_stop)
{
	struct call *c;
	pid_t pid;

	shared_init();
	add_rule(__NR_getpid, SECCOMP_RET_TRACE | 9);
	c = add_call(NATIVE, __NR_getuid, 0);
	add_exit(0);
	pid = start_filtered(OPTIONS);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, c->raw.args);
	set_nr(pid, __NR_getpid);
	expect_entry(pid, THIS_ABI.arch, __NR_getpid, c->raw.args);
	next_seccomp_stop(pid);
	expect_seccomp(pid, THIS_ABI.arch, __NR_getpid, c->raw.args, 9);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, pid, false);
}

/* RET_ERRNO has no stop of its own; its errors go up to the largest one. */
CASE(ret_errno_is_an_error)
{
	static const int errors[] = {
		1, 38, 512, LARGEST_ERRNO - 1, LARGEST_ERRNO,
	};
	static const long numbers[] = {
		__NR_getuid, __NR_getgid, __NR_geteuid, __NR_getegid, __NR_getppid,
	};
	unsigned int i;

	shared_init();
	for (i = 0; i < 5; i++) {
		add_rule(numbers[i], SECCOMP_RET_ERRNO | errors[i]);
		add_call(NATIVE, numbers[i], -errors[i]);
	}
	add_rule(__NR_gettid, SECCOMP_RET_ERRNO | 0);
	add_call(NATIVE, __NR_gettid, 0);
	add_exit(0);
	follow_calls(start_filtered(OPTIONS));
}

/* With no one to ask, RET_TRACE fails the call, and there is no stop for it. */
CASE(ret_trace_without_the_option)
{
	shared_init();
	add_rule(__NR_getuid, SECCOMP_RET_TRACE | 4);
	add_call(NATIVE, __NR_getuid, -ENOSYS);
	add_exit(0);
	follow_calls(start_filtered(PTRACE_O_TRACESYSGOOD));
}

SUITE_MAIN()

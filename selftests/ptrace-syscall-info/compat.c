// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of a call is told by the call, not by the program that makes it:
 * int $0x80 out of 64-bit code, syscall out of a 32-bit program, x32 numbers.
 * And tracees of every ABI, from a tracer of each.
 */
#include "expect.h"

static const char *tracee_path;

static void run_program(void)
{
	char *argv[] = { (char *)tracee_path, "calls", NULL };

	execv(tracee_path, argv);
	_exit(errno);
}

/* Traces the program of @abi: the same calls whatever ABI the tracer is of. */
static void check_program(const struct abi *abi)
{
	const uint64_t bit = abi->number_bits;
	uint64_t args[6];
	char path[40];
	int i, status;
	pid_t pid;

	snprintf(path, sizeof(path), "../%s/tracee", abi->name);
	tracee_path = path;
	for (i = 0; i < 6; i++)
		args[i] = abi->regs_32_bit ? (uint32_t)PATTERN(i) : PATTERN(i);
	pid = start_tracee(run_program, PTRACE_O_TRACESYSGOOD |
			   PTRACE_O_TRACEEXEC);
	status = resume_wait(pid, PTRACE_CONT, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ENOEXEC)
		SKIP("this kernel runs no %s programs", abi->name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ENOENT)
		SKIP("there is no %s", path);
	EXPECT(status >> 8 == EVENT_STOP(PTRACE_EVENT_EXEC), "status 0x%x", status);
	expect_none(pid, abi->arch);
	status = resume_wait(pid, PTRACE_CONT, 0);
	EXPECT(status >> 8 == SIGSTOP, "status 0x%x", status);
	expect_none(pid, abi->arch);

	next_syscall_stop(pid);
	expect_entry(pid, abi->arch, abi->getpid, args);
	if (!OTHER_ABI_REGS_HIDDEN)
		EXPECT_EQ(get_frame(pid).regs_32_bit, abi->regs_32_bit);
	next_syscall_stop(pid);
	expect_exit(pid, abi->arch, pid, false);
	next_syscall_stop(pid);
	expect_entry(pid, abi->arch, UNUSED_NR | bit, args);
	next_syscall_stop(pid);
	expect_exit(pid, abi->arch, -ENOSYS, true);
	next_syscall_stop(pid);
	expect_entry(pid, abi->arch, abi->exit_group, args);
	expect_gone(pid, PTRACE_CONT, (uint8_t)PATTERN(0));
}

/* One case for each ABI: x86_64_program ... */
#define PROGRAM_CASE(abi)						\
	CASE(abi##_program)						\
	{								\
		check_program(&abi_##abi);				\
	}
CPU_ABIS(PROGRAM_CASE)

#if defined(__x86_64__) || defined(__i386__)
static pid_t start_calls(void)
{
	return start_tracee(run_calls, PTRACE_O_TRACESYSGOOD);
}

/* Runs the table untraced; whether it came to its end. */
static bool runs_untraced(void)
{
	int status;
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (!pid) {
		run_calls();
		_exit(1);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void need_int80(void)
{
	shared->count = 0;
	add_call(INT80, abi_i386.getpid, 0);
	add_exit(0);
	if (!runs_untraced() || (int)shared->calls[0].raw.rval <= 0)
		SKIP("this kernel has no int $0x80 (CONFIG_IA32_EMULATION)");
	shared->count = 0;
}

/*
 * int $0x80 is a call of i386, its number one of i386.  In x86_64's table the
 * same numbers are writev, getpid, brk, timer_gettime, mq_getsetattr, ioprio_get.
 */
CASE(int80_is_i386)
{
	pid_t pid;

	shared_init();
	need_int80();
	add_call(INT80, 20, 0);		/* getpid */
	add_call_first(INT80, 39, (uintptr_t)shared->empty, -ENOENT); /* mkdir */
	add_call_first(INT80, 12, (uintptr_t)shared->empty, -ENOENT); /* chdir */
	add_call(INT80, 224, 0);	/* gettid */
	add_call(INT80, 199, getuid());	/* getuid32 */
	add_call(INT80, 64, getpid());	/* getppid */
	add_call_first(INT80, 6, -1ULL, -EBADF); /* close */
	add_call(INT80, UNUSED_NR, -ENOSYS);
	add_call(INT80, -1, -ENOSYS);
	add_call_first(INT80, 252, 77, 0)->ends_the_tracee = true;
	pid = start_calls();
	shared->calls[0].rval = pid;
	shared->calls[3].rval = pid;
	follow_calls(pid);
}

/* Call by call: one thread makes both kinds. */
CASE(int80_and_native_by_turns)
{
	pid_t pid;
	int i;

	shared_init();
	need_int80();
	for (i = 0; i < 8; i++) {
		add_call(INT80, abi_i386.getpid, 0);
		add_call(NATIVE, __NR_getpid, 0);
		add_call(NATIVE, UNUSED_NR + i, -ENOSYS);
	}
	add_exit(8);
	pid = start_calls();
	for (i = 0; i < 24; i++)
		if (i % 3 < 2)
			shared->calls[i].rval = pid;
	follow_calls(pid);
}

#ifdef __x86_64__
/*
 * Bit 30 is part of the number, and the architecture that of x86_64, whether
 * the kernel has x32 or not: that only decides the result.
 */
CASE(x32_number_keeps_its_bit)
{
	struct call *c;
	bool has_x32;
	pid_t pid;

	shared_init();
	c = add_call(NATIVE, abi_x32.getpid, 0);
	add_exit(0);
	EXPECT(runs_untraced(), "the calls do not work untraced");
	has_x32 = (int)c->raw.rval != -ENOSYS;
	ktap_print("this kernel %s x32", has_x32 ? "has" : "does not have");

	shared->count = 0;
	add_call(NATIVE, abi_x32.getpid, 0);
	add_call(NATIVE, abi_x86_64.getpid, 0);
	add_call(NATIVE, UNUSED_NR | X32_BIT, -ENOSYS);
	add_exit(0);
	pid = start_calls();
	shared->calls[0].rval = has_x32 ? pid : -ENOSYS;
	shared->calls[0].is_error = !has_x32;
	shared->calls[1].rval = pid;
	follow_calls(pid);
}
#endif

#ifdef __i386__
/* A 32-bit program that makes a call of x86_64, then one of its own. */
CASE(syscall_of_64_bit_code)
{
	pid_t pid;
	int i;

	if (!kernel_is_64_bit())
		SKIP("this kernel runs no 64-bit code");
	shared_init();
	for (i = 0; i < 4; i++) {
		add_call(SYSCALL64, abi_x86_64.getpid, 0);
		add_call(NATIVE, abi_i386.getpid, 0);
		/* 20 is writev there, with a file descriptor that is none */
		add_call(SYSCALL64, 20, -EBADF);
	}
	add_exit(8);
	pid = start_calls();
	for (i = 0; i < 12; i++)
		if (i % 3 < 2)
			shared->calls[i].rval = pid;
	follow_calls(pid);
}

/* What the vDSO offers: sysenter or syscall, with ip and sp of its own. */
CASE(vdso_call)
{
	pid_t pid;

	if (!getauxval(AT_SYSINFO))
		SKIP("there is no AT_SYSINFO");
	shared_init();
	add_call(VSYSCALL, __NR_getpid, 0);
	add_call_first(VSYSCALL, __NR_chdir, (uintptr_t)shared->empty, -ENOENT);
	add_call(VSYSCALL, UNUSED_NR, -ENOSYS);
	add_exit(8);
	pid = start_calls();
	shared->calls[0].rval = pid;
	follow_calls(pid);
}
#endif
#endif /* x86 */

SUITE_MAIN()

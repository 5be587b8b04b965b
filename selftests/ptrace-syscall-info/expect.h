/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a tracer has to be shown in the stops of a tracee, and the first case
 * of every program: whether the kernel knows the request at all.  The
 * instruction pointer and the stack pointer are compared with
 * PTRACE_GETREGSET in every stop, whatever else is expected of it.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <linux/seccomp.h>

#include "tracee.h"

#define NOT_KNOWN "PTRACE_GET_SYSCALL_INFO is not known to this kernel"

/* A place for messages. */
#define STRING(x) #x
#define LINE_STRING(x) STRING(x)
#define HERE "line " LINE_STRING(__LINE__)

/*
 * Reads the info of a stop, and checks what holds in all of them: the size
 * told, the padding, the bytes beyond, the instruction and stack pointers.
 * @where is the place or the call that messages name.
 */
static inline struct syscall_info get_info(const char *where, pid_t pid, int op,
					   long size, uint32_t arch)
{
	struct frame frame = get_frame(pid);
	struct syscall_info info;
	uint8_t *byte = (uint8_t *)&info;
	long rc, i;

	memset(&info, 0xee, sizeof(info));
	rc = get_syscall_info(pid, sizeof(info), &info);
	EXPECT(rc >= 0, "%s: %s", where, strerror(errno));
	EXPECT(info.op == op, "%s: op is %d, expected %d", where, info.op, op);
	EXPECT(rc == size, "%s: op %d, but returned size is %ld, not %ld",
	       where, op, rc, size);
	for (i = 1; i < 4; i++)
		EXPECT(!byte[i], "%s: padding byte %ld is 0x%x", where, i,
		       byte[i]);
	for (i = size; i < SIZE_STRUCT; i++)
		EXPECT(byte[i] == 0xee, "%s: byte %ld of %ld is written",
		       where, i, size);
	if (arch != ANY_ARCH)
		EXPECT(info.arch == arch, "%s: arch is 0x%x, expected 0x%x",
		       where, info.arch, arch);
	if (OTHER_ABI_REGS_HIDDEN && info.arch != THIS_ABI.arch)
		return info;
	EXPECT(info.instruction_pointer == frame.ip,
	       "%s: instruction pointer is 0x%llx, in the registers 0x%llx",
	       where, (long long)info.instruction_pointer, (long long)frame.ip);
	EXPECT(info.stack_pointer == frame.sp,
	       "%s: stack pointer is 0x%llx, in the registers 0x%llx",
	       where, (long long)info.stack_pointer, (long long)frame.sp);
	EXPECT(frame.ip && frame.sp && frame.ip != frame.sp,
	       "%s: registers 0x%llx and 0x%llx", where,
	       (long long)frame.ip, (long long)frame.sp);
	return info;
}

/* Where there are filters, one at address 0 is refused with EFAULT (seccomp(2)). */
static inline void need_seccomp_filters(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 &&
	    errno == EINVAL)
		SKIP("this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)");
}

#define expect_none(pid, arch)						\
	((void)get_info(HERE, pid, INFO_NONE, SIZE_NONE, arch))
#define expect_entry(pid, arch, nr, args)				\
	expect_call(get_info(HERE, pid, INFO_ENTRY, SIZE_ENTRY, arch), \
		    HERE, nr, args)
#define expect_seccomp(pid, arch, nr, args, data)			\
	do {								\
		struct syscall_info es_info = get_info(HERE, pid,	\
			INFO_SECCOMP, SIZE_SECCOMP, arch);		\
									\
		expect_call(es_info, HERE, nr, args);			\
		EXPECT_EQ(es_info.seccomp.ret_data, data);		\
	} while (0)
#define expect_exit(pid, arch, rval, is_error)				\
	expect_result(get_info(HERE, pid, INFO_EXIT, SIZE_EXIT, arch), \
		      HERE, rval, is_error)

/* ENTRY and SECCOMP begin with the same members.  @args may be NULL. */
static inline void expect_call(struct syscall_info info, const char *where,
			       uint64_t nr, const uint64_t *args)
{
	int i;

	EXPECT(info.entry.nr == nr, "%s: nr is 0x%llx, expected 0x%llx",
	       where, (long long)info.entry.nr, (long long)nr);
	for (i = 0; args && i < 6; i++)
		EXPECT(info.entry.args[i] == args[i],
		       "%s: args[%d] of nr 0x%llx is 0x%llx, expected 0x%llx",
		       where, i, (long long)nr, (long long)info.entry.args[i],
		       (long long)args[i]);
}

static inline void expect_result(struct syscall_info info, const char *where,
				 int64_t rval, bool is_error)
{
	EXPECT(info.exit.rval == rval, "%s: rval is %lld, expected %lld",
	       where, (long long)info.exit.rval, (long long)rval);
	EXPECT(info.exit.is_error == is_error,
	       "%s: is_error is %d with rval %lld", where,
	       info.exit.is_error, (long long)rval);
}

/*
 * The tracee is in a stop at @call: were its ip and sp those of the call?
 * @offset: of ip, where the kernel has moved it
 */
static inline void expect_place_at(pid_t pid, const struct call *call, long offset)
{
	const char *ip = call_ip(call->how);
	struct syscall_info info;

	if (!ip)
		return;		/* unknown */
	EXPECT_EQ(get_syscall_info(pid, SIZE_NONE, &info) > 0, 1);
	EXPECT_EQ(info.instruction_pointer, (uintptr_t)ip + offset);
	EXPECT_EQ(info.stack_pointer, call->raw.sp);
}

static inline void expect_place(pid_t pid, const struct call *call)
{
	expect_place_at(pid, call, 0);
}

/*
 * Follows a tracee of start_tracee(run_calls) through the whole table, stop by
 * stop, up to its end: there must be no stop more and no stop less.
 */
static inline void follow_calls(pid_t pid)
{
	struct syscall_info info;
	char where[20];
	unsigned int i;

	for (i = 0; i < shared->count; i++) {
		struct call *c = &shared->calls[i];

		snprintf(where, sizeof(where), "call %u", i);
		next_syscall_stop(pid);
		info = get_info(where, pid, INFO_ENTRY, SIZE_ENTRY,
				abi_of_call(c->how)->arch);
		expect_call(info, where, c->nr, c->raw.args);
		expect_place(pid, c);
		if (c->ends_the_tracee) {
			expect_gone(pid, PTRACE_SYSCALL, (uint8_t)c->raw.args[0]);
			return;
		}
		next_syscall_stop(pid);
		info = get_info(where, pid, INFO_EXIT, SIZE_EXIT, abi_of_call(c->how)->arch);
		expect_result(info, where, c->rval, c->is_error);
		expect_place(pid, c);
	}
	FAIL("the table does not end the tracee");
}

/* Why nothing can be tested, or NULL.  EIO is the answer to an unknown request. */
static inline const char *request_gate(void)
{
	pid_t pid = fork();
	long rc;
	int err;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		sync_stop();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return NULL;
	rc = get_syscall_info(pid, 0, NULL);
	err = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return rc < 0 && err == EIO ? NOT_KNOWN : NULL;
}

/* The first case of every program: the only one to fail without the request. */
CASE(request_is_known)
{
	const char *why = request_gate();

	EXPECT(!why, "%s", why);
}

/* Why nothing at all can be tested, or NULL. */
static inline const char *cpu_gate(void)
{
#ifdef CPU_UNKNOWN
	return "this suite does not know the registers of this CPU, see cpu/";
#else
	return NULL;
#endif
}

#define SUITE_MAIN() KTAP_MAIN(.gate = request_gate, .skip_all = cpu_gate)

#endif /* EXPECT_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much the request writes and what it returns, for every op and every size
 * of buffer; and its errors.
 */
#include "expect.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>

#define RET_DATA 0x4d

static long page_size;

/* An address with @bytes accessible bytes before it and none from it on. */
static char *page_end(void)
{
	char *map;

	page_size = sysconf(_SC_PAGESIZE);
	map = mmap(NULL, 3 * page_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(map != MAP_FAILED, "mmap: %s", strerror(errno));
	EXPECT_OK(mprotect(map + 2 * page_size, page_size, PROT_NONE));
	return map + 2 * page_size;
}

/* A tracee with a filter that makes getuid() a seccomp stop. */
static void run_with_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getuid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | RET_DATA),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0))
		_exit(1);
	sync_stop();
	run_calls();
}

/* Brings a tracee into a stop of the given op. */
static pid_t stop_at(int op)
{
	pid_t pid;

	shared_init();
	add_call(NATIVE, __NR_getuid, getuid());
	add_exit(0);
	if (op == INFO_SECCOMP) {
		int status;

		need_seccomp_filters();
		pid = start_tracee(run_with_filter, PTRACE_O_TRACESYSGOOD |
				   PTRACE_O_TRACESECCOMP);
		status = resume_wait(pid, PTRACE_CONT, 0);
		EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
		       "status 0x%x", status);
		next_syscall_stop(pid);
		next_stop(pid, EVENT_STOP(PTRACE_EVENT_SECCOMP));
		return pid;
	}
	pid = start_tracee(run_calls, PTRACE_O_TRACESYSGOOD);
	if (op != INFO_NONE)
		next_syscall_stop(pid);
	if (op == INFO_EXIT)
		next_syscall_stop(pid);
	return pid;
}

/*
 * The request with @user_size bytes, of which @writable exist before the end
 * of the page.  Every byte told must be there, and none but these be touched.
 */
static void check_size(pid_t pid, const uint8_t *all, unsigned long actual,
		       unsigned long user_size, unsigned long writable,
		       char *end)
{
	unsigned long want = user_size < actual ? user_size : actual;
	static const uint8_t poisons[] = { 0xee, 0x00, 0xff };
	uint8_t *buf = (uint8_t *)end - writable, *byte;
	unsigned int p;
	long rc;

	for (p = 0; p < sizeof(poisons); p++) {
		memset(end - 2 * page_size, poisons[p], 2 * page_size);
		errno = 0;
		rc = get_syscall_info(pid, user_size, buf);
		if (want > writable) {
			EXPECT(rc == -1 && errno == EFAULT,
			       "size %lu, %lu writable: rc %ld, %s", user_size,
			       writable, rc, strerror(errno));
			continue;
		}
		EXPECT(rc == (long)actual,
		       "size %lu, %lu writable: rc %ld, expected %lu, %s",
		       user_size, writable, rc, actual, strerror(errno));
		EXPECT(!memcmp(buf, all, want), "size %lu: other bytes than with 88",
		       user_size);
		for (byte = buf + want; byte < (uint8_t *)end; byte++)
			EXPECT(*byte == poisons[p],
			       "size %lu: byte %ld behind the end is 0x%x", user_size,
			       (long)(byte - buf - want), *byte);
		for (byte = buf - 64; byte < buf; byte++)
			EXPECT(*byte == poisons[p],
			       "size %lu: a byte before the buffer is written",
			       user_size);
	}
}

static void every_size(int op, unsigned long actual)
{
	uint8_t all[SIZE_STRUCT] = { 0 };
	unsigned long size, want;
	pid_t pid = stop_at(op);
	char *end = page_end();

	(void)get_info(HERE, pid, op, actual, THIS_ABI.arch);
	EXPECT_EQ(get_syscall_info(pid, sizeof(all), all), actual);
	for (size = 0; size <= SIZE_STRUCT; size++) {
		want = size < actual ? size : actual;
		/* exactly what is written, then the whole size, then more */
		check_size(pid, all, actual, size, want, end);
		check_size(pid, all, actual, size, size, end);
		check_size(pid, all, actual, size, 256, end);
		if (want) {
			check_size(pid, all, actual, size, want - 1, end);
			check_size(pid, all, actual, size, 0, end);
		}
	}
	/* A buffer can be larger than any struct, and the size a lie. */
	for (size = SIZE_STRUCT + 1; size; size <<= 1) {
		check_size(pid, all, actual, size, actual, end);
		check_size(pid, all, actual, size, actual - 1, end);
	}
	check_size(pid, all, actual, ~0UL, actual, end);
}

CASE(none_24_bytes)
{
	every_size(INFO_NONE, SIZE_NONE);
}

CASE(entry_80_bytes)
{
	every_size(INFO_ENTRY, SIZE_ENTRY);
}

CASE(exit_33_bytes)
{
	every_size(INFO_EXIT, SIZE_EXIT);
}

CASE(seccomp_84_bytes)
{
	every_size(INFO_SECCOMP, SIZE_SECCOMP);
}

/* Asking for the size alone needs no buffer; asking for a byte does. */
CASE(size_zero_needs_no_buffer)
{
	static const long sizes[] = {
		SIZE_NONE, SIZE_ENTRY, SIZE_EXIT, SIZE_SECCOMP,
	};
	int op;

	for (op = INFO_NONE; op <= INFO_SECCOMP; op++) {
		pid_t pid = stop_at(op);

		EXPECT_EQ(get_syscall_info(pid, 0, NULL), sizes[op]);
		EXPECT_EQ(get_syscall_info(pid, 0, (void *)-1L), sizes[op]);
		EXPECT_EQ(get_syscall_info(pid, 1, NULL), -1);
		EXPECT_EQ(errno, EFAULT);
		EXPECT_EQ(get_syscall_info(pid, SIZE_STRUCT, (void *)-1L), -1);
		EXPECT_EQ(errno, EFAULT);
	}
}

/* The request changes nothing: asked twice, also after a failure, it tells the same. */
CASE(asking_again_tells_the_same)
{
	int op;

	for (op = INFO_NONE; op <= INFO_SECCOMP; op++) {
		pid_t pid = stop_at(op);
		uint8_t first[SIZE_STRUCT] = { 0 }, second[SIZE_STRUCT] = { 0 };

		EXPECT_OK(get_syscall_info(pid, sizeof(first), first));
		EXPECT_EQ(get_syscall_info(pid, 8, NULL), -1);
		EXPECT_OK(get_syscall_info(pid, sizeof(second), second));
		EXPECT(!memcmp(first, second, sizeof(first)), "op %d", op);
	}
}

static void expect_esrch(pid_t pid, const char *what)
{
	struct syscall_info info;
	long rc;

	memset(&info, 0xee, sizeof(info));
	errno = 0;
	rc = get_syscall_info(pid, sizeof(info), &info);
	EXPECT(rc == -1 && errno == ESRCH, "%s: rc %ld, %s", what, rc,
	       strerror(errno));
	EXPECT(info.op == 0xee, "%s: the buffer is written", what);
	errno = 0;
	rc = get_syscall_info(pid, 0, NULL);
	EXPECT(rc == -1 && errno == ESRCH, "%s, size 0: rc %ld, %s", what, rc,
	       strerror(errno));
}

CASE(esrch_no_tracee)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (!pid)
		for (;;)
			pause();
	expect_esrch(pid, "an untraced child");
	expect_esrch(getppid(), "the parent");
	expect_esrch(getpid(), "the caller itself");
	EXPECT_OK(kill(pid, SIGKILL));
	EXPECT_OK(waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	expect_esrch(pid, "a zombie");
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	expect_esrch(pid, "a reaped child");
	expect_esrch(0, "pid 0");
	expect_esrch(-1, "pid -1");
}

static void run_pause(void)
{
	for (;;)
		pause();
}

CASE(esrch_running_tracee)
{
	pid_t pid = start_tracee(run_pause, PTRACE_O_TRACESYSGOOD);

	expect_none(pid, THIS_ABI.arch);
	resume(pid, PTRACE_CONT, 0);
	expect_esrch(pid, "a running tracee");
}

CASE(esrch_dead_tracee)
{
	pid_t pid = start_tracee(run_pause, PTRACE_O_TRACESYSGOOD);

	EXPECT_OK(kill(pid, SIGKILL));
	EXPECT_OK(waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	expect_esrch(pid, "a dead tracee");
}

static void *ask_for(void *tracee)
{
	expect_esrch(*(pid_t *)tracee, "a tracee of another thread");
	return NULL;
}

CASE(esrch_tracee_of_somebody_else)
{
	pid_t pid = start_tracee(run_pause, 0), other;
	pthread_t thread;
	int status;

	expect_none(pid, THIS_ABI.arch);
	EXPECT_EQ(pthread_create(&thread, NULL, ask_for, &pid), 0);
	EXPECT_EQ(pthread_join(thread, NULL), 0);
	other = fork();
	EXPECT_OK(other);
	if (!other) {
		expect_esrch(pid, "a tracee of the parent");
		_exit(0);
	}
	EXPECT_EQ(waitpid(other, &status, 0), other);
	EXPECT_EQ(status, 0);
	expect_none(pid, THIS_ABI.arch);
}

CASE(eio_unknown_request)
{
	static const long requests[] = { 0x42fe, 0x4220, 0x420e0, 0x7fffffff };
	pid_t pid = stop_at(INFO_ENTRY);
	char buf[SIZE_STRUCT];
	unsigned int i;

	EXPECT_EQ(get_syscall_info(pid, sizeof(buf), buf), SIZE_ENTRY);
	for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		errno = 0;
		EXPECT_EQ(syscall(__NR_ptrace, requests[i], (long)pid,
				  sizeof(buf), buf), -1);
		EXPECT(errno == EIO, "request 0x%lx: %s", requests[i],
		       strerror(errno));
	}
}

SUITE_MAIN()

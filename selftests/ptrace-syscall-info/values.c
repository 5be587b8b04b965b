// SPDX-License-Identifier: GPL-2.0-only
/* What the entry and exit stops of a system call tell of it. */
#include "expect.h"

#include <fcntl.h>
#include <limits.h>

/* New 32-bit ABIs have the one of large files only. */
#ifdef __NR_fcntl
#define NR_FCNTL __NR_fcntl
#else
#define NR_FCNTL __NR_fcntl64
#endif

static pid_t start_calls(void)
{
	return start_tracee(run_calls, PTRACE_O_TRACESYSGOOD);
}

/* Six distinct arguments, twice with other values in each place. */
CASE(entry_tells_number_and_six_arguments)
{
	const uint64_t reverse[6] = {
		PATTERN(15), PATTERN(14), PATTERN(13),
		PATTERN(12), PATTERN(11), PATTERN(10),
	};
	const uint64_t ones[6] = { -1ULL, 0, -1ULL, 0, -1ULL, 0 };
	const uint64_t zeros[6] = { 0, -1ULL, 0, -1ULL, 0, -1ULL };
	pid_t pid;

	shared_init();
	add_call(NATIVE, __NR_getpid, 0);
	add_call_args(NATIVE, __NR_getpid, reverse, 0);
	add_call_args(NATIVE, __NR_getpid, ones, 0);
	add_call_args(NATIVE, __NR_getpid, zeros, 0);
	add_exit(0x2d);
	pid = start_calls();
	shared->calls[0].rval = pid;
	shared->calls[1].rval = pid;
	shared->calls[2].rval = pid;
	shared->calls[3].rval = pid;
	follow_calls(pid);
}

CASE(exit_tells_errors)
{
	shared_init();
	add_call_first(NATIVE, __NR_chdir, (uintptr_t)shared->empty, -ENOENT);
	add_call_first(NATIVE, __NR_chdir, 0, -EFAULT);
	add_call_first(NATIVE, __NR_close, -1ULL, -EBADF);
	add_call_args(NATIVE, __NR_setpgid, (uint64_t[6]){ 0, -1ULL }, -EINVAL);
	/* No process and no group has this number. */
	add_call_first(NATIVE, __NR_kill, 0x80000000, -ESRCH);
	add_exit(0);
	follow_calls(start_calls());
}

CASE(exit_tells_successes)
{
	int fds[2];

	shared_init();
	EXPECT_OK(pipe(fds));
	add_call_first(NATIVE, __NR_close, fds[0], 0);
	add_call_first(NATIVE, __NR_close, fds[0], -EBADF);
	add_call_args(NATIVE, NR_FCNTL,
		      (uint64_t[6]){ fds[1], F_DUPFD, 700 }, 700);
	/* getpriority() returns 20 - nice: always a success above zero. */
	add_call_args(NATIVE, __NR_getpriority, (uint64_t[6]){ 0, 0 }, 20);
	add_exit(3);
	follow_calls(start_calls());
}

/*
 * Results that are negative as a long and still no errors.  lseek() in
 * /proc/PID/mem takes any 64-bit address and returns it.
 */
CASE(negative_success_is_no_error)
{
#ifdef __NR_lseek
	static const long offsets[] = {
		-LARGEST_ERRNO - 1, -LARGEST_ERRNO - 2, -0x10000, -0x40000000, 0x7fffffff,
		(long)0x80000000,
#ifdef __LP64__
		0x123456789abcdef0, -0x123456789abcdef0, 0x80000000, LONG_MIN,
#endif
	};
	int fd = open("/proc/self/mem", O_RDONLY);
	unsigned int i;

	shared_init();
	EXPECT_OK(fd);
	for (i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		struct call *c = add_call_args(NATIVE, __NR_lseek,
			(uint64_t[6]){ fd, offsets[i], SEEK_SET }, offsets[i]);

		c->is_error = false;
	}
	/* The other side of the border of what can be told apart, if there is one. */
	add_call_args(NATIVE, __NR_lseek,
		      (uint64_t[6]){ fd, -LARGEST_ERRNO, SEEK_SET },
		      -LARGEST_ERRNO)->is_error = !HAS_FORCED_SUCCESS;
	add_exit(0);
	follow_calls(start_calls());
#else
	SKIP("this ABI has no lseek(), only _llseek()");
#endif
}

#ifdef __i386__
#define FIXED_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE)

/*
 * The highest free page below @end.  Where that is depends on the kernel's
 * own bits and on where chance put the stack.  A child has the same layout.
 */
static uint32_t free_page_below(uint32_t end)
{
	uint32_t at;

	for (at = end - 0x1000; at >= 0x80000000; at -= 0x1000) {
		if (mmap((void *)at, 0x1000, PROT_READ, FIXED_FLAGS, -1, 0) ==
		    MAP_FAILED)
			continue;
		EXPECT_OK(munmap((void *)at, 0x1000));
		return at;
	}
	SKIP("no free page in the upper half of the address space");
}

/*
 * The last pages of the 32-bit address space look like small negative numbers.
 * The result told is a long of the kernel's: a 32-bit one extends its sign.
 */
CASE(high_mapping_is_no_error)
{
	uint32_t high = 0xfffff000;
	unsigned int i;

	shared_init();
	for (i = 0; i < 3; i++) {
		high = free_page_below(high);
		add_call_args(NATIVE, __NR_mmap2,
			      (uint64_t[6]){ high, 4096, PROT_READ, FIXED_FLAGS,
				-1ULL, 0 },
			      kernel_is_64_bit() ? (int64_t)high : (int32_t)high)
			->is_error = false;
	}
	add_exit(0);
	follow_calls(start_calls());
}
#endif

/* A call that really returns -ENOSYS looks like an entry to those who guess. */
CASE(enosys_is_an_exit)
{
	shared_init();
	add_call(NATIVE, UNUSED_NR, -ENOSYS);
	add_call(NATIVE, UNUSED_NR + 1, -ENOSYS);
	add_call(NATIVE, LARGEST_NR, -ENOSYS);
	add_exit(0);
	follow_calls(start_calls());
}

#if HAS_NEGATIVE_NR
/* The number is an int: shown sign-extended. */
CASE(negative_numbers)
{
	shared_init();
	add_call(NATIVE, -1, -ENOSYS)->nr = SHOWN_NR(-1LL);
	add_call(NATIVE, -2, -ENOSYS)->nr = SHOWN_NR(-2LL);
	add_call(NATIVE, INT32_MIN, -ENOSYS)->nr = SHOWN_NR((int64_t)INT32_MIN);
	add_exit(0);
	follow_calls(start_calls());
}
#endif

#ifdef __x86_64__
/* Nothing but the lower half of rax is the number. */
CASE(upper_half_of_number_is_ignored)
{
	struct raw_call probe = { .nr = __NR_getpid | 0x5eadbeefULL << 32 };
	struct call *c;
	pid_t pid;

	raw_native(&probe);
	if ((int)probe.rval == -ENOSYS)
		SKIP("the number has 64 bits (x86 before Linux 5.14)");
	shared_init();
	c = add_call(NATIVE, __NR_getpid, 0);
	c->raw.nr |= 0x5eadbeefULL << 32;
	add_call(NATIVE, UNUSED_NR, -ENOSYS)->raw.nr |= 0xffffffffULL << 32;
	add_exit(0);
	pid = start_calls();
	c->rval = pid;
	follow_calls(pid);
}
#endif

/* The stop at the end of a call tells the place of that call again. */
CASE(same_call_from_elsewhere_in_the_stack)
{
	uint64_t sp[2];
	pid_t pid;
	int i;

	shared_init();
	add_call(NATIVE, __NR_getuid, 0);
	add_exit(0);
	for (i = 0; i < 2; i++) {
		char *gap = __builtin_alloca(1 + i * 8192);

		__asm__ volatile("" : : "r"(gap) : "memory");
		pid = start_calls();
		follow_calls(pid);
		sp[i] = shared->calls[0].raw.sp;
	}
	EXPECT(STACK_GROWS_UP ? sp[1] >= sp[0] + 8192 : sp[0] >= sp[1] + 8192,
	       "0x%llx and 0x%llx", (long long)sp[0], (long long)sp[1]);
}

/* exit_group() has an entry and no exit. */
CASE(exit_group_has_no_exit_stop)
{
	shared_init();
	add_exit(0xd1);
	follow_calls(start_calls());
}

/* Long enough that a toggle once lost would be seen. */
CASE(entries_and_exits_alternate)
{
	struct call *c;
	pid_t pid;
	int i;

	shared_init();
	add_call(NATIVE, __NR_getpid, 0);
	pid = start_tracee(run_calls, PTRACE_O_TRACESYSGOOD);
	c = &shared->calls[0];
	c->rval = pid;
	for (i = 1; i < MAX_CALLS - 1; i++)
		add_call(NATIVE, i % 3 ? __NR_getpid : UNUSED_NR + i,
			 i % 3 ? pid : -ENOSYS);
	add_exit(0);
	follow_calls(pid);
}

SUITE_MAIN()
